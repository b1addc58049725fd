"""Which precision a run computes in: float32 everywhere, or bfloat16 where the processor is faster in it.

Some processors multiply bfloat16 twice as fast as float32. bfloat16 keeps 8 bits of mantissa, so a loss is known to two
or three digits. That does not mislead unit steps (`vgg.optimize.l_bfgs`) or Adam, but it does mislead a line search.
Gram matrices and losses are summed in float32 all the same, and the last steps at each size are float32 throughout
(`transfer.session`).
"""

import time

import tensorflow as tf

from transfer.recipes import Recipe
from vgg.errors import InputError
from vgg.network import Precision, computable, conv2d

#: bfloat16 must be this much faster; between the two lies a factor of 2 or none, so the choice is stable.
WORTHWHILE = 1.3


def precision_of(asked: str, recipe: Recipe) -> Precision:
    """Return what `asked`, perhaps "auto", means on this machine; SciPy's line search needs exact losses.

    Raises InputError if this machine cannot compute in it.
    """
    if asked != "auto":
        if not computable(asked):
            raise InputError(f"this machine cannot compute in {asked}; choose --precision float32")
        return asked
    return "float32" if recipe.optimizer == "l-bfgs" else fastest()


def precisions() -> list[Precision]:
    """Return those that this machine can compute in."""
    return [precision for precision in ("float32", "bfloat16") if computable(precision)]


def fastest() -> Precision:
    """Try both on one convolution, 3×3 from 64 to 64 channels on 256×256 positions; takes a fifth of a second.

    In turn, so that a slow moment of the machine hits both, and the shortest try of each counts: whatever else the
    machine does can only make one longer.
    """
    if not computable("bfloat16"):
        return "float32"
    seconds = {"float32": float("inf"), "bfloat16": float("inf")}
    for _ in range(10):
        for precision in seconds:
            seconds[precision] = min(seconds[precision], _seconds(precision))
    return "bfloat16" if seconds["bfloat16"] * WORTHWHILE < seconds["float32"] else "float32"


def _seconds(precision: Precision) -> float:
    maps = tf.ones((1, 256, 256, 64), precision)
    kernel, bias = tf.ones((3, 3, 64, 64), precision), tf.zeros(64, precision)
    began = time.perf_counter()
    conv2d(maps, kernel, bias)[0, 0, 0, 0].numpy()  # waits for the result, which a GPU computes in the background
    return time.perf_counter() - began
