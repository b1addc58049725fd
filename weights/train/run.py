"""A whole training run: drawings, training with progress shown and the state kept, and the finished file."""

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np
import tensorflow as tf

from vgg.errors import InputError
from vgg.matfile.read import Weights
from vgg.matfile.sniff import TRAINED_VERSION
from vgg.matfile.write import rounded, write, write_small
from vgg.tools.console import interrupts_polled, say
from vgg.tools.files import atomic_write
from vgg.tools.progress import steps_display
from weights.drawings import draw_all
from weights.train.network import MEAN_RGB, fold, with_magnitudes
from weights.train.settings import Phase, Settings
from weights.train.training import Moments, State, Step, initial_state, train
from weights.verify import TRAINED_ORIGIN


@dataclass(frozen=True)
class Drawn:
    """What the display is told while pictures are drawn."""

    step: int  # how many are done
    left: float  # seconds that the others will take


def get_drawings(settings: Settings, file: Path | None, stream: TextIO) -> np.ndarray:
    """Return the drawings, (kinds · draws, 320, 320, 3) uint8 RGB; number kind · draws + draw.

    Args:
        settings: their number and seed.
        file: an `.npy`. If it exists they are read from it; else they are drawn and kept in it. None keeps nothing.
        stream: where the progress is shown.

    Raises:
        InputError: the file cannot be read or written, or does not hold so many drawings.
    """
    if file is not None and file.exists():
        return read_drawings(file, settings.kinds * settings.draws)
    drawings = draw_with_display(settings, stream)
    if file is not None:
        with atomic_write(file) as unfinished, unfinished.open("wb") as opened:
            np.save(opened, drawings)
    return drawings


def read_drawings(file: Path, count: int) -> np.ndarray:
    """Return the `count` drawings in `file`; raise InputError if it does not hold them."""
    try:
        drawings = np.load(file)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{file} holds no drawings ({type(error).__name__}); delete it or name another") from None
    if drawings.dtype != np.uint8 or drawings.ndim != 4 or drawings.shape[3] != 3 or len(drawings) != count:
        found = f"{drawings.dtype} {drawings.shape}"
        raise InputError(f"{file} holds {found}, expected uint8 ({count}, height, width, 3); delete it or name another")
    return drawings


def draw_with_display(settings: Settings, stream: TextIO) -> np.ndarray:
    """Return new drawings."""
    count, began = settings.kinds * settings.draws, time.monotonic()
    say(f"drawing {count} pictures:", stream)
    with steps_display(stream, count, lambda drawn: "") as show:

        def report(done: int, of: int) -> None:
            show(Drawn(done, (time.monotonic() - began) / done * (of - done)))

        return draw_all(settings.kinds, settings.draws, settings.seed, os.cpu_count() or 1, report)


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


#: Drawings on which the statistics of batch normalisation are measured, and those for the magnitudes of the layers.
MEASURED, WEIGHED = 48, 12


def finished(drawings: np.ndarray, settings: Settings, state: State) -> Weights:
    """Return the network as it will be used: folded, rounded to 8 bits and with the genuine network's magnitudes."""
    rng = np.random.default_rng([settings.seed, 2])
    chosen = drawings[np.sort(rng.choice(len(drawings), min(MEASURED, len(drawings)), replace=False))]
    convolutions = rounded(fold(state.parameters, chosen, settings.pooling))
    origin = f"{TRAINED_ORIGIN}, half width (version {TRAINED_VERSION}, seed {settings.seed}, {state.step} steps)"
    weights = Weights(convolutions, MEAN_RGB, "later", origin)
    weights = with_magnitudes(weights, chosen[:: max(1, len(chosen) // WEIGHED)], settings.pooling)
    return replace(weights, convolutions=rounded(weights.convolutions))


def write_finished(path: Path, weights: Weights) -> None:
    """Write the network to `path`: in the small form if its name ends in `.npz`, else as a `.mat` file.

    Raises:
        InputError: the file cannot be written.
    """
    if path.suffix == ".npz":
        write_small(path, weights)
    else:
        write(path, weights)


#: Steps after which the state is written, about two minutes.
KEEP_EVERY = 100


@dataclass(frozen=True)
class Places:
    """The files of a run."""

    network: Path  # the finished network
    state: Path  # written every KEEP_EVERY steps and after a Ctrl-C, deleted at the end
    drawings: Path | None  # see `get_drawings`
    checkpoint_every: int | None  # if not None, the network of every so many steps is written beside the finished one

    def checkpoint(self, step: int) -> Path:
        """Return the place of the network of that step."""
        return self.network.with_name(f"{self.network.stem}-{step}.mat")


def make(places: Places, settings: Settings, state: State | None, stream: TextIO) -> None:
    """Train from `state`, or from the beginning, to the end and write the network; show the progress on `stream`.

    Raises:
        InputError: a file cannot be read or written.
        KeyboardInterrupt: after a Ctrl-C; its text says how to go on.
    """
    drawings = get_drawings(settings, places.drawings, stream)
    state = state or initial_state(drawings, settings)
    say(f"training, {settings.steps} steps:", stream)
    try:
        with (
            steps_display(stream, settings.steps, described) as show,
            interrupts_polled("stopping after this step") as stop_if_asked,
        ):

            def watch(step: Step, now: State) -> None:
                nonlocal state
                state = now
                show(step)
                if step.step % KEEP_EVERY == 0 or step.step == settings.steps:
                    save(places.state, settings, now)
                if places.checkpoint_every and step.step % places.checkpoint_every == 0 and step.step < settings.steps:
                    write_finished(places.checkpoint(step.step), finished(drawings, settings, now))
                stop_if_asked()

            state = train(drawings, settings, state, watch)
        write_finished(places.network, finished(drawings, settings, state))
    except KeyboardInterrupt:
        save(places.state, settings, state)
        raise KeyboardInterrupt(
            f"{state.step} of {settings.steps} steps are kept in {places.state}; run the same command with --resume"
        ) from None
    places.state.unlink(missing_ok=True)


def described(step: Step) -> str:
    """Return the losses of a step in words."""
    return "  ".join(f"{name} {value:.3f}" for name, value in step.losses.items())
