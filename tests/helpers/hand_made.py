"""`.mat` files put together with `scipy.io.savemat` alone, field by field as MatConvNet's: our writer is no judge.

The genuine files have 43 entries in `layers`: the 37 that we use, then the classifier, here with tiny kernels.
"""

from pathlib import Path

import numpy as np
import scipy.io

_NAMES = """
conv1_1 relu1_1 conv1_2 relu1_2 pool1 conv2_1 relu2_1 conv2_2 relu2_2 pool2
conv3_1 relu3_1 conv3_2 relu3_2 conv3_3 relu3_3 conv3_4 relu3_4 pool3
conv4_1 relu4_1 conv4_2 relu4_2 conv4_3 relu4_3 conv4_4 relu4_4 pool4
conv5_1 relu5_1 conv5_2 relu5_2 conv5_3 relu5_3 conv5_4 relu5_4 pool5
fc6 relu6 fc7 relu7 fc8 prob
"""
NAMES = _NAMES.split()
CONVOLUTIONS = [name for name in NAMES if name.startswith("conv")]

#: The order in which each layout has the fields of a convolution.
FIELDS = {
    "beta16": ["weights", "pad", "type", "name", "stride"],
    "later": ["name", "type", "weights", "size", "pad", "stride", "precious", "dilate", "opts"],
}

Kernels = dict[str, tuple[np.ndarray, np.ndarray]]


def kernels(seed: int = 0) -> Kernels:
    """{name: (kernel (3, 3, in, out), bias (out,))} with 2 to 5 channels, neighbours never alike."""
    rng = np.random.default_rng(seed)
    found, channels_in = {}, 3
    for i, name in enumerate(CONVOLUTIONS):
        channels = 2 + i % 4
        found[name] = rng.normal(size=(3, 3, channels_in, channels)).astype(np.float32), rng.normal(size=channels)
        channels_in = channels
    return {name: (kernel, bias.astype(np.float32)) for name, (kernel, bias) in found.items()}


def cell(items: list) -> np.ndarray:
    """A (1, n) cell array."""
    array = np.empty((1, len(items)), object)
    array[0, :] = items
    return array


def entry(name: str, layout: str, numbers: Kernels) -> dict:
    """One element of `layers`: its fields in the order of `layout`."""
    if name.startswith("relu"):
        return {"type": "relu", "name": name} if layout == "beta16" else {"name": name, "type": "relu"}
    if name == "prob":
        return {"type": "softmax", "name": name}
    if name.startswith("pool"):
        shape = {"stride": np.full((1, 2), 2.0), "pad": np.zeros((1, 4)), "type": "pool", "method": "max"}
        return {"name": name, **shape, "pool": np.full((1, 2), 2.0)}
    kernel, bias = numbers.get(name, (np.zeros((7, 7, 2, 2), np.float32), np.zeros(2, np.float32)))
    arrays = np.empty((1, 2), object)
    arrays[0, 0], arrays[0, 1] = kernel, bias.reshape(1, -1)
    fields = {"weights": arrays, "type": "conv", "name": name, "precious": np.array([[False]]), "dilate": 1.0}
    fields |= {"pad": np.ones((1, 4)), "stride": np.ones((1, 2)), "size": np.float64([kernel.shape]), "opts": cell([])}
    return {field: fields[field] for field in FIELDS[layout]}


def network(layout: str, numbers: Kernels | None = None, average_image: np.ndarray | None = None) -> dict:
    """The variables of a whole file; `average_image` is by default as large as that layout's, with a plain colour."""
    numbers = kernels() if numbers is None else numbers
    if average_image is None:
        average_image = np.float32([123.68, 116.779, 103.939]) + np.zeros(
            (2, 2, 3) if layout == "beta16" else (1, 1, 3)
        )
    variables = {"layers": cell([entry(name, layout, numbers) for name in NAMES])}
    if layout == "beta16":
        names = cell(["n01440764", "n01443537"])
        normalization = {"imageSize": np.float64([[224, 224, 3]]), "averageImage": average_image, "keepAspect": 1.0}
        return variables | {"classes": {"name": names, "description": names}, "normalization": normalization}
    normalization = {"imageSize": np.float64([[224, 224, 3]]), "keepAspect": 1.0, "averageImage": average_image}
    return variables | {"meta": {"classes": {"name": cell(["tench"])}, "normalization": normalization}}


def save(path: Path, variables: dict, compressed: bool = False) -> Path:
    scipy.io.savemat(path, variables, do_compression=compressed)
    return path
