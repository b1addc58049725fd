"""Loads the weights of a run: the file that the user named, else ImageNet's if they are here, else the small VGG-19's.

Random filters of VGG-19's shape, what a network gives that has seen nothing, are made here too.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from vgg.layers import CONVOLUTIONS
from vgg.load import FOLDER, genuine_present, weights_path
from vgg.matfile.read import Conv, Weights, read
from vgg.matfile.sniff import SHIPPED
from vgg.matfile.write import write
from vgg.tools.console import Say
from weights.published import MEAN_RGB
from weights.verify import UNTRAINED_ORIGIN, describe

USING_SHIPPED = "using the small VGG-19 that comes with the program"
FOR_GENUINE = "; for ImageNet's: make download-weights, 0.5 GB"


def load_weights(named: Path | None, say: Say, folder: Path = FOLDER) -> Weights:
    """Return the weights that `vgg.load.weights_path` finds; call `say` with one line on them.

    Raises InputError if the file cannot be read, or there is none.
    """
    weights = read(weights_path(named, folder))
    if weights.path.absolute() == (folder / SHIPPED).absolute():  # also if a record named it
        say(USING_SHIPPED + ("" if genuine_present(folder) else FOR_GENUINE))
    else:
        say(f"weights: {describe(weights)}, {weights.path}")
    return weights


def he_kernels(seed: int | Sequence[int], widths: Sequence[int]) -> Iterator[tuple[str, np.ndarray, float]]:
    """Yield the name, a kernel (3, 3, in, out) float32 of N(0, 1), and its factor √(2 / (9·in)), for each convolution.

    Their product is what He et al. 2015 begin with. `widths` are the sixteen numbers of channels.
    """
    rng, channels_in = np.random.default_rng(seed), 3
    for layer, channels in zip(CONVOLUTIONS, widths, strict=True):
        kernel = rng.standard_normal((3, 3, channels_in, channels), np.float32)
        yield layer.name, kernel, np.sqrt(2 / (9 * channels_in))
        channels_in = channels


def untrained(seed: int) -> dict[str, Conv]:
    """Return random kernels, see `he_kernels`, with VGG-19's numbers of channels, and biases of 0."""
    kernels = he_kernels(seed, [layer.channels for layer in CONVOLUTIONS])
    return {
        name: Conv(kernel * np.float32(factor), np.zeros(kernel.shape[3], np.float32))
        for name, kernel, factor in kernels
    }


def make_untrained(path: Path, seed: int) -> None:
    """Write random filters to `path` (80 MB); the same seed gives the same bytes. Raise InputError if it cannot."""
    write(path, Weights(untrained(seed), MEAN_RGB, "later", f"{UNTRAINED_ORIGIN} (He initialisation, seed {seed})"))
