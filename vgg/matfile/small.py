"""The trained network in a small file: 8 bits for each number of a kernel instead of 32.

The file is NumPy's `.npz`. For each convolution it holds

    NAME_kernel   (3, 3, in, out) int8
    NAME_scale    (out,) float32; the kernel of filter i is NAME_kernel[..., i] · NAME_scale[i]
    NAME_bias     (out,) float32

with `mean_rgb` (3,) and `origin`, a text.
"""

from pathlib import Path

import numpy as np

from vgg.errors import WeightsError
from vgg.files import atomic_write, file_digest
from vgg.layers import CONVOLUTIONS
from vgg.matfile.read import Conv, Weights, checked_convolution
from vgg.matfile.sniff import WHAT_TO_DO, first_bytes

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
    return {name: Conv(_restored(*quantized(kernel)), bias) for name, (kernel, bias) in convolutions.items()}


def _restored(kernel: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return kernel.astype(np.float32) * scale


def write_small(path: Path, weights: Weights) -> None:
    """Write the small file; the same weights give the same bytes.

    Raises:
        InputError: the file cannot be written.
    """
    arrays: dict[str, np.ndarray] = {"mean_rgb": weights.mean_rgb, "origin": np.array(weights.origin)}
    for name, (kernel, bias) in weights.convolutions.items():
        arrays[f"{name}_kernel"], arrays[f"{name}_scale"] = quantized(kernel)
        arrays[f"{name}_bias"] = bias
    with atomic_write(path) as unfinished:
        np.savez_compressed(unfinished, **arrays)


def read_small(path: Path) -> Weights:
    """Read what `write_small` wrote.

    Raises:
        WeightsError: the file is missing, damaged or holds something else.
    """
    first_bytes(path)
    try:
        with np.load(path) as file:
            convolutions: dict[str, Conv] = {}
            channels = 3
            for name in (layer.name for layer in CONVOLUTIONS):
                kernel = _restored(file[f"{name}_kernel"], file[f"{name}_scale"])
                convolutions[name] = checked_convolution(name, kernel, file[f"{name}_bias"], channels)
                channels = kernel.shape[3]
            mean_rgb = file["mean_rgb"].astype(np.float32).reshape(3)
            origin = "".join(filter(str.isprintable, str(file["origin"])))
        return Weights(convolutions, mean_rgb, "later", origin, file_digest(path, "sha256"), path)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}; {WHAT_TO_DO}") from None
    except Exception as error:  # a damaged archive may fail in any way
        raise WeightsError(
            f"{path} is not a trained network of this program ({type(error).__name__}); {WHAT_TO_DO}"
        ) from error
