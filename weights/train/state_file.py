"""Keeps the state of a training run in a file, so that it can be stopped and continued."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import tensorflow as tf

from vgg.errors import InputError
from vgg.files import atomic_write
from weights.train.adamw import Moments
from weights.train.loop import State
from weights.train.settings import Phase, Settings

#: What the names of a state's arrays begin with.
PARTS = ("parameters", "first", "second")


def save(path: Path, settings: Settings, state: State) -> None:
    """Write the state and the settings of the run to `path`, an `.npz`; raise InputError if it cannot be written."""
    dicts = (state.parameters, state.moments.first, state.moments.second)
    arrays = {f"{part}:{name}": x.numpy() for part, of in zip(PARTS, dicts, strict=True) for name, x in of.items()}
    with atomic_write(path) as unfinished:
        np.savez(unfinished, step=state.step, settings=json.dumps(asdict(settings)), **arrays)


def load(path: Path) -> tuple[Settings, State]:
    """Return the settings and the state in `path`.

    Raises:
        InputError: the file is missing, damaged or not written by `save`.
    """
    try:
        with np.load(path) as file:
            settings = json.loads(str(file["settings"]))
            settings["phases"] = tuple(Phase(**phase) for phase in settings["phases"])
            dicts = [
                {name.removeprefix(f"{part}:"): tf.constant(file[name]) for name in file if name.startswith(f"{part}:")}
                for part in PARTS
            ]
            return Settings(**settings), State(int(file["step"]), dicts[0], Moments(*dicts[1:]))
    except Exception as error:  # a damaged archive may fail in any way
        raise InputError(f"{path} holds no state of a training run ({type(error).__name__}); start afresh") from error
