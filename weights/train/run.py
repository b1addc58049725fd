"""A whole training run: drawings, training with progress shown and the state kept, and the finished file."""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import tensorflow as tf

from vgg.errors import InputError
from vgg.layers import CONVOLUTIONS
from vgg.matfile.read import Conv, Weights, read
from vgg.matfile.sniff import TRAINED_VERSION
from vgg.matfile.write import rounded, write, write_small
from vgg.network import VGG19
from vgg.normalize import rescale
from vgg.tools.console import interrupts_polled, say
from vgg.tools.files import atomic_write
from vgg.tools.image import read_image, resize
from vgg.tools.progress import steps_display
from weights.drawings import draw_all
from weights.published import MEAN_RGB
from weights.train.imitation import State, Step, initial_state, sample, train, units
from weights.train.optimizer import Moments
from weights.train.settings import Settings
from weights.train.student import POOLING, fold, is_normalised
from weights.verify import TRAINED_ORIGIN, describe, is_genuine

#: The longer side of pictures that the user gives, in pixels; drawings are smaller.
LARGEST_IMAGE = 512


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
    if not file.is_file():
        raise InputError(f"{file} is a folder, pipe or device, expected an .npy file; name another")
    try:
        drawings = np.load(file)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{file} holds no drawings ({type(error).__name__}); delete it or name another") from None
    if drawings.dtype != np.uint8 or drawings.ndim != 4 or drawings.shape[3] != 3 or len(drawings) != count:
        shape = f"{drawings.dtype} {drawings.shape}"
        raise InputError(f"{file} holds {shape}, expected uint8 ({count}, height, width, 3); delete it or name another")
    return drawings


def draw_with_display(settings: Settings, stream: TextIO) -> np.ndarray:
    """Return new drawings."""
    count, began = settings.kinds * settings.draws, time.monotonic()
    say(f"drawing {count} pictures:", stream)
    with steps_display(stream, count, lambda drawn: "") as show:

        def report(done: int, of: int) -> None:
            show(Drawn(done, (time.monotonic() - began) / done * (of - done)))

        return draw_all(settings.kinds, settings.draws, settings.seed, os.cpu_count() or 1, report)


def read_folder(folder: Path) -> list[np.ndarray]:
    """Return the pictures in `folder` as arrays (H, W, 3) uint8 RGB, in the order of their names.

    Raises:
        InputError: it is no folder, holds nothing, or holds something that is not a picture.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder, expected one with pictures")
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if not paths:
        raise InputError(f"{folder} is empty, expected pictures in it")
    return [resize(read_image(path), LARGEST_IMAGE).round().clip(0, 255).astype(np.uint8) for path in paths]


def mixed(drawings: Sequence[np.ndarray], pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the drawings and the pictures, these as often as needed for one crop of two to come from them."""
    repeats = max(1, round(len(drawings) / len(pictures))) if pictures else 0
    return [*drawings, *list(pictures) * repeats]


#: What the names of a state's arrays begin with.
PARTS = ("parameters", "first", "second")


def save(path: Path, settings: Settings, layer_units: dict[str, float], state: State) -> None:
    """Write a run's state, settings and units to `path`, an `.npz`; raise InputError if it cannot be written."""
    dicts = (state.parameters, state.moments.first, state.moments.second)
    arrays = {f"{part}:{name}": x.numpy() for part, of in zip(PARTS, dicts, strict=True) for name, x in of.items()}
    texts = {"settings": json.dumps(asdict(settings)), "units": json.dumps(layer_units)}
    with atomic_write(path) as unfinished:
        np.savez(unfinished, step=state.step, **texts, **arrays)


