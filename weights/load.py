"""Loads the weights of a run: the file that the user named, else ImageNet's if they are here, else the small VGG-19's.

Random filters of VGG-19's shape, what a network gives that has seen nothing, are made here too.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from vgg.layers import CONVOLUTIONS
from vgg.load import FOLDER, genuine_present, weights_path
from vgg.matfile.read import Conv, Weights, read
from vgg.matfile.write import write
from weights.published import MEAN_RGB
from weights.verify import UNTRAINED_ORIGIN, describe

USING_SHIPPED = "using the small VGG-19 that comes with the program; for ImageNet's: make download-weights, 0.5 GB"


def load_weights(named: Path | None, say: Callable[[str], None], folder: Path = FOLDER) -> Weights:
    """Return the weights that `vgg.load.weights_path` finds; call `say` with one line on them.

    Raises:
        InputError: the file cannot be read, or there is none.
    """
    weights = read(weights_path(named, folder))
    is_shipped = not named and not genuine_present(folder)
    say(USING_SHIPPED if is_shipped else f"weights: {describe(weights)}, {weights.path}")
    return weights


def untrained(seed: int) -> dict[str, Conv]:
    """Return kernels N(0, 2 / (9·in)) as in He et al. 2015, with VGG-19's numbers of channels, and biases of 0."""
    rng = np.random.default_rng(seed)
    convolutions: dict[str, Conv] = {}
    for layer in CONVOLUTIONS:
        kernel = rng.standard_normal((3, 3, layer.channels_in, layer.channels), np.float32)
        kernel *= np.float32(np.sqrt(2 / (9 * layer.channels_in)))
        convolutions[layer.name] = Conv(kernel, np.zeros(layer.channels, np.float32))
    return convolutions


def make_untrained(path: Path, seed: int) -> None:
    """Write random filters to `path` (80 MB); the same seed gives the same bytes. Raise InputError if it cannot."""
    write(path, Weights(untrained(seed), MEAN_RGB, "later", f"{UNTRAINED_ORIGIN} (He initialisation, seed {seed})"))
