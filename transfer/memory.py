"""How a run stays within a given memory: the whole image or stripes, and how much L-BFGS remembers.

What an evaluation needs is known before it starts, because its maps can be counted. How much memory there is, is the
business of `transfer.machine`.
"""

from collections.abc import Iterator
from math import ceil, floor
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from transfer.recipes import OWN_L_BFGS, Recipe
from vgg.errors import InputError
from vgg.layers import LAYERS, blocks, deepest, maps_shape
from vgg.matfile.read import Weights
from vgg.optimize.l_bfgs import LBFGS
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB

#: Bytes of Python, TensorFlow, OpenCV and the network. This figure and the next two were fitted to the process's peak
#: (`VmHWM`) at 256, 512 and 1024 pixels.
BASE_BYTES = 1.1e9
#: Bytes that measuring mean activations on the drawings takes at most, and the process keeps for later use. Fitted when
#: these were two images of 320 pixels; twelve of 192 pixels one after the other take no more at a time.
NORMALIZING_BYTES = 0.35e9
#: Peak memory / size of all maps; below 1 because early maps are freed.
SHARE_OF_MAPS = 0.89
#: How many times more a style layer's maps are there with another statistic than the Gram matrix: the gradient of means
#: is as large, and neighbours are maps themselves. Measured at 512 and 768 pixels, the first at full width.
MAPS_OF_STATISTIC = 2
#: The same of a stripe's maps, where the core rows are there twice, cut out of the halo's. Fitted at 2048 and 4096
#: pixels, 16 and 64 rows, to 6 %.
SHARE_OF_STRIPE = 1.5
#: Images in float32 that a run in stripes has at the same time, beside what its optimiser remembers.
IMAGES_IN_STRIPES = 5
#: The same for an image that is computed whole.
IMAGES = 7
#: Rows of a stripe, the tallest first: taller stripes are hardly faster, lower ones are mostly halo.
ROWS = (128, 64, 32, 16)
#: Pairs that our own L-BFGS remembers at least; with fewer it is hardly better than plain gradient descent.
SHORTEST_HISTORY = 3


class NotEnoughMemory(InputError):
    """An image does not fit into the memory, not even in stripes: what was found, and what to do about it."""

    def __str__(self) -> str:
        """Return both as one line; a command that has other options raises it again with advice of its own."""
        return "; ".join(self.args)


class Plan(NamedTuple):
    """What fits into the memory."""

    needed: float  # bytes of the whole process, at most
    rows: int | None = None  # of a stripe; None: the whole image at once
    l_bfgs: LBFGS = LBFGS()


def plan(weights: Weights, recipe: Recipe, height: int, width: int, memory_bytes: float, regions: int = 0) -> Plan:
    """Return the fastest way to evaluate height × width pixels with at most `memory_bytes` for the whole process.

    The recipe's margin comes on top of these pixels, and for each of the `regions` with a guide the style layers' maps
    once more. The fastest way is the whole image, else the tallest stripes with which L-BFGS can remember a little, in
    bfloat16; what is left then makes its memory longer. Raises NotEnoughMemory if not even the lowest stripes fit; the
    message says how much they would need.
    """
    around, in_stripes = 2 * recipe.margin, recipe.style_statistic != "neighbours"
    for candidate in _plans(weights, recipe, height + around, width + around, regions):
        if candidate.needed <= memory_bytes:
            return candidate
    # The one is rounded up and the other down, so that they never look the same.
    least = "even in the lowest stripes" if in_stripes else "for --style-statistic neighbours, which has no stripes"
    needed, allowed = ceil(candidate.needed / 1e7) / 100, floor(memory_bytes / 1e7) / 100
    raise NotEnoughMemory(
        f"{width}×{height} pixels need {needed:.2f} GB of memory {least}, but only {allowed:.2f} GB may be used",
        "allow more (--max-memory), or choose Adam, which remembers less (--optimizer adam), or a smaller size",
    )