def load(path: Path) -> tuple[Settings, dict[str, float], State]:
    """Return the settings, units and state in `path`.

    Raises:
        InputError: the file is missing, damaged or not written by `save`.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is a folder, pipe or device, expected the state of a training run; start afresh")
    try:
        with np.load(path) as file:
            settings = json.loads(str(file["settings"]))
            settings["crops"] = tuple(tuple(pair) for pair in settings["crops"])
            dicts = [
                {name.removeprefix(f"{part}:"): tf.constant(file[name]) for name in file if name.startswith(f"{part}:")}
                for part in PARTS
            ]
            state = State(int(file["step"]), dicts[0], Moments(*dicts[1:]))
            return Settings(**settings), json.loads(str(file["units"])), state
    except Exception as error:  # a damaged archive may fail in any way
        raise InputError(f"{path} holds no state of a training run ({type(error).__name__}); start afresh") from error


def finished(
    images: Sequence[np.ndarray],
    settings: Settings,
    layer_units: dict[str, float],
    state: State,
    teacher: str,
    seen: str,
) -> Weights:
    """Return the network as it will be used: in the teacher's units, and rounded to 8 bits.

    `teacher` says what was imitated, `seen` on which images.
    """
    parameters = state.parameters
    if is_normalised(parameters):
        convolutions = fold(parameters, sample(images, settings))
    else:
        parts = ((parameters[f"{layer.name}/{part}"].numpy() for part in ("kernel", "bias")) for layer in CONVOLUTIONS)
        convolutions = {layer.name: Conv(*pair) for layer, pair in zip(CONVOLUTIONS, parts, strict=True)}
    origin = (
        f"{TRAINED_ORIGIN} {teacher}: half width, trained on {seen} "
        f"(version {TRAINED_VERSION}, seed {settings.seed}, {state.step} steps)"
    )
    scales = {
        layer.name: np.full(convolutions[layer.name].bias.size, 1 / layer_units[layer.name.replace("conv", "relu")])
        for layer in CONVOLUTIONS
    }
    weights = rescale(Weights(convolutions, MEAN_RGB, "later", origin), scales)
    return Weights(rounded(weights.convolutions), MEAN_RGB, "later", origin)


def write_finished(path: Path, weights: Weights) -> None:
    """Write the network to `path`: in the small form if its name ends in `.npz`, else as a `.mat` file.

    Raises:
        InputError: the file cannot be written.
    """
    if path.suffix == ".npz":
        write_small(path, weights)
    else:
        write(path, weights)


#: Steps after which the state is written, a few minutes.
KEEP_EVERY = 50


@dataclass(frozen=True)
class Places:
    """The files of a run."""

    teacher: Path  # the network to imitate
    network: Path  # the finished network
    state: Path  # written every KEEP_EVERY steps and after a Ctrl-C
    drawings: Path | None  # see `get_drawings`
    pictures: Path | None  # a folder of pictures that are used beside the drawings
    checkpoint_every: int | None  # if not None, the network of every so many steps is written beside the finished one

    def checkpoint(self, step: int) -> Path:
        """Return the place of the network of that step."""
        return self.network.with_name(f"{self.network.stem}-{step}{self.network.suffix}")


def make(places: Places, settings: Settings, begun: tuple[dict[str, float], State] | None, stream: TextIO) -> None:
    """Train from the units and state of a run that has `begun`, or from the beginning, and write the network.

    The progress is shown on `stream`.

    Raises:
        InputError: a file cannot be read or written.
        KeyboardInterrupt: after a Ctrl-C; its text says how to go on.
    """
    weights = read(places.teacher)
    imitated = "ImageNet's VGG-19 (Simonyan & Zisserman, CC BY 4.0)" if is_genuine(weights) else describe(weights)
    teacher = VGG19(weights, POOLING)
    pictures = read_folder(places.pictures) if places.pictures else []
    drawings = get_drawings(settings, places.drawings, stream)
    images = mixed(drawings, pictures)
    seen = "drawings and pictures" if pictures else "drawings"
    layer_units, state = begun or (units(teacher, images), initial_state(teacher, settings))
    say(f"teacher: {describe(weights)}, {places.teacher}", stream)
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
                    save(places.state, settings, layer_units, now)
                if places.checkpoint_every and step.step % places.checkpoint_every == 0 and step.step < settings.steps:
                    network = finished(images, settings, layer_units, now, imitated, seen)
                    write_finished(places.checkpoint(step.step), network)
                stop_if_asked()

            state = train(teacher, layer_units, images, settings, state, watch)
        write_finished(places.network, finished(images, settings, layer_units, state, imitated, seen))
    except KeyboardInterrupt:
        save(places.state, settings, layer_units, state)
        raise KeyboardInterrupt(
            f"{state.step} of {settings.steps} steps are kept in {places.state}; run the same command with --resume"
        ) from None
    places.state.unlink(missing_ok=True)


def described(step: Step) -> str:
    """Return the losses of a step in words."""
    return "  ".join(f"{name} {values.mean():.3f}" for name, values in step.losses.items())
