"""How long a run will take and how much memory, known before it starts: one evaluation timed, its maps counted."""

import os
import time
from pathlib import Path

import numpy as np

from transfer.objective.geometry import blocks, maps_shape
from transfer.objective.whole import Objective
from transfer.recipe.choices import Recipe
from vgg.layers import LAYERS, deepest
from vgg.matfile.read import Weights
from vgg.optimize.l_bfgs import HISTORY as UNIT_HISTORY
from vgg.optimize.l_bfgs import PairHistory
from vgg.optimize.optimizers import HISTORY

#: Python, TensorFlow, OpenCV and the network, in bytes. This figure and the next two were fitted to the process's peak
#: (`VmHWM`) at 256, 512 and 1024 pixels.
BASE_BYTES = 1.1e9
#: What measuring mean activations on two drawn pictures takes at most, and the process keeps for later use.
NORMALIZING_BYTES = 0.35e9
#: Bytes at an evaluation's peak for each byte of all maps together: some are gone before the last is made.
SHARE_OF_MAPS = 0.89
#: The same of a stripe's maps, where the own rows are there twice, cut out of the halo's. Fitted at 2048 and 4096
#: pixels, 16 and 64 rows, to 6 %.
SHARE_OF_STRIPE = 1.5
#: Pictures in float32 that a run in stripes has at the same time, beside what its optimiser remembers.
PICTURES = 5
#: What an optimiser keeps for each number of the image: L-BFGS two for each pair it remembers, SciPy's in float64.
OPTIMIZER_BYTES = {"l-bfgs": 8 * (2 * HISTORY + 6), "l-bfgs-unit": 4 * (2 * UNIT_HISTORY.pairs + 7), "adam": 4 * 3}


def seconds_per_evaluation(objective: Objective, image: np.ndarray) -> float:
    """Evaluate twice at `image` (H, W, 3): the first time compiles, the second is timed."""
    objective(image)
    began = time.perf_counter()
    objective(image)
    return time.perf_counter() - began


def peak_bytes(weights: Weights, recipe: Recipe, height: int, width: int) -> float:
    """The memory that the whole process will need at most for an image of this size."""
    maps = SHARE_OF_MAPS * sum(maps_bytes(weights, recipe, height, width).values())
    optimizer = 3 * height * width * OPTIMIZER_BYTES[recipe.optimizer]
    return BASE_BYTES + max(NORMALIZING_BYTES * recipe.normalized_network, maps) + optimizer


def striped_bytes(
    weights: Weights, recipe: Recipe, height: int, width: int, rows: int, history: PairHistory = UNIT_HISTORY
) -> float:
    """The same in stripes of `rows`, if our own L-BFGS remembers `history`."""
    whole = maps_bytes(weights, recipe, height, width)
    names = tuple(name for name, _ in (*recipe.content_layers, *recipe.style_layers))
    cut = [[layer.name for layer in layers] for layers in blocks(names)]
    # A stripe of a block is that share of the block's maps which its rows are of all, halos included.
    in_block = [sum(whole[name] for name in inside) for inside in cut]
    heights = [maps_shape(height, width, inside[0])[0] for inside in cut]
    stripe = max(maps * min(1, (rows + 8) / tall) for maps, tall in zip(in_block, heights, strict=True))
    pools = (1 + 1 / 8) * sum(whole[inside[-1]] for inside in cut[:-1])  # and four signs, of a bit, for each number
    targets = sum(whole[name] for name, _ in recipe.content_layers)
    remembered = OPTIMIZER_BYTES[recipe.optimizer]
    if recipe.optimizer == "l-bfgs-unit":
        remembered = 2 * history.pairs * np.dtype(history.dtype).itemsize
    pictures = 3 * height * width * (4 * PICTURES + remembered)
    return BASE_BYTES + max(
        NORMALIZING_BYTES * recipe.normalized_network, SHARE_OF_STRIPE * stripe + pools + targets + pictures
    )


def maps_bytes(weights: Weights, recipe: Recipe, height: int, width: int) -> dict[str, float]:
    """What the maps of each layer take that is computed, float32."""
    maps, channels = {}, 3
    names = tuple(layer for layer, _ in (*recipe.content_layers, *recipe.style_layers))
    for layer in LAYERS[: deepest(names).index + 1]:
        if layer.kind == "pool":
            height, width = -(-height // 2), -(-width // 2)
        if layer.kind == "conv":
            channels = weights.convolutions[layer.name].bias.size
        maps[layer.name] = 4.0 * height * width * channels
    return maps


def free_bytes() -> float:
    """Memory this process may have in all: what it holds and what Linux would give it; elsewhere infinity."""
    try:
        meminfo = Path("/proc/meminfo").read_text().splitlines()
        available = next(line for line in meminfo if line.startswith("MemAvailable:"))
        resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, StopIteration):
        return float("inf")
    return 1024.0 * int(available.split()[1]) + float(resident_pages * os.sysconf("SC_PAGE_SIZE"))
