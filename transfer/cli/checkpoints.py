"""An unfinished run as a file: when it is written, how, and how the run is found again.

The file is an `.npz`. Its arrays are the best image and the state of the optimiser; all numbers are in one text, JSON,
which gives back every float to the last bit. Whatever else is in a file of that name gets one line.
"""

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transfer.cli.record import differences, environment, is_kind, settings
from transfer.losses import Losses
from transfer.session import Job, Session
from transfer.train import Phase, Progress, Result, Step
from vgg.errors import InputError
from vgg.tools import console
from vgg.tools.files import atomic_write, remove_leftovers

SECONDS = 30.0
#: Writing takes at most this share of the time: the state of a large picture has gigabytes.
LARGEST_SHARE = 0.05
#: Incremented with every change after which an older file would be misunderstood.
FORMAT = 1
COUNTS = ("phase", "steps_here", "evaluations", "evaluations_before", "seconds", "seconds_before")
LARGEST = 1e12  # no run has as many evaluations or seconds


@dataclass
class Checkpoints:
    """The state file of one run. If it can no longer be written, the run goes on without it."""

    path: Path | None  # None: nothing is written
    phases: Sequence[Phase]
    settings: dict[str, Any]  # by which the run is recognised, as JSON gives them back
    environment: dict[str, Any]
    every: int | None = None  # steps; None: about every `SECONDS`; 0: never

    def __post_init__(self) -> None:
        """Let the first interval begin."""
        self._progress: Progress | None = None
        self._written_at, self._took = time.monotonic(), 0.0

    def begin(self, start: np.ndarray, say: Callable[[str], None]) -> np.ndarray | Progress:
        """Return the unfinished run, or `start` if there is none, and say which.

        Raises:
            InputError: the unfinished run is of other settings, or its file is damaged.
        """
        unfinished = read_state(self.path) if self.path.exists() else None
        if unfinished is None:
            say(f"there is no unfinished run in {self.path}, so this one starts from the beginning")
            return start
        if lines := differences(unfinished.settings, self.settings):
            raise InputError(
                f"the unfinished run in {self.path} has other settings: {lines[0]}; use the same, or leave out --resume"
            )
        for line in differences(unfinished.environment, self.environment):
            say(f"the end may differ in its last bits from a run that was not stopped: {line}")
        progress = unfinished.progress(self.phases)
        exactly = "" if progress.state else "; SciPy's L-BFGS-B cannot be kept and starts anew at that image"
        say(f"going on after {unfinished.steps} step{'s' if unfinished.steps != 1 else ''}{exactly}")
        return progress

    def resume_or_start(self, start: np.ndarray) -> np.ndarray | Progress:
        """Return the unfinished run if it will end with the same bytes as a whole one, else `start`, without a word."""
        if self.path is None:
            return start
        remove_leftovers(self.path)
        with suppress(InputError):  # damaged
            unfinished = read_state(self.path) if self.path.exists() else None
            present = self.settings | self.environment
            if unfinished and not differences(unfinished.settings | unfinished.environment, present):
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

    def write_if_stopped(self, check_interrupt: Callable[[], None]) -> None:
        """Call `check_interrupt`; if it raises KeyboardInterrupt, write the state before that goes on."""
        try:
            check_interrupt()
        except KeyboardInterrupt:
            self.write()
            raise

    def write(self) -> None:
        """Write the state as it is, if that is wanted. Only between two steps, as in a watcher."""
        if self.path is None or self.every == 0 or self._progress is None:
            return
        began = time.monotonic()
        try:
            write_state(self.path, self._progress, self.phases, self.settings, self.environment)
        except InputError as error:
            console.say(f"transfer: {error}; the run goes on without checkpoints", sys.stderr)
            self.every = 0
            return
        self._written_at = time.monotonic()
        self._took = self._written_at - began

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

    path: Path
    settings: dict[str, Any]  # as in the record
    environment: dict[str, Any]
    steps: int  # that are done
    numbers: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def progress(self, phases: Sequence[Phase]) -> Progress:
        """Return the progress; `phases` are those of the same settings.

        Where the optimiser could not be kept (SciPy's) it starts anew at the best image.

        Raises:
            InputError: something in the file is missing, or not what `write_state` writes.
        """
        with _one_line(self.path):
            numbers = self.numbers
            counts = {name: numbers[name] for name in COUNTS}
            steps = [_step(*step) for step in numbers["steps"]]
            result = Result(
                self.arrays["best"], _losses(*numbers["losses"]), numbers["precision"], numbers["best_step"], steps
            )
            state = None
            if numbers["state_losses"]:
                own = {name.removeprefix("state "): x for name, x in self.arrays.items() if name.startswith("state ")}
                state = phases[counts["phase"]].optimizer.from_arrays(own, _losses(*numbers["state_losses"]))
            progress = Progress(result, tuple(numbers["shape"]), state=state, **counts)
            self._require_sound(progress, phases)
            return progress

    def _require_sound(self, progress: Progress, phases: Sequence[Phase]) -> None:
        """Raise an error of any kind unless the run can go on from there."""
        result, phase = progress.result, phases[progress.phase]
        shape = (phase.height + 2 * phase.margin, phase.width + 2 * phase.margin, 3)
        images = [values for values in self.arrays.values() if values.ndim > 2]
        _require(
            all(is_kind(getattr(progress, name), int) for name in COUNTS[:4]),
            is_kind(result.best_step, int) and 0 <= result.best_step <= len(result.steps),
            progress.phase >= 0 and 0 <= progress.steps_here <= phase.until,
            0 <= progress.evaluations_before < progress.evaluations <= LARGEST,
            is_kind(progress.seconds, float) and is_kind(progress.seconds_before, float),
            0 <= progress.seconds_before <= progress.seconds <= LARGEST,
            progress.shape == (phase.height, phase.width, phase.margin) and result.precision == phase.precision,
            [step.step for step in result.steps] == list(range(1, len(result.steps) + 1)) != [],
            all(values.shape == shape and values.dtype == np.float32 for values in (result.image, *images)),
        )


