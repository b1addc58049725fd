"""Writes the trained network in a small file: 8 bits for each number of a kernel instead of 32.

The file is NumPy's `.npz`. For each convolution it holds

    NAME_kernel   (3, 3, in, out) int8
    NAME_scale    (out,) float32; the kernel of filter i is NAME_kernel[..., i] · NAME_scale[i]
    NAME_bias     (out,) float32

with `mean_rgb` (3,) and `origin`, a text.
"""

from pathlib import Path

import numpy as np

from vgg.matfile.read import Conv, Weights, restored
from vgg.tools.files import atomic_write

LARGEST = 127  # of int8, but for its sign
SCALE_BITS = 16


def quantized(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `kernel` (3, 3, in, out) as int8, and the scale of each filter (out,) float32.

    The largest number of a filter becomes ±127, and no number is off by more than half the scale. What was rounded
    before does not change: scales have 16 significant bits, so their products with int8 are exact in float32.
    """
    mantissa, exponent = np.frexp(np.abs(kernel).max(axis=(0, 1, 2)).astype(np.float64) / LARGEST)
    scale = np.ldexp(np.ceil(mantissa * 2**SCALE_BITS), exponent - SCALE_BITS)
    scale = np.where(scale > 0, scale, 1.0)
    return np.rint(kernel / scale).astype(np.int8), scale.astype(np.float32)


def rounded(convolutions: dict[str, Conv]) -> dict[str, Conv]:
    """Return the convolutions as they will be read back from a file."""
    return {name: Conv(restored(*quantized(kernel)), bias) for name, (kernel, bias) in convolutions.items()}


def write_small(path: Path, weights: Weights) -> None:
    """Write the small file, for `vgg.matfile.read.read`; the same weights give the same bytes.

    Raises:
        InputError: the file cannot be written.
    """
    arrays: dict[str, np.ndarray] = {"mean_rgb": weights.mean_rgb, "origin": np.array(weights.origin)}
    for name, (kernel, bias) in weights.convolutions.items():
        arrays[f"{name}_kernel"], arrays[f"{name}_scale"] = quantized(kernel)
        arrays[f"{name}_bias"] = bias
    with atomic_write(path) as unfinished:
        np.savez_compressed(unfinished, **arrays)
