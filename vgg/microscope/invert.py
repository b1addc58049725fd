"""`invert IMAGE`: from a layer's maps back to an image. Which image gives the same maps?

Gatys, Ecker & Bethge 2016, section 2.1 and Fig. 1 ("content reconstructions"), after Mahendran & Vedaldi,
"Understanding Deep Image Representations by Inverting Them", CVPR 2015: start from white noise and change the pixels
until the maps agree. Early layers determine the image almost completely. Where a later layer leaves the pixels
open, it has become invariant to them.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from vgg.matfile.read import Weights
from vgg.network import VGG19
from vgg.optimize.optimizer import Evaluate, State, steps
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB
from vgg.statistics import total_variation
from vgg.tools.progress import Shown, steps_display, with_time_left
from vgg.tools.sheet import contact_sheet

#: Of the mean squared step between neighbouring pixels; enough to calm what the layer does not see.
TV_WEIGHT = 1e-4


class Losses(NamedTuple):
    """What an image is optimised for."""

    of_maps: float
    total: float  # with the total variation


def invert(
    network: VGG19, layer: str, target_maps: tf.Tensor, start: np.ndarray, iterations: int, tv_weight: float = TV_WEIGHT
) -> Iterator[State]:
    """Yield the state at `start` and after each step of L-BFGS; its image's maps at `layer` approach `target_maps`.

    Their mismatch, `losses.of_maps`, is Σ (F − P)² / Σ P², Eq. 1 of Gatys et al. relative to the target's own energy: 0
    means equal, 1 means as far as maps of zeros. The maps are (1, H', W', C) of an image of the size of `start`,
    (H, W, 3) RGB in [0, 255]. There are fewer than `iterations` steps if none lowers the loss.
    """
    energy = tf.maximum(tf.reduce_sum(tf.square(target_maps)), 1e-12)  # a silent layer has none to compare with

    def mismatch(maps: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.square(maps - target_maps)) / energy

    return steps(ScipyLBFGSB(), pixel_objective(network, layer, mismatch, tv_weight), start, iterations)


def pixel_objective(network: VGG19, layer: str, loss: Callable[[tf.Tensor], tf.Tensor], tv_weight: float) -> Evaluate:
    """Return the function to minimise: an image (H, W, 3) → its losses, and the gradient (H, W, 3) of their total.

    The total is `loss` of the maps at `layer`, (1, H', W', C), plus the weighted total variation of the image.
    """

    @tf.function(autograph=False)
    def compiled(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            of_maps = loss(network(image, [layer])[layer])
            total = of_maps + tv_weight * total_variation(image)
        return of_maps, total, tape.gradient(total, image)

    def evaluate(image: np.ndarray) -> tuple[Losses, np.ndarray]:
        of_maps, total, gradient = compiled(tf.constant(image[None], tf.float32))
        return Losses(float(of_maps), float(total)), gradient[0].numpy()

    return evaluate


def white_noise(height: int, width: int, mean_rgb: np.ndarray, seed: int) -> np.ndarray:
    """Return the start of an inversion: the mean colour plus N(0, 1) in pixel levels, float32 (height, width, 3)."""
    return mean_rgb + np.random.default_rng(seed).standard_normal((height, width, 3), np.float32)


def run(options: argparse.Namespace, weights: Weights, image: np.ndarray) -> np.ndarray:
    """Return the sheet: the picture, the white noise, and what was rebuilt from it."""
    network, layer, iterations = VGG19(weights), options.layer, options.iterations
    target_maps = network(image[None].astype(np.float32), [layer])[layer]
    start = white_noise(*image.shape[:2], weights.mean_rgb, options.seed)
    states = invert(network, layer, target_maps, start, iterations)
    state = next(states)
    with steps_display(sys.stdout, iterations, lambda shown: shown.text) as show:
        for number, left, state in with_time_left(states, iterations):
            show(Shown(number, left, percent(state.losses.of_maps)))
    title = (
        f"{options.image.name} rebuilt from its maps of {layer} alone; weights: {weights.label}",
        f"{iterations} steps of L-BFGS on the pixels; mismatch: squared difference of the maps / their squares",
    )
    cells = [
        (options.image.name, image),
        (f"start: white noise, seed {options.seed}", start),
        (f"rebuilt: {percent(state.losses.of_maps)}", state.image),
    ]
    return contact_sheet(cells, title=title, font_size=0.6)


def percent(mismatch: float) -> str:
    """Return the mismatch in words."""
    return f"mismatch {100 * mismatch:.3g} %"
