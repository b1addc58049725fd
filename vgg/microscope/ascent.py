"""The picture that maximally activates a channel, found by gradient ascent on the pixels.

Erhan, Bengio, Courville & Vincent, "Visualizing Higher-Layer Features of a Deep Network", 2009; Simonyan, Vedaldi &
Zisserman, "Deep Inside Convolutional Networks", 2014, section 2. What is maximised is the channel's mean before the
ReLU, over all positions, so that the picture fills with what the channel looks for. A small total variation term
suppresses noise in single pixels.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from vgg.layers import receptive_field
from vgg.network import VGG19
from vgg.optimize.adam import Adam
from vgg.optimize.optimizer import Evaluate, steps
from vgg.statistics import total_variation

SMALLEST, LARGEST, MARGIN = 32, 96, 16  # pixels: a side that shows the receptive field and still takes seconds
NOISE = 10.0  # pixel levels of the start, around the mean colour
LEARNING_RATE = 10.0  # pixel levels
TV_WEIGHT = 1e-3  # against a mean that is measured in standard deviations of the channel on noise


class Loss(NamedTuple):
    """What Adam minimises; `activation` is the channel's mean."""

    total: float
    activation: float


class Maximum(NamedTuple):
    """One channel's picture, and its progress among all of them."""

    step: int  # which of the channels asked for, from 1
    left: float  # seconds for the remaining channels, at the pace so far
    channel: int
    before: float  # its mean on the noise
    after: float  # and on the picture
    picture: np.ndarray  # (side, side, 3) float32 RGB in [0, 255]


def maximize(
    network: VGG19,
    layer: str,
    channels: Sequence[int],
    iterations: int,
    seed: int,
    callback: Callable[[Maximum], None] | None = None,
) -> list[Maximum]:
    """Return a picture for each of `channels` of the convolution `layer`, all from the same noise.

    Args:
        network: any pooling.
        layer: a convolution such as `conv3_1`; after a ReLU a channel of zeros would have no gradient.
        channels: numbers from 0.
        iterations: steps of Adam for each (L-BFGS-B is slow where most pixels end at a bound, as here).
        seed: of the noise.
        callback: called as each is done.
    """
    side = min(LARGEST, max(SMALLEST, receptive_field(layer).size + MARGIN))
    noise = NOISE * np.random.default_rng(seed).standard_normal((side, side, 3), np.float32)
    start = np.clip(network.mean_rgb.numpy() + noise, 0, 255)
    on_noise = network(start[None], [layer])[layer].numpy()[0]  # (H', W', C)
    # The scale of activations differs by orders of magnitude between layers; undivided, it would decide how much the
    # total variation counts.
    units = np.maximum(on_noise.std(axis=(0, 1)), 1e-6)  # (C,)

    began, found = time.perf_counter(), []
    for channel in channels:
        before = float(on_noise[..., channel].mean())
        evaluate = channel_objective(network, layer, channel, units[channel])
        *_, last = steps(Adam(LEARNING_RATE), evaluate, start, iterations)
        done = len(found) + 1
        left = (time.perf_counter() - began) / done * (len(channels) - done)
        found.append(Maximum(done, left, channel, before, last.losses.activation, last.image))
        if callback:
            callback(found[-1])
    return found


def channel_objective(network: VGG19, layer: str, channel: int, unit: float) -> Evaluate:
    """Return the function to minimise: a picture (H, W, 3) → the loss, with minus the activation, and its gradient."""

    @tf.function
    def compiled(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            activation = tf.reduce_mean(network(image, [layer])[layer][..., channel])
            total = TV_WEIGHT * total_variation(image) - activation / unit
        return total, activation, tape.gradient(total, image)

    def evaluate(image: np.ndarray) -> tuple[Loss, np.ndarray]:
        total, activation, gradient = compiled(tf.constant(image[None], tf.float32))
        return Loss(float(total), float(activation)), gradient[0].numpy()

    return evaluate
