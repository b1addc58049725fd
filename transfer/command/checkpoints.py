"""When a run writes its state, and how an unfinished one is found again."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transfer.command.differences import differences
from transfer.command.state_file import Unfinished, read, write
from transfer.progress import Progress
from transfer.train import Phase
from vgg.errors import InputError
from vgg.tools import console
from vgg.tools.files import remove_leftovers

SECONDS = 30.0
#: Writing takes at most this share of the time: the state of a large picture has gigabytes.
LARGEST_SHARE = 0.05


@dataclass
class Checkpoints:
    """The state file of one run. If it can no longer be written, the run goes on without it."""

    path: Path
    phases: Sequence[Phase]
    settings: dict[str, Any]  # by which the run is recognised, as JSON gives them back
    environment: dict[str, Any]
    every: int | None = None  # steps; None: about every `SECONDS`; 0: never

    def __post_init__(self) -> None:
        """Let the first interval begin."""
        self._progress: Progress | None = None
        self._written_at, self._took = time.monotonic(), 0.0

    def begin(self, start: np.ndarray, resume: bool, say: Callable[[str], None]) -> np.ndarray | Progress:
        """Return what the loop begins with: the unfinished run if `resume` wants it, else `start`; say which.

        Raises:
            InputError: the unfinished run is of other settings, or its file is damaged.
        """
        remove_leftovers(self.path)
        if not resume:
            return start
        found = unfinished_run(self.path, required=True)
        if found is None:
            say(f"there is no unfinished run in {self.path}, so this one starts from the beginning")
            return start
        other = differences(found.settings, self.settings)
        if other:
            raise InputError(
                f"the unfinished run in {self.path} has other settings: {other[0]}; use the same, or leave out --resume"
            )
        for line in differences(found.environment, self.environment):
            say(f"the end may differ in its last bits from a run that was not stopped: {line}")
        progress = found.progress(self.phases)
        exactly = "" if progress.state else "; SciPy's L-BFGS-B cannot be kept and starts anew at that image"
        say(f"going on after {found.steps} step{'s' * (found.steps != 1)}{exactly}")
        return progress

    def unfinished_or(self, start: np.ndarray) -> np.ndarray | Progress:
        """Return the unfinished run if it will end with the same bytes as a whole one, else `start`, without a word."""
        remove_leftovers(self.path)
        found = unfinished_run(self.path, required=False)
        there = found and found.settings | found.environment
        if found is not None and not differences(there, self.settings | self.environment):
            with suppress(InputError):  # damaged
                return found.progress(self.phases)
        return start

    def __call__(self, progress: Progress) -> None:
        """Write the state if it is due; called between two steps."""
        self._progress = progress
        if self.every is None:
            due = time.monotonic() - self._written_at >= max(SECONDS, self._took / LARGEST_SHARE)
        else:
            due = self.every > 0 and len(progress.result.steps) % self.every == 0
        if due:
            self.write()

    def written_if_stopped(self, check_interrupt: Callable[[], None]) -> None:
        """Call `check_interrupt`; if it raises KeyboardInterrupt, write the state before that goes on."""
        try:
            check_interrupt()
        except KeyboardInterrupt:
            self.write()
            raise

    def write(self) -> None:
        """Write the state as it is, if that is wanted. Only between two steps, as in a watcher."""
        if self.every == 0 or self._progress is None:
            return
        began = time.monotonic()
        try:
            write(self.path, self._progress, self.phases, self.settings, self.environment)
        except InputError as error:
            console.say(f"transfer: {error}; the run goes on without checkpoints", sys.stderr)
            self.every = 0
            return
        self._written_at = time.monotonic()
        self._took = self._written_at - began

    def remove(self) -> None:
        """Delete the state of a run that has ended."""
        with suppress(OSError):  # the folder was lost, say
            self.path.unlink(missing_ok=True)
        remove_leftovers(self.path)


def unfinished_run(path: Path, required: bool) -> Unfinished | None:
    """Return the unfinished run in the file, or None if there is none.

    Raises:
        InputError: the file is damaged, and `required`.
    """
    if not path.exists():
        return None
    try:
        return read(path)
    except InputError:
        if required:
            raise
        return None
