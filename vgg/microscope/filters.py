"""`filters`: conv1_1's kernels; for deeper layers, images that a channel or the whole layer answers to most.

How such an image is found is in `ascent.py`. A convolution's values are taken before the ReLU, after which a channel of
zeros would have no gradient.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from vgg.errors import InputError
from vgg.layers import receptive_field
from vgg.matfile.read import Weights
from vgg.microscope.ascent import BATCH, SIDE, Stimulus, ascend
from vgg.microscope.draw import around_grey, pixelated
from vgg.network import VGG19
from vgg.tools.progress import Shown, steps_display, with_time_left
from vgg.tools.sheet import contact_sheet

ITERATIONS = 16
DEFAULT_COUNT = 9  # channels of a deeper layer, where each takes a second or more
LAYER_COUNT = 4  # images of a whole layer, from as many noises

Cells = list[tuple[str, np.ndarray]]


def channel_mean(maps: tf.Tensor, channels: tf.Tensor) -> tf.Tensor:
    """Return of each image (n, H', W', C) the mean of its channel over all positions, (n,): fills it with a pattern."""
    return tf.gather(tf.reduce_mean(maps, axis=(1, 2)), channels, axis=1, batch_dims=1)


def middle_position(maps: tf.Tensor, channels: tf.Tensor) -> tf.Tensor:
    """Return of each image (n, H', W', C) its channel at the position in the middle, (n,): one thing, not a pattern."""
    return tf.gather(maps[:, maps.shape[1] // 2, maps.shape[2] // 2], channels, axis=1, batch_dims=1)


def layer_energy(maps: tf.Tensor, _numbers: tf.Tensor) -> tf.Tensor:
    """Return of each image (n, H', W', C) the mean square of all values above 0, (n,): what the layer likes in all."""
    return tf.reduce_mean(tf.square(tf.nn.relu(maps)), axis=(1, 2, 3))


OBJECTIVES = {"channel": channel_mean, "position": middle_position, "layer": layer_energy}
WORDS = {
    "channel": "channel's mean", "position": "channel at the middle position", "layer": "mean square of all channels",
}  # fmt: skip


def maximize(
    network: VGG19, layer: str, numbers: Sequence[int], seed: int, objective: str = "channel", sign: int = 1
) -> Iterator[list[Stimulus]]:
    """Yield after each step the images that it finished: none, or with the last step of a batch up to `BATCH` of them.

    `numbers` are channels, for the objective `layer` merely 0, 1, 2 …; `sign` -1 makes scores as small as possible.
    """
    # A pattern may be anywhere; what is at one position may move by a small part of what that position sees.
    jitter = 1 + receptive_field(layer).size // 8 if objective == "position" else SIDE
    for first in range(0, len(numbers), BATCH):
        batch = numbers[first : first + BATCH]
        for found in ascend(network, layer, OBJECTIVES[objective], batch, ITERATIONS, seed, sign, jitter):
            yield found or []


def run(options: argparse.Namespace, weights: Weights) -> np.ndarray:
    """Return the sheet."""
    count = weights.convolutions[options.layer].bias.size
    looks_at_pixels = options.layer == "conv1_1"
    channels = parse_channels(options, count, default=count if looks_at_pixels else DEFAULT_COUNT)
    if options.objective == "layer":
        channels = list(range(LAYER_COUNT))
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


def stimuli(weights: Weights, options: argparse.Namespace, numbers: Sequence[int]) -> tuple[tuple[str, ...], Cells]:
    """Return title and cells for deeper layers: an image for each channel, or several of the layer."""
    sign = -1 if options.negative else 1
    steps = ITERATIONS * math.ceil(len(numbers) / BATCH)
    found: list[Stimulus] = []
    with steps_display(sys.stdout, steps, lambda shown: shown.text) as show:
        finished = maximize(VGG19(weights), options.layer, numbers, options.seed, options.objective, sign)
        for step, left, batch in with_time_left(finished, steps):
            found += batch
            show(Shown(step, left, f"{len(found)} of {len(numbers)} pictures"))
    wanted = f"makes the {WORDS[options.objective]} as {'small' if options.negative else 'large'} as possible"
    title = (
        f"{options.layer}: the picture that {wanted}; weights: {weights.label}",
        f"by {ITERATIONS} steps of gradient ascent on frequencies, starting from noise (seed {options.seed})",
        f"{'noise' if options.objective == 'layer' else 'channel'}: its value on the noise -> on the picture shown",
    )
    labels = (f"{number}: {each.before:.3g} -> {each.after:.3g}" for number, each in zip(numbers, found, strict=True))
    return title, [(label, each.image) for label, each in zip(labels, found, strict=True)]
