"""Random filters of VGG-19's shape: what a network gives that has seen nothing, as a baseline for the trained ones."""

from pathlib import Path

import numpy as np

from vgg.layers import CONVOLUTIONS
from vgg.matfile.read import Conv, Weights
from vgg.matfile.write import write
from weights.published import MEAN_RGB

#: The first words of the file's `origin`.
UNTRAINED_ORIGIN = "untrained random filters"


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
    """Write random filters to `path` (80 MB); the same seed gives the same bytes.

    Raises:
        InputError: the file cannot be written.
    """
    write(path, Weights(untrained(seed), MEAN_RGB, "later", f"{UNTRAINED_ORIGIN} (He initialisation, seed {seed})"))