def write_state(
    path: Path, progress: Progress, phases: Sequence[Phase], settings: dict[str, Any], environment: dict[str, Any]
) -> None:
    """Write the progress between two steps; the file is replaced as a whole.

    Raises:
        InputError: it cannot be written, for example on a full disk.
    """
    arrays = phases[progress.phase].optimizer.to_arrays(progress.state)
    result = progress.result
    numbers = {name: getattr(progress, name) for name in COUNTS} | {
        "shape": progress.shape,
        "losses": result.losses,
        "precision": result.precision,
        "best_step": result.best_step,
        "steps": [[getattr(step, field.name) for field in dataclasses.fields(step)] for step in result.steps],
        "state_losses": None if arrays is None else progress.state.losses,
    }
    text = json.dumps({"format": FORMAT, "settings": settings, "environment": environment, "numbers": numbers})
    own = {f"state {name}": values for name, values in (arrays or {}).items()}
    with atomic_write(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, text=np.array(text), best=result.image, **own)


def read_state(path: Path) -> Unfinished:
    """Return what is in a state file.

    Raises:
        InputError: it is missing, damaged or not written by `write_state`.
    """
    with _one_line(path), np.load(path) as file:
        _require(not any(entry.compress_type for entry in file.zip.infolist()))  # `write_state` compresses nothing
        text = json.loads(str(file["text"]))
        settings, environment, numbers = text["settings"], text["environment"], text["numbers"]
        _require(text["format"] == FORMAT, settings["precision"] in ("float32", "bfloat16"), type(environment) is dict)
        arrays = {name: file[name] for name in file if name != "text"}  # checks their sums, too
        whole, floats = ([x for x in arrays.values() if x.dtype.kind in kinds] for kinds in ("iu", "f"))
        _require(len(whole) + len(floats) == len(arrays), all(np.isfinite(values).all() for values in floats))
        return Unfinished(path, settings, environment, len(numbers["steps"]), numbers, arrays)


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """Replace any error inside the block, because a damaged file may fail in any way."""
    try:
        yield
    except Exception as error:
        raise InputError(
            f"{path} holds no unfinished run of this version ({type(error).__name__}); delete it, or leave out --resume"
        ) from error


def _require(*conditions: bool) -> None:
    if not all(conditions):
        raise ValueError


def _step(step: int, evaluations: int, seconds: float, losses: Any, size: int, precision: str, left: float) -> Step:  # noqa: ANN401  (JSON)
    _require(all(is_kind(count, int) and 0 < count <= LARGEST for count in (step, evaluations, size)))
    _require(is_kind(seconds, float), is_kind(left, float), isinstance(precision, str))
    return Step(step, evaluations, seconds, _losses(*losses), size, precision, left)


def _losses(total: float, groups: dict[str, float], terms: dict[str, float]) -> Losses:
    _require(all(is_kind(loss, float) for loss in (total, *groups.values(), *terms.values())))
    return Losses(total, groups, terms)
