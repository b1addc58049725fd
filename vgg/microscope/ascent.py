"""The picture that a channel answers to most, found by gradient ascent on the pixels.

Erhan, Bengio, Courville & Vincent, "Visualizing Higher-Layer Features of a Deep Network", 2009; Simonyan, Vedaldi &
Zisserman, "Deep Inside Convolutional Networks", 2014, section 2. What is maximised is the channel's mean before the
ReLU, over all positions, so that the picture fills with what the channel looks for. A little total variation keeps
single pixels from answering for themselves.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from vgg.layers import receptive_field
from vgg.network import VGG19
from vgg.optimize.optimizers import Evaluate, adam
from vgg.statistics import total_variation

SMALLEST, LARGEST, MARGIN = 32, 96, 16  # pixels: a side that shows the receptive field and still takes seconds
NOISE = 10.0  # pixel levels of the start, around the mean colour
LEARNING_RATE = 10.0  # pixel levels
TV_WEIGHT = 1e-3  # against a mean that is measured in standard deviations of the channel on noise


class Loss(NamedTuple):
    """What Adam lowers; its `answer` is the channel's mean."""

    total: float
    answer: float


class Maximum(NamedTuple):
    """One channel's picture, and its progress among all of them."""

    step: int  # which of the channels asked for, from 1
    left: float  # seconds that the others will take, at the pace so far
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
    """A picture for each of `channels` of the convolution `layer`, all from the same noise.

    Args:
        network: any pooling.
        layer: a convolution such as `conv3_1`; after a ReLU a silent channel would have no gradient to follow.
        channels: numbers from 0.
        iterations: steps of Adam for each (L-BFGS-B is slow where most pixels end at a bound, as here).
        seed: of the noise.
        callback: called as each is done.
    """
    side = min(LARGEST, max(SMALLEST, receptive_field(layer).size + MARGIN))
    noise = NOISE * np.random.default_rng(seed).standard_normal((side, side, 3), np.float32)
    start = np.clip(network.mean_rgb.numpy() + noise, 0, 255)
    on_noise = network(start[None], [layer])[layer].numpy()[0]  # (H', W', C)
    # Without it the unit of a layer, which differs by orders of magnitude, would decide how smooth the picture gets.
    units = np.maximum(on_noise.std(axis=(0, 1)), 1e-6)  # (C,)

    began, found = time.perf_counter(), []
    for channel in channels:
        reached = [(start, float(on_noise[..., channel].mean()))]
        evaluate = channel_objective(network, layer, channel, units[channel])
        adam(
            evaluate, start, iterations, LEARNING_RATE, lambda image, loss, to=reached: to.append((image, loss.answer))
        )
        (_, before), (picture, after) = reached[0], reached[-1]
        done = len(found) + 1
        left = (time.perf_counter() - began) / done * (len(channels) - done)
        found.append(Maximum(done, left, channel, before, after, picture.astype(np.float32)))
        if callback:
            callback(found[-1])
    return found


def channel_objective(network: VGG19, layer: str, channel: int, unit: float) -> Evaluate:
    """The function that is minimised: a picture (H, W, 3) → minus the channel's answer, and the gradient (H, W, 3)."""

    @tf.function
    def compiled(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            answer = tf.reduce_mean(network(image, [layer])[layer][..., channel])
            total = TV_WEIGHT * total_variation(image) - answer / unit
        return total, answer, tape.gradient(total, image)

    def evaluate(image: np.ndarray) -> tuple[Loss, np.ndarray]:
        total, answer, gradient = compiled(tf.constant(image[None], tf.float32))
        return Loss(float(total), float(answer)), gradient[0].numpy()

    return evaluate
