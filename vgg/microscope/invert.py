"""From a layer's maps back to a picture: which picture gives the same maps?

Gatys, Ecker & Bethge 2016, section 2.1 and Fig. 1 ("content reconstructions"), after Mahendran & Vedaldi,
"Understanding Deep Image Representations by Inverting Them", CVPR 2015: start from white noise and change the pixels
until the maps agree. Early layers determine the picture almost completely. Where a later layer leaves the pixels
open, it has become invariant to them.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from vgg.network import VGG19
from vgg.optimize.optimizer import Evaluate, steps
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB
from vgg.statistics import total_variation

#: Of the mean squared step between neighbouring pixels; enough to calm what the layer does not see.
TV_WEIGHT = 1e-4


class Match(NamedTuple):
    """How well the maps agree: 0 means equal, 1 means as far as maps of zeros."""

    mismatch: float  # Σ (F − P)² / Σ P², Eq. 1 relative to the target's own energy
    total: float  # with the total variation


class InversionStep(NamedTuple):
    """One step of the optimiser, as the callback gets it."""

    step: int  # from 1
    left: float  # seconds that the steps to come will take, at the pace so far
    mismatch: float


def invert(
    network: VGG19,
    layer: str,
    target_maps: tf.Tensor,
    start: np.ndarray,
    iterations: int,
    callback: Callable[[InversionStep, np.ndarray], None] | None = None,
    tv_weight: float = TV_WEIGHT,
) -> np.ndarray:
    """Return the picture whose maps at `layer` come close to `target_maps`, by L-BFGS from `start`.

    Args:
        network: with the pooling that gave the target.
        layer: any layer's name.
        target_maps: (1, H', W', C) of a picture of `start`'s size.
        start: (H, W, 3) RGB in [0, 255].
        iterations: steps of the optimiser; it ends sooner when no step lowers the loss.
        callback: called with each step and the picture after it, (H, W, 3) float RGB in [0, 255].
        tv_weight: 0 for the maps alone.

    Returns:
        (H, W, 3) float32 RGB in [0, 255].
    """
    evaluate = content_objective(network, layer, target_maps, tv_weight)
    began, evaluations = time.perf_counter(), 0

    def counted(image: np.ndarray) -> tuple[Match, np.ndarray]:
        nonlocal evaluations
        evaluations += 1
        return evaluate(image)

    for number, state in enumerate(steps(ScipyLBFGSB(), counted, start, iterations)):
        reached = state.image.astype(np.float32)
        if callback and number:
            # By evaluations: the first step takes several, the others mostly one.
            left = (time.perf_counter() - began) / evaluations * (iterations - number)
            callback(InversionStep(number, left, state.losses.mismatch), reached)
    return reached


def content_objective(network: VGG19, layer: str, target_maps: tf.Tensor, tv_weight: float) -> Evaluate:
    """Return the function to minimise: a picture (H, W, 3) → how well its maps agree, and the gradient (H, W, 3)."""
    energy = tf.maximum(tf.reduce_sum(tf.square(target_maps)), 1e-12)  # a silent layer has none to compare with

    @tf.function
    def compiled(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            mismatch = tf.reduce_sum(tf.square(network(image, [layer])[layer] - target_maps)) / energy
            total = mismatch + tv_weight * total_variation(image)
        return mismatch, total, tape.gradient(total, image)

    def evaluate(image: np.ndarray) -> tuple[Match, np.ndarray]:
        mismatch, total, gradient = compiled(tf.constant(image[None], tf.float32))
        return Match(float(mismatch), float(total)), gradient[0].numpy()

    return evaluate


def white_noise(height: int, width: int, mean_rgb: np.ndarray, seed: int) -> np.ndarray:
    """Return the start of an inversion: the mean colour plus N(0, 1) in pixel levels, float32 (height, width, 3)."""
    return mean_rgb + np.random.default_rng(seed).standard_normal((height, width, 3), np.float32)
