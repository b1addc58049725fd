"""Writes VGG-19 for `vgg.matfile.read`; the same weights give the same bytes.

`write` makes a MatConvNet `.mat` file in either layout, which other MatConvNet readers can read too, whether they look
fields up by name or by position. `write_small` makes NumPy's `.npz` with 8 or 16 bits for each number of a kernel
instead of 32. For each convolution that holds

    NAME_kernel   (3, 3, in, out) int8 or int16
    NAME_scale    (out,) float32; the kernel of filter i is NAME_kernel[..., i] · NAME_scale[i]
    NAME_bias     (out,) float32

with `mean_rgb` (3,) and `origin`, a text.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy.io

from vgg.layers import LAYERS, Layer
from vgg.matfile.read import Conv, Weights, restored
from vgg.tools.files import atomic_write

#: The first 116 bytes of the file. SciPy writes the time there, so that no two files would be alike.
DESCRIPTION = b"MATLAB 5.0 MAT-file, VGG-19 as MatConvNet writes it".ljust(116)
Bits = Literal[8, 16]  # of each number of a kernel in the small file
LARGEST_LEVEL = {8: 127, 16: 32767}
SCALE_BITS = 16  # significant bits of a scale of the small file


def write(path: Path | str, weights: Weights) -> None:
    """Write `weights` in the layout `weights.layout`, with the fields of the genuine file in their order.

    Readers by position find the kernel of layer i at `layers[0][i][0][0][2][0][0]` (later) or
    `layers[0][i][0][0][0][0][0]` (beta16). Raise InputError if the file cannot be written.
    """
    path = Path(path)
    variables: dict[str, Any] = {"layers": _cell([_entry(row, weights) for row in LAYERS])}
    if weights.layout == "beta16":
        average_image = np.broadcast_to(weights.mean_rgb, (224, 224, 3)).copy()
        variables["classes"] = {"name": _cell([])}
        variables["normalization"] = {"averageImage": average_image, "origin": weights.origin}
    else:
        average_image = weights.mean_rgb.reshape(1, 1, 3)
        size = np.float64([[224, 224, 3]])
        third = {"imageSize": size, "keepAspect": 1.0, "averageImage": average_image, "origin": weights.origin}
        variables["meta"] = {"normalization": third}
    with atomic_write(path) as unfinished, unfinished.open("wb") as file:  # SciPy would hide why it cannot be opened
        scipy.io.savemat(file, variables)
        file.seek(0)
        file.write(DESCRIPTION)


def _entry(row: Layer, weights: Weights) -> dict[str, Any]:
    """Return the struct of one layer, with its fields in the order of the genuine file of that layout."""
    head: dict[str, Any] = {"name": row.name, "type": row.kind}
    if row.kind == "relu":
        return head if weights.layout == "later" else {"type": "relu", "name": row.name}
    if row.kind == "pool":
        shape = {"stride": np.float64([[2, 2]]), "pad": np.zeros((1, 4))}
        kind = {"type": "pool", "method": "max", "pool": np.float64([[2, 2]])}
        return {"name": row.name} | shape | kind
    kernel, bias = weights.convolutions[row.name]
    arrays = _cell([kernel, bias.reshape(1, -1)])
    pad, stride = np.ones((1, 4)), np.ones((1, 2))
    if weights.layout == "beta16":
        return {"weights": arrays, "pad": pad, "type": "conv", "name": row.name, "stride": stride}
    size = np.float64([kernel.shape])
    rest = {"weights": arrays, "size": size, "pad": pad, "stride": stride, "precious": False, "opts": _cell([])}
    return head | rest


def _cell(items: list[Any]) -> np.ndarray:
    """Return a MATLAB cell array (1, len(items)); NumPy alone would make one block of items of equal shape."""
    cell = np.empty((1, len(items)), dtype=object)
    for i, item in enumerate(items):
        cell[0, i] = item
    return cell


def quantized(kernel: np.ndarray, bits: Bits = 8) -> tuple[np.ndarray, np.ndarray]:
    """Return `kernel` (3, 3, in, out) as int8 or int16, and the scale of each filter (out,) float32.

    The largest number of a filter becomes ±127 or ±32767, and no number is off by more than half the scale. What was
    rounded to 8 bits before does not change: scales have 16 significant bits, so their products with int8 are exact in
    float32. The 16 bits of float16 would be off by 3 to 12 times as much, because they include an exponent.
    """
    mantissa, exponent = np.frexp(np.abs(kernel).max(axis=(0, 1, 2)).astype(np.float64) / LARGEST_LEVEL[bits])
    scale = np.ldexp(np.ceil(mantissa * 2**SCALE_BITS), exponent - SCALE_BITS)
    scale = np.where(scale > 0, scale, 1.0)
    return np.rint(kernel / scale).astype(f"int{bits}"), scale.astype(np.float32)


def rounded(convolutions: dict[str, Conv]) -> dict[str, Conv]:
    """Return the convolutions as they will be read back from a file."""
    return {name: Conv(restored(*quantized(kernel)), bias) for name, (kernel, bias) in convolutions.items()}


def write_small(path: Path, weights: Weights, bits: Bits = 8) -> None:
    """Write the small file with `bits` for each number; raise InputError if it cannot be written."""
    arrays: dict[str, np.ndarray] = {"mean_rgb": weights.mean_rgb, "origin": np.array(weights.origin)}
    for name, (kernel, bias) in weights.convolutions.items():
        arrays[f"{name}_kernel"], arrays[f"{name}_scale"] = quantized(kernel, bits)
        arrays[f"{name}_bias"] = bias
    with atomic_write(path) as unfinished:
        np.savez_compressed(unfinished, **arrays)
