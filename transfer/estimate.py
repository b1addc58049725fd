"""How long a run will take and how much memory, known before it starts: one evaluation timed, its maps counted."""

import os
import time

import numpy as np

from transfer.train import Objective
from vgg.layers import LAYERS, deepest
from vgg.matconvnet import Weights

#: Python, TensorFlow and OpenCV before any picture, in bytes; measured.
BASE_BYTES = 0.55e9
#: Copies of every map that an evaluation holds at its peak: the map, kept for the gradient, and the gradient on its way
#: back; measured against the process's peak, see the README.
COPIES = 1.6


def seconds_per_evaluation(objective: Objective, image: np.ndarray) -> float:
    """Evaluate twice at `image` (H, W, 3): the first time compiles, the second is timed."""
    objective(image)
    began = time.perf_counter()
    objective(image)
    return time.perf_counter() - began


def peak_bytes(weights: Weights, names: tuple[str, ...], height: int, width: int) -> float:
    """The memory that optimising a picture of this size will need at most, for the layers `names`."""
    maps, channels = 0.0, 3
    for layer in LAYERS[: deepest(names).index + 1]:
        if layer.kind == "pool":
            height, width = -(-height // 2), -(-width // 2)
        if layer.kind == "conv":
            channels = weights.convolutions[layer.name].bias.size
        maps += 4 * height * width * channels
    kernels = sum(kernel.nbytes for kernel, _ in weights.convolutions.values())
    return BASE_BYTES + 3 * kernels + COPIES * maps


def free_bytes() -> float:
    """Memory the machine has left, or infinity where it does not say."""
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float("inf")
