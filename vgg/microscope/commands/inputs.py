"""What every command begins with: which weights, which picture, at what size; and what sheets call them."""

from pathlib import Path

import numpy as np

from vgg.console.terminal import say
from vgg.errors import InputError
from vgg.image.file import read_image, resize
from vgg.layers import LAYERS, layer_named
from vgg.matfile.locate import best_present
from vgg.matfile.read import Weights, read


def weights_path(named: Path | None) -> Path:
    """The file the user `named`, else the best one that is here.

    Raises:
        InputError: none was named and none is here.
    """
    path = named or best_present()
    if path is None:
        raise InputError(
            "no weights are here; get the genuine ones with `make download-weights`, make our own with "
            "`.venv/bin/python -m weights learn`, or name a .mat file with --weights"
        )
    return path


def read_weights(named: Path | None) -> Weights:
    """Read the file the user `named`, else the best one that is here, and say which it is.

    Raises:
        InputError: there is none, or it is not VGG-19's.
    """
    weights = read(weights_path(named))
    path = weights.path.resolve()
    short = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    say(f"weights: {short}" + (f", {weights.origin}" if weights.origin else ""))
    return weights


def weights_label(weights: Weights) -> str:
    """What a sheet calls them: what their writer said of them, else the file's name."""
    return f"weights: {weights.origin or weights.path.name}"


def read_picture(path: Path | str, size: int) -> np.ndarray:
    """The picture, uint8 (H, W, 3) RGB, with at most `size` pixels on its longer side.

    Raises:
        InputError: the file is no picture we can use, or too narrow at this size.
    """
    image = read_image(path)
    try:
        return resize(image, size)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def output_channels(weights: Weights, name: str) -> int:
    """How many channels the layer `name` has in these weights."""
    last = [layer.name for layer in LAYERS[: layer_named(name).index + 1] if layer.kind == "conv"][-1]
    return weights.convolutions[last].bias.size
