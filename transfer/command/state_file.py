"""An unfinished run as a file: its progress, and the settings by which it is recognised.

The file is an `.npz`. Its arrays are the best image and the state of the optimiser; all numbers are in one text, JSON,
which gives back every float to the last bit.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transfer.progress import Progress, Result, Step
from transfer.term import Losses
from transfer.train import Phase
from vgg.errors import InputError
from vgg.files import atomic_write

#: Incremented with every change after which an older file would be misunderstood.
FORMAT = 1
COUNTS = ("phase", "steps_here", "evaluations", "evaluations_before", "seconds", "seconds_before")


@dataclass(frozen=True)
class Unfinished:
    """What a state file holds."""

    settings: dict[str, Any]  # as in the record
    environment: dict[str, Any]
    steps: int  # that are done
    numbers: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def progress(self, phases: Sequence[Phase]) -> Progress:
        """Return the progress; `phases` are those of the same settings.

        Where the optimiser could not be kept (SciPy's) it starts anew at the best image.
        """
        numbers = self.numbers
        steps = [Step(*step[:3], Losses(*step[3]), *step[4:]) for step in numbers["steps"]]
        losses = numbers["losses"] and Losses(*numbers["losses"])
        result = Result(self.arrays["best"], losses, numbers["precision"], numbers["best_step"], steps)
        state = None
        if numbers["state_losses"]:
            own = {name.removeprefix("state "): x for name, x in self.arrays.items() if name.startswith("state ")}
            state = phases[numbers["phase"]].optimizer.from_arrays(own, Losses(*numbers["state_losses"]))
        return Progress(result, tuple(numbers["shape"]), state=state, **{name: numbers[name] for name in COUNTS})


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
    try:
        with np.load(path) as file:
            found = json.loads(str(file["text"]))
            if found["format"] != FORMAT:
                raise ValueError
            numbers = found["numbers"]
            arrays = {name: file[name] for name in file if name != "text"}  # checks their sums, too
        return Unfinished(found["settings"], found["environment"], len(numbers["steps"]), numbers, arrays)
    except Exception as error:  # a damaged archive may fail in any way
        raise InputError(
            f"{path} holds no unfinished run of this version ({type(error).__name__}); delete it, or leave out --resume"
        ) from error
