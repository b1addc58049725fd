"""A VGG-19 with few channels, so that tests are quick."""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from vgg.layers import CONVOLUTIONS
from vgg.matfile.read import Conv, Weights
from vgg.matfile.write import rounded, write

MEAN_RGB = np.array([123.68, 116.779, 103.939], np.float32)


def tiny_weights(seed: int = 0) -> Weights:
    """Random kernels with 4 to 7 channels, no two neighbouring layers alike, so that a mix-up of axes shows."""
    rng = np.random.default_rng(seed)
    convolutions, channels_in = {}, 3
    for i, layer in enumerate(CONVOLUTIONS):
        channels = 4 + i % 4
        kernel = rng.normal(0, (2 / (9 * channels_in)) ** 0.5, (3, 3, channels_in, channels)).astype(np.float32)
        convolutions[layer.name] = Conv(kernel, rng.normal(0, 0.1, channels).astype(np.float32))
        channels_in = channels
    return Weights(convolutions, MEAN_RGB, "later", "tiny, for tests")


@cache
def tiny_mat() -> bytes:
    """The `.mat` file of `tiny_weights()`: writing it takes longer than many a test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.mat"
        write(path, tiny_weights())
        return path.read_bytes()


def trained_weights(seed: int = 0) -> Weights:
    """The same as a network trained on drawings would be: rounded to 8 bits, with the origin of such a network."""
    origin = f"trained on drawings, half width (version 1, seed {seed}, 20 steps)"
    return Weights(rounded(tiny_weights(seed).convolutions), MEAN_RGB, "later", origin)
