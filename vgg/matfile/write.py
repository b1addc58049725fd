"""Writes VGG-19 as a MatConvNet `.mat` file, in either layout, so that `vgg.matfile.read` reads it back.

Other MatConvNet readers can read these files too, whether they look fields up by name or by position.
The same weights give the same bytes.
"""

from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from vgg.layers import LAYERS, Layer
from vgg.matfile.read import Weights
from vgg.tools.files import atomic_write

#: The first 116 bytes of the file. SciPy writes the time there, so that no two files would be alike.
DESCRIPTION = b"MATLAB 5.0 MAT-file, VGG-19 as MatConvNet writes it".ljust(116)


def write(path: Path | str, weights: Weights) -> None:
    """Write `weights` in the layout `weights.layout`, with the fields of the genuine file in their order.

    The file appears under its name only when it is complete. Readers by position find the kernel of layer i at
    `layers[0][i][0][0][2][0][0]` (later) or `layers[0][i][0][0][0][0][0]` (beta16).

    Raises:
        InputError: the folder cannot be made, is write-protected or full.
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
