"""`filters`: conv1_1's kernels; for deeper layers, the image that maximally activates each channel.

That image is found by gradient ascent on the pixels: Erhan, Bengio, Courville & Vincent, "Visualizing Higher-Layer
Features of a Deep Network", 2009; Simonyan, Vedaldi & Zisserman, "Deep Inside Convolutional Networks", 2014, section 2.
What is maximised is the channel's mean before the ReLU, over all positions, so that the image fills with what the
channel looks for. A small total variation term suppresses noise in single pixels.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from vgg.errors import InputError
from vgg.layers import receptive_field
from vgg.matfile.read import Weights
from vgg.microscope.draw import around_grey, pixelated
from vgg.microscope.invert import pixel_objective
from vgg.network import VGG19
from vgg.optimize.adam import Adam
from vgg.optimize.optimizer import steps
from vgg.tools.progress import Shown, steps_display, with_time_left
from vgg.tools.sheet import contact_sheet

SMALLEST, LARGEST, MARGIN = 32, 96, 16  # pixels: a side that shows the receptive field and still takes seconds
NOISE = 10.0  # standard deviation of the start around the mean colour, in pixel levels
LEARNING_RATE = 10.0  # pixel levels a step
TV_WEIGHT = 1e-3  # against a mean that is measured in standard deviations of the channel on noise
ITERATIONS = 30
DEFAULT_COUNT = 9  # channels of a deeper layer, where each takes a second

Cells = list[tuple[str, np.ndarray]]


class Maximum(NamedTuple):
    """The image that one channel answers to most."""

    channel: int
    before: float  # its mean on the noise
    after: float  # and on the image
    image: np.ndarray  # (side, side, 3) float32 RGB in [0, 255]


def maximize(network: VGG19, layer: str, channels: Sequence[int], iterations: int, seed: int) -> Iterator[Maximum]:
    """Yield an image for each of `channels` of the convolution `layer`, all from the same noise.

    Not of a ReLU, after which a channel of zeros would have no gradient. Each takes `iterations` steps of Adam, as
    L-BFGS-B is slow where most pixels end at a bound.
    """
    side = min(LARGEST, max(SMALLEST, receptive_field(layer).size + MARGIN))
    noise = NOISE * np.random.default_rng(seed).standard_normal((side, side, 3), np.float32)
    start = np.clip(network.mean_rgb.numpy() + noise, 0, 255)
    on_noise = network(start[None], [layer])[layer].numpy()[0]  # (H', W', C)
    # The scale of activations differs by orders of magnitude between layers; undivided, it would decide how much the
    # total variation counts.
    units = np.maximum(on_noise.std(axis=(0, 1)), 1e-6)  # (C,)
    for channel in channels:
        before = float(on_noise[..., channel].mean())
        minus_mean = partial(_minus_mean, channel=channel, unit=units[channel])
        evaluate = pixel_objective(network, layer, minus_mean, TV_WEIGHT)
        *_, last = steps(Adam(LEARNING_RATE), evaluate, start, iterations)
        yield Maximum(channel, before, -last.losses.of_maps * float(units[channel]), last.image)


def _minus_mean(maps: tf.Tensor, channel: int, unit: float) -> tf.Tensor:
    return -tf.reduce_mean(maps[..., channel]) / unit  # of maps (1, H', W', C)


def run(options: argparse.Namespace, weights: Weights) -> np.ndarray:
    """Return the sheet."""
    count = weights.convolutions[options.layer].bias.size
    looks_at_pixels = options.layer == "conv1_1"
    channels = parse_channels(options, count, default=count if looks_at_pixels else DEFAULT_COUNT)
    title, cells = kernels(weights, channels) if looks_at_pixels else stimuli(weights, options, channels)
    columns = math.ceil(math.sqrt(len(cells)))
    return contact_sheet(cells, columns, 96 if looks_at_pixels else 224, title, font_size=0.45)


def parse_channels(options: argparse.Namespace, count: int, default: int) -> list[int]:
    """Return `--channels 0,17,42` as numbers; without it the first `default` of the layer's `count` channels.

    Raise InputError if something in it is not a channel of the layer, or is there twice.
    """
    text = options.channels
    if text is None:
        return list(range(min(default, count)))
    words = [word.strip() for word in text.split(",")]
    numbers = {str(channel): channel for channel in range(count)}
    if not all(word in numbers for word in words) or len(set(words)) < len(words):
        valid = f"numbers from 0 to {count - 1} ({options.layer}), each once, such as 0,1,2"
        raise InputError(f"--channels is {text!r}, expected {valid}")
    return [numbers[word] for word in words]


def kernels(weights: Weights, channels: Sequence[int]) -> tuple[tuple[str, ...], Cells]:
    """Return title and cells for conv1_1: it looks at pixels, so its kernels (3, 3, RGB) are images themselves."""
    kernel = weights.convolutions["conv1_1"].kernel  # (3, 3, 3, out)
    title = (
        f"conv1_1: {len(channels)} of its {kernel.shape[3]} kernels, 3 x 3 pixels in RGB; weights: {weights.label}",
        "channel: largest weight in magnitude; grey = 0, brighter = positive, darker = negative, each on its own scale",
    )
    cells = []
    for channel in channels:
        image = kernel[..., channel]
        cells.append((f"{channel}: {np.abs(image).max():.3g}", pixelated(around_grey(image), 96)))
    return title, cells


def stimuli(weights: Weights, options: argparse.Namespace, channels: Sequence[int]) -> tuple[tuple[str, ...], Cells]:
    """Return title and cells for deeper layers: the image that maximally activates each channel."""
    maxima = maximize(VGG19(weights), options.layer, channels, ITERATIONS, options.seed)
    cells = []
    with steps_display(sys.stdout, len(channels), lambda shown: shown.text) as show:
        for number, left, (channel, before, after, image) in with_time_left(maxima, len(channels)):
            show(Shown(number, left, f"channel {channel}: mean {before:.3g} on noise, {after:.3g} on its picture"))
            cells.append((f"{channel}: {before:.3g} -> {after:.3g}", image))
    title = (
        f"{options.layer}: the picture that maximally activates each channel; weights: {weights.label}",
        f"by {ITERATIONS} steps of gradient ascent on the pixels, starting from noise (seed {options.seed})",
        "channel: its mean on the noise -> on the picture shown",
    )
    return title, cells
