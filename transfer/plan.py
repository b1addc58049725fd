"""How a run stays within a given memory: the whole picture or stripes, and how much the optimiser remembers."""

from typing import NamedTuple

import tensorflow as tf

from transfer import memory as estimate
from transfer.recipe.choices import Recipe
from vgg.errors import InputError
from vgg.matfile.read import Weights
from vgg.optimize.l_bfgs import HISTORY, PairHistory

#: Rows of the tallest stripes first: taller ones save next to nothing, lower ones are mostly halo.
ROWS = (128, 64, 32, 16)
#: Pairs that our own L-BFGS remembers at least; with fewer it is hardly better than plain gradient descent.
SHORTEST_HISTORY = 3


class Plan(NamedTuple):
    """What fits into the memory."""

    rows: int | None  # of a stripe; None: the whole picture at once
    history: PairHistory = HISTORY  # of our own L-BFGS


def plan(weights: Weights, recipe: Recipe, height: int, width: int, memory_bytes: float) -> Plan:
    """The fastest way to evaluate height × width pixels with at most `memory_bytes` for the whole process.

    That is the whole picture, else the tallest stripes with which L-BFGS can remember a little, in bfloat16; what is
    left then makes its memory longer. What a process needs is said by `transfer.memory`.

    Raises:
        InputError: not even the lowest stripes fit; the message says how much they would need.
    """
    if estimate.peak_bytes(weights, recipe, height, width) <= memory_bytes:
        return Plan(None)
    bfloat16 = tf.bfloat16.as_numpy_dtype
    histories = [PairHistory(pairs, bfloat16) for pairs in range(HISTORY.pairs, SHORTEST_HISTORY - 1, -1)]
    if recipe.optimizer != "l-bfgs-unit":
        histories = [HISTORY]  # not used
    for rows in ROWS:
        for history in histories:
            if estimate.striped_bytes(weights, recipe, height, width, rows, history) <= memory_bytes:
                return Plan(rows, history)
    least = estimate.striped_bytes(weights, recipe, height, width, ROWS[-1], histories[-1])
    raise InputError(
        f"{width}×{height} pixels need {least / 1e9:.1f} GB of memory even in the lowest stripes, "
        f"but only {memory_bytes / 1e9:.1f} GB may be used; allow more with --max-memory, or choose "
        "--optimizer adam, which remembers less, or a smaller --size"
    )
