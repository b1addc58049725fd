"""Images that a layer answers to most, by gradient ascent in the frequencies of the image instead of its pixels.

Olah, Mordvintsev & Schubert, "Feature Visualization", Distill 2017. Ascent on pixels ends in noise that only the
network sees. Two things prevent that. *Decorrelated* coordinates: the image is a sum of waves in colours that
photographs mix, and slow waves are stronger, as in photographs, so that a step of equal length in all of them changes
large forms as readily as fine ones. *Transformations*: each step moves, turns and scales the image a little, so that
only what survives this remains. The waves are periodic: the image goes on beyond its border, and no position counts
that sees much of the zeros there.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from vgg.layers import receptive_field
from vgg.network import VGG19

#: Columns: light, blue against yellow, green against magenta, as strong as they vary in ImageNet's photographs
#: (Olah et al.'s program Lucid has these figures); rows are red, green and blue.
COLOURS = np.float32([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
COLOURS /= np.linalg.norm(COLOURS, axis=0).max()
FALL = 0.5  # waves of frequency f start with f^-0.5; photographs have about f^-1, which hides fine patterns
START = 0.01  # standard deviation of the first coordinates
RATE, MOMENTUM = 0.025, 0.9  # the rate is the strength of the waves that one step adds, see `ascend`
ANGLE, ZOOM = math.radians(5), 0.1  # each step turns by up to ±5° and scales by up to ±10 %
FINE = 20  # pixels that a layer sees: up to so many images are only moved, as turning blurs patterns that fine
CORNER = 8  # pixels around what is looked at, so that no corner of it is outside when it is turned
SIDE, EDGE = 80, 16  # pixels of a side, and by how many at most it is continued for positions near the border
BATCH = 9  # images at once


class Stimulus(NamedTuple):
    """An image found by ascent; `before` and `after` are its score as noise and at the end."""

    before: float
    after: float
    image: np.ndarray  # (side, side, 3) float32 RGB in [0, 255]


#: Maps (n, H', W', C) of the n images of a batch, and which of all images they are (n,) → their scores (n,).
Score = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def amplitudes(side: int) -> np.ndarray:
    """Return how strong a wave of each frequency is at the start, (side, side // 2 + 1): its mean square is `side`²."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    fall = np.maximum(frequency, 1 / side) ** -FALL
    return (fall * side / np.sqrt((fall**2).mean())).astype(np.float32)


def images_of(coordinates: tf.Tensor) -> tf.Tensor:
    """Return images (n, side, side, 3) RGB in [0, 255] of real and imaginary parts, (2, n, 3, side, side // 2 + 1)."""
    side = coordinates.shape[3]
    spectrum = tf.complex(coordinates[0], coordinates[1]) * amplitudes(side)
    mixed = tf.einsum("nchw,rc->nhwr", tf.signal.irfft2d(spectrum, [side, side]), COLOURS)
    return 255 * tf.sigmoid(mixed)


def continued(images: tf.Tensor, pixels: int) -> tf.Tensor:
    """Return periodic images (n, side, side, 3) continued by up to `side` pixels at each border."""
    side = images.shape[1]
    inside = slice(side - pixels, 2 * side + pixels)
    return tf.tile(images, (1, 3, 3, 1))[:, inside, inside]


def transformed(images: tf.Tensor, transforms: np.ndarray) -> tf.Tensor:
    """Return the images turned and scaled by `transforms` (n, 8), without `CORNER` pixels at each border."""
    turned = tf.raw_ops.ImageProjectiveTransformV3(
        images=images, transforms=transforms, output_shape=images.shape[1:3],
        fill_value=0.0, interpolation="BILINEAR", fill_mode="REFLECT",
    )  # fmt: skip
    return turned[:, CORNER:-CORNER, CORNER:-CORNER]


def random_transforms(random: np.random.Generator, count: int, side: int, extent: float = 1.0) -> np.ndarray:
    """Return `count` small rotations and scalings about the middle of images of `side` pixels, (count, 8) float32.

    `extent` is a factor of their largest angle and zoom. Each is a, b, c, d, e, f, 0, 0: the pixel (x, y) comes from
    (ax + by + c, dx + ey + f).
    """
    angle = extent * ANGLE * random.uniform(-1, 1, count)
    zoom = 1 + extent * ZOOM * random.uniform(-1, 1, count)
    cosine, sine, zero = np.cos(angle) * zoom, np.sin(angle) * zoom, np.zeros(count)
    middle = (side - 1) / 2
    x, y = middle * (1 - cosine + sine), middle * (1 - cosine - sine)
    return np.stack([cosine, -sine, x, sine, cosine, y, zero, zero], axis=1).astype(np.float32)


def ascend(
    network: VGG19,
    layer: str,
    score: Score,
    which: Sequence[int],
    iterations: int,
    seed: int,
    sign: int = 1,
    jitter: int = SIDE,
) -> Iterator[list[Stimulus] | None]:
    """Yield None after each step but the last, and then the images of one batch, one for each number in `which`.

    `score` is given the maps of `layer` and the numbers; with `sign` -1 it becomes as small as possible. Each gradient
    is divided by the strength of the image it makes, so that a channel of large values changes its image no faster
    than another, and one that likes a plain colour no faster than one that likes fine lines. Each step moves the image
    by up to half of `jitter` pixels in each direction.
    """
    field = receptive_field(layer)
    edge = min(EDGE, field.size // 2) // field.stride  # positions at a border, which see the zeros beyond it
    margin = edge * field.stride
    extent = float(field.size > FINE)
    numbers = tf.constant(list(which))

    def scores(images: tf.Tensor) -> tf.Tensor:
        maps = network(images, [layer])[layer]
        return score(maps[:, edge : maps.shape[1] - edge, edge : maps.shape[2] - edge], numbers)

    @tf.function(autograph=False)
    def ascent(coordinates: tf.Tensor, shift: tf.Tensor, transforms: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(coordinates)
            moved = tf.roll(images_of(coordinates), shift, axis=(1, 2))
            total = tf.reduce_sum(scores(transformed(continued(moved, margin + CORNER), transforms)))
        return tape.gradient(total, coordinates)

    random = np.random.default_rng(seed)
    coordinates = START * random.standard_normal((2, len(which), 3, SIDE, SIDE // 2 + 1), np.float32)
    before = scores(continued(images_of(coordinates), margin)).numpy()
    velocity = np.zeros_like(coordinates)
    for step in range(1, iterations + 1):
        shift = random.integers(0, jitter, 2, np.int32) - jitter // 2
        transforms = random_transforms(random, len(which), SIDE + 2 * (margin + CORNER), extent)
        gradient = ascent(coordinates, shift, transforms).numpy()
        strength = np.sqrt(((gradient * amplitudes(SIDE)) ** 2).mean(axis=(0, 2, 3, 4), keepdims=True)) / SIDE
        velocity = MOMENTUM * velocity + gradient / np.maximum(strength, 1e-30)
        coordinates = coordinates + sign * RATE * velocity
        if step < iterations:
            yield None
    images = images_of(coordinates)
    after = scores(continued(images, margin)).numpy()
    yield [Stimulus(*each) for each in zip(before.tolist(), after.tolist(), images.numpy(), strict=True)]
