"""An unfinished run as a file: its progress, and the settings by which it is recognised.

The file is an `.npz`. Its arrays are the best image and the state of the optimiser; all numbers are in one text, JSON,
which gives back every float to the last bit. Whatever else is in a file of that name gets one line.
"""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transfer.command.kinds import is_kind
from transfer.progress import Progress, Result, Step
from transfer.term import Losses
from transfer.train import Phase
from vgg.errors import InputError
from vgg.tools.files import atomic_write

#: Incremented with every change after which an older file would be misunderstood.
FORMAT = 1
COUNTS = ("phase", "steps_here", "evaluations", "evaluations_before", "seconds", "seconds_before")
LARGEST = 1e12  # no run has as many evaluations or seconds


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
            InputError: something in the file is missing, or not what `write` writes.
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
        result, here = progress.result, phases[progress.phase]
        shape = (here.height + 2 * here.margin, here.width + 2 * here.margin, 3)
        images = [values for values in self.arrays.values() if values.ndim > 2]
        _require(
            all(is_kind(getattr(progress, name), int) for name in COUNTS[:4]),
            is_kind(result.best_step, int) and 0 <= result.best_step <= len(result.steps),
            progress.phase >= 0 and 0 <= progress.steps_here <= here.until,
            0 <= progress.evaluations_before < progress.evaluations <= LARGEST,
            is_kind(progress.seconds, float) and is_kind(progress.seconds_before, float),
            0 <= progress.seconds_before <= progress.seconds <= LARGEST,
            progress.shape == (here.height, here.width, here.margin) and result.precision == here.precision,
            [step.step for step in result.steps] == list(range(1, len(result.steps) + 1)) != [],
            all(values.shape == shape and values.dtype == np.float32 for values in (result.image, *images)),
        )


def write(
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


def read(path: Path) -> Unfinished:
    """Return what is in a state file.

    Raises:
        InputError: it is missing, damaged or not written by `write`.
    """
    with _one_line(path), np.load(path) as file:
        _require(not any(entry.compress_type for entry in file.zip.infolist()))  # `write` compresses nothing
        found = json.loads(str(file["text"]))
        settings, environment, numbers = found["settings"], found["environment"], found["numbers"]
        _require(found["format"] == FORMAT, settings["precision"] in ("float32", "bfloat16"), type(environment) is dict)
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