def _plans(weights: Weights, recipe: Recipe, height: int, width: int, regions: int) -> Iterator[Plan]:
    """Yield all plans, the fastest first; each needs less memory than those before it."""
    yield Plan(peak_bytes(weights, recipe, height, width, regions))
    if recipe.style_statistic == "neighbours":  # each cell may need any other
        return
    lengths = range(LBFGS().history, SHORTEST_HISTORY - 1, -1)
    is_own = recipe.optimizer in OWN_L_BFGS  # the other optimisers' histories are not planned
    for rows in ROWS:
        for l_bfgs in (LBFGS(pairs, tf.bfloat16.as_numpy_dtype) for pairs in lengths) if is_own else [LBFGS()]:
            yield Plan(striped_bytes(weights, recipe, height, width, rows, l_bfgs, regions), rows, l_bfgs)


def peak_bytes(weights: Weights, recipe: Recipe, height: int, width: int, regions: int = 0) -> float:
    """Return the memory that the whole process needs at most for an image of this size, evaluated whole."""
    maps = SHARE_OF_MAPS * sum(maps_bytes(weights, recipe, height, width, regions).values())
    optimizer = 3 * height * width * (4 * IMAGES + remembered_bytes(recipe, LBFGS()))
    return BASE_BYTES + max(NORMALIZING_BYTES * recipe.normalized_network, maps) + optimizer


def striped_bytes(
    weights: Weights, recipe: Recipe, height: int, width: int, rows: int, l_bfgs: LBFGS, regions: int = 0
) -> float:
    """Return the same in stripes of `rows`, if our own L-BFGS is `l_bfgs`."""
    whole = maps_bytes(weights, recipe, height, width, regions)
    names = tuple(name for name, _ in (*recipe.content_layers, *recipe.style_layers))
    cut = [[layer.name for layer in layers] for layers in blocks(names)]
    # A stripe of a block is that share of the block's maps which its rows are of all, halos included.
    in_block = [sum(whole[name] for name in inside) for inside in cut]
    heights = [maps_shape(height, width, inside[0])[0] for inside in cut]
    stripe = max(maps * min(1, (rows + 8) / tall) for maps, tall in zip(in_block, heights, strict=True))
    # And the relu mask: four values, of a bit each, for each number that a pool puts out.
    once = maps_bytes(weights, recipe, height, width)
    pools = (1 + 1 / 8) * sum(once[inside[-1]] for inside in cut[:-1])
    targets = sum(once[name] for name, _ in recipe.content_layers)
    images = 3 * height * width * (4 * IMAGES_IN_STRIPES + remembered_bytes(recipe, l_bfgs))
    return BASE_BYTES + max(
        NORMALIZING_BYTES * recipe.normalized_network, SHARE_OF_STRIPE * stripe + pools + targets + images
    )


def remembered_bytes(recipe: Recipe, l_bfgs: LBFGS) -> float:
    """Return what the optimiser has for each number of the image: L-BFGS two numbers for each pair, and a few more."""
    return {
        "l-bfgs": (2 * ScipyLBFGSB().history + 6) * 8,
        **dict.fromkeys(OWN_L_BFGS, 2 * l_bfgs.history * np.dtype(l_bfgs.dtype).itemsize),
        "adam": 3 * 4,
    }[recipe.optimizer]


def maps_bytes(weights: Weights, recipe: Recipe, height: int, width: int, regions: int = 0) -> dict[str, float]:
    """Return what the maps of each layer take that is computed, in float32, style layers' once more for each region."""
    maps, channels, styles = {}, 3, dict(recipe.style_layers)
    more = regions + MAPS_OF_STATISTIC * (recipe.style_statistic != "gram")
    names = tuple(layer for layer, _ in (*recipe.content_layers, *recipe.style_layers))
    for layer in LAYERS[: deepest(names).index + 1]:
        if layer.kind == "pool":
            height, width = (height + 1) // 2, (width + 1) // 2
        if layer.kind == "conv":
            channels = weights.convolutions[layer.name].bias.size
        maps[layer.name] = 4.0 * height * width * channels * (1 + more * (layer.name in styles))
    return maps
