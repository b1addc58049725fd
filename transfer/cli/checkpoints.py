"""An unfinished run as a file: when it is written, how, and how the run is found again.

The file is an `.npz`. Its arrays are the best image and the state of the optimiser; all numbers are in one text, JSON,
which gives back every float to the last bit. The zip comment is a seal: whatever else is in a file of that name, or was
changed in it, gets one line.
"""

import hashlib
import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from transfer.cli.record import differences, environment, settings
from transfer.losses import Losses
from transfer.session import Job, Session
from transfer.train import Phase, Progress, Result, Step
from vgg.errors import InputError
from vgg.tools import console
from vgg.tools.console import Say
from vgg.tools.files import atomic_write, remove_leftovers

SECONDS = 30.0  # between two states, if the user does not count steps
#: Writing takes at most this share of the time: the state of a large picture has gigabytes.
LARGEST_SHARE = 0.05
#: Incremented with every change after which an older file would be misunderstood.
FORMAT = 2
#: The fields of `Progress` that are in the text as they are.
COUNTS = ("phase", "steps_at_size", "evaluations", "evaluations_before", "seconds", "seconds_before", "shape")


@dataclass
class Checkpoints:
    """The state file of one run. If it can no longer be written, the run goes on without it."""

    path: Path | None  # None: nothing is written
    phases: Sequence[Phase]
    settings: dict[str, Any]  # by which the run is recognised, as JSON gives them back
    environment: dict[str, Any]
    every: int | None = None  # steps; None: about every `SECONDS`; 0: never

    def __post_init__(self) -> None:
        # Which neighbours were found depends on an image that is gone; the losses of others are no measure.
        self._rematches = self.settings.get("recipe", {}).get("style_statistic") == "neighbours"
        self._progress: Progress | None = None
        self._written_at, self._took = time.monotonic(), 0.0

    def begin(self, start: np.ndarray, say: Say) -> np.ndarray | Progress:
        """Return the unfinished run, or `start` if there is none, and say which.

        Raises InputError if the unfinished run is of other settings, or its file is damaged.
        """
        if not self.path.exists():
            say(f"there is no unfinished run in {self.path}, so this one starts from the beginning")
            return start
        unfinished = read_state(self.path)
        if lines := differences(unfinished.settings, self.settings):
            raise InputError(
                f"the unfinished run in {self.path} has other settings: {lines[0]}; use the same, or leave out --resume"
            )
        for line in differences(unfinished.environment, self.environment):
            say(f"the end may differ in its last bits from a run that was not stopped: {line}")
        progress = unfinished.progress(self.phases)
        lost = "the search for neighbours" if self._rematches else "SciPy's L-BFGS-B"
        exactly = "" if progress.state else f"; {lost} cannot be kept and starts anew at that image"
        say(f"going on after {unfinished.steps} step{'s' if unfinished.steps != 1 else ''}{exactly}")
        return progress

    def resume_or_start(self, start: np.ndarray) -> np.ndarray | Progress:
        """Return the unfinished run if it will end with the same bytes as a whole one, else `start`, without a word."""
        if self.path is None or self._rematches:
            return start
        remove_leftovers(self.path)
        with suppress(InputError):  # there is none, or it is damaged
            unfinished = read_state(self.path)
            present = self.settings | self.environment
            if not differences(unfinished.settings | unfinished.environment, present):
                return unfinished.progress(self.phases)
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

    def write(self) -> None:
        """Write the state as it is, if that is wanted. Only between two steps, as in a watcher."""
        if self.path is None or self.every == 0 or self._progress is None:
            return
        began = time.monotonic()
        try:
            self._replace_file(self._progress)
        except InputError as error:
            console.say(f"transfer: {error}; the run goes on without checkpoints", sys.stderr)
            self.every = 0
            return
        self._written_at = time.monotonic()
        self._took = self._written_at - began

    def _replace_file(self, progress: Progress) -> None:
        """Write the progress between two steps; raises InputError if it cannot be written, as on a full disk."""
        arrays = None if self._rematches else self.phases[progress.phase].optimizer.to_arrays(progress.state)
        result = progress.result
        numbers = {name: getattr(progress, name) for name in COUNTS} | {
            "losses": result.losses,
            "precision": result.precision,
            "best_step": result.best_step,
            "steps": [list(vars(step).values()) for step in result.steps],
            "state_losses": None if arrays is None else progress.state.losses,
        }
        content = {"format": FORMAT, "settings": self.settings, "environment": self.environment, "numbers": numbers}
        own = {f"state {name}": values for name, values in (arrays or {}).items()}
        with atomic_write(self.path) as unfinished:
            with unfinished.open("wb") as file:
                np.savez(file, text=np.array(json.dumps(content)), best=result.image, **own)
            with ZipFile(unfinished, "a") as archive:
                archive.comment = _seal(archive)

    def remove(self) -> None:
        """Delete the state of a run that has ended."""
        if self.path is None:
            return
        with suppress(OSError):  # the folder was lost, say
            self.path.unlink(missing_ok=True)
        remove_leftovers(self.path)


def checkpoints_of(session: Session, job: Job, path: Path | None, every: int | None) -> Checkpoints:
    """Return those of a job, with what is worked out of it once before the run."""
    phases = session.phases(job)
    return Checkpoints(path, phases, settings(session, job, phases), environment(), every)


@dataclass(frozen=True)
class Unfinished:
    """What a state file holds."""

    settings: dict[str, Any]  # as in the record
    environment: dict[str, Any]
    numbers: dict[str, Any]
    arrays: dict[str, np.ndarray]  # the best image, and the optimiser's with names that begin with "state "

    @property
    def steps(self) -> int:
        """Return how many steps are done."""
        return len(self.numbers["steps"])

    def progress(self, phases: Sequence[Phase]) -> Progress:
        """Return the progress; `phases` are those of the same settings.

        Where the optimiser could not be kept (SciPy's) it starts anew at the best image.
        """
        numbers = self.numbers
        steps = [Step(*step[:3], Losses(*step[3]), *step[4:]) for step in numbers["steps"]]
        losses = Losses(*numbers["losses"])
        result = Result(self.arrays["best"], losses, numbers["precision"], numbers["best_step"], steps)
        state = None
        if numbers["state_losses"]:
            own = {name.removeprefix("state "): x for name, x in self.arrays.items() if name.startswith("state ")}
            state = phases[numbers["phase"]].optimizer.from_arrays(own, Losses(*numbers["state_losses"]))
        counts = {name: numbers[name] for name in COUNTS} | {"shape": tuple(numbers["shape"])}
        return Progress(result, state=state, **counts)


def read_state(path: Path) -> Unfinished:
    """Return what is in a state file; raises InputError if it is missing, damaged or not written by `Checkpoints`."""
    try:
        with np.load(path) as file:
            text = json.loads(str(file["text"]))
            if file.zip.comment != _seal(file.zip) or text["format"] != FORMAT:
                raise ValueError
            arrays = {name: file[name] for name in file if name != "text"}  # compares their checksums, too
            return Unfinished(text["settings"], text["environment"], text["numbers"], arrays)
    except Exception as error:  # a damaged file may fail in any way
        raise InputError(
            f"{path} holds no unfinished run of this version ({type(error).__name__}); delete it, or leave out --resume"
        ) from error


def _seal(archive: ZipFile) -> bytes:
    """Return a digest of the checksums of all that is in the file."""
    checksums = [(entry.filename, entry.CRC) for entry in archive.infolist()]
    return hashlib.sha256(repr(checksums).encode()).hexdigest().encode()
