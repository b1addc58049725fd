"""What every command begins with: reading the weights and the picture at its size; and what sheets call them."""

from pathlib import Path

import numpy as np

from vgg.console.terminal import say
from vgg.errors import InputError
from vgg.image.file import read_image, resize
from vgg.layers import LAYERS, layer_named
from vgg.load import weights_path
from vgg.matfile.read import Weights, read


def read_weights(named: Path | None) -> Weights:
    """Return the weights of the file that the user `named`, else of the best one that is here, and say which it is.

    Raises:
        InputError: there is no file, or it does not hold VGG-19.
    """
    weights = read(weights_path(named))
    path = weights.path.resolve()
    short = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    say(f"weights: {short}" + (f", {weights.origin}" if weights.origin else ""))
    return weights


def weights_label(weights: Weights) -> str:
    """Return what a sheet calls the weights: what their writer said of them, else the file's name."""
    return f"weights: {weights.origin or weights.path.name}"


def read_picture(path: Path | str, size: int) -> np.ndarray:
    """Return the picture, uint8 (H, W, 3) RGB, with at most `size` pixels on its longer side.

    Raises:
        InputError: the file is not a picture that we can use, or it is too narrow at this size.
    """
    image = read_image(path)
    try:
        return resize(image, size)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def output_channels(weights: Weights, name: str) -> int:
    """Return how many channels the layer `name` has in these weights."""
    last = [layer.name for layer in LAYERS[: layer_named(name).index + 1] if layer.kind == "conv"][-1]
    return weights.convolutions[last].bias.size
