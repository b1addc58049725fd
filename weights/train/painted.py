"""Images that fool the student: painted by style transfer on the student itself, shown to it beside their style image.

A style transfer on the student looks for an image that *the student* finds close in style. Such images lie where
student and teacher disagree: at first the teacher finds them hardly closer than the content image. So these images are
made again and again while the student learns, and it learns on them what it did not see. (To train a model on what its
own decisions lead to is DAgger, Ross, Gordon & Bagnell 2011.)

The style transfer is a short one: from the content image, 30 steps of Adam on the losses of the paper, each relative to
its value at the content image.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from weights.train.crops import crop, recoloured
from weights.train.settings import Settings
from weights.train.student import COMPARED, Parameters, feature_maps

CONTENT_LAYERS = ("relu3_2", "relu4_2")
STEPS = 30
RATE = 7.0  # levels that a pixel moves in a step, at most nearly
BETA_1, BETA_2 = 0.9, 0.95
#: α/β of an image is between these, on a logarithmic scale.
SMALLEST_RATIO, LARGEST_RATIO = 10**-2.5, 10**-1.2


def gram_matrices(maps: tf.Tensor) -> tf.Tensor:
    """Return FᵀF / positions of each image's maps: (B, H', W', C) → (B, C, C)."""
    rows = tf.reshape(maps, (maps.shape[0], -1, maps.shape[3]))  # (B, positions, C)
    return tf.matmul(rows, rows, transpose_a=True) / rows.shape[1]


def paint(parameters: Parameters, images: Sequence[np.ndarray], settings: Settings, step: int) -> np.ndarray:
    """Return `settings.painted` new pairs (count, 2, size, size, 3) uint8 RGB: an image painted, and its style image.

    Each is taken from its transfer at a random step of the last two thirds.

    Args:
        parameters: of the student, without batch normalisation.
        images: arrays (H, W, 3) uint8 RGB, of which crops become content and style images.
        settings: number, size and seed.
        step: of training; it decides which crops are taken.
    """
    rng = np.random.default_rng([settings.seed, 4, step])
    size, count = settings.painted_size, settings.painted
    chosen = rng.choice(len(images), 2 * count, replace=2 * count > len(images))
    crops = np.stack([recoloured(crop(images[i], size, rng), rng) for i in chosen]).clip(0, 255).astype(np.float32)
    content_images, style_images = tf.constant(crops[:count]), tf.constant(crops[count:])
    ratios = np.exp(rng.uniform(np.log(SMALLEST_RATIO), np.log(LARGEST_RATIO), count)).astype(np.float32)
    last = rng.integers(STEPS // 3, STEPS, count)

    content_maps, style_maps = feature_maps(parameters, content_images), feature_maps(parameters, style_images)
    targets = {name: gram_matrices(style_maps[name]) for name in COMPARED}
    starts = {name: squares(gram_matrices(content_maps[name]) - targets[name]) for name in COMPARED}
    kept = {name: content_maps[name] for name in CONTENT_LAYERS}
    gradient = tf.function(partial(transfer_gradient, parameters, targets, starts, kept, ratios), autograph=False)

    x = content_images
    first = second = tf.zeros_like(x)
    painted = np.empty_like(crops[:count])
    for i in range(STEPS):
        g = gradient(x)
        first, second = BETA_1 * first + (1 - BETA_1) * g, BETA_2 * second + (1 - BETA_2) * g * g
        mean, square = first / (1 - BETA_1 ** (i + 1)), second / (1 - BETA_2 ** (i + 1))
        x = tf.clip_by_value(x - RATE * mean / (tf.sqrt(square) + 1e-12), 0, 255)
        painted[last == i] = x.numpy()[last == i]
    return np.stack([painted, crops[count:]], axis=1).round().astype(np.uint8)


def transfer_gradient(
    parameters: Parameters,
    targets: dict[str, tf.Tensor],
    starts: dict[str, tf.Tensor],
    kept: dict[str, tf.Tensor],
    ratios: np.ndarray,
    x: tf.Tensor,
) -> tf.Tensor:
    """Return the gradient of each image's losses with respect to its pixels, (B, H, W, 3)."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        maps = feature_maps(parameters, x)
        style = [squares(gram_matrices(maps[name]) - targets[name]) / (starts[name] + 1e-9) for name in targets]
        content = [squares(maps[name] - of) / squares(of) for name, of in kept.items()]
        loss = tf.add_n(style) / len(style) + ratios * tf.add_n(content) / len(content)
    return tape.gradient(loss, x)


def squares(x: tf.Tensor) -> tf.Tensor:
    """Return the sum of squares for each image, (B, …) → (B,)."""
    return tf.reduce_sum(tf.square(x), axis=range(1, len(x.shape)))


def with_painted(crops: np.ndarray, painted: np.ndarray, settings: Settings, step: int) -> tuple[np.ndarray, int]:
    """Return a batch in which pairs have taken the place of the first crops, and how many pairs these are.

    The batch begins painted, style, painted, style, … One crop of eight makes room for a pair. Newer pairs are taken
    more often than older ones.

    Args:
        crops: (B, size, size, 3) float32; it is changed.
        painted: all pairs so far, (number, 2, H, W, 3) uint8.
        settings: for the seed.
        step: of training; it decides which pairs are taken.
    """
    if not len(painted):
        return crops, 0
    rng, size = np.random.default_rng([settings.seed, 5, step]), crops.shape[1]
    room = painted.shape[2] - size
    pairs = len(crops) // 8 if room >= 0 else 0
    for pair in range(pairs):
        chosen = painted[int(len(painted) * rng.random() ** 0.7)]
        mirrored = rng.choice((1, -1))
        for i in range(2):
            top, left = rng.integers(room + 1, size=2)
            crops[2 * pair + i] = chosen[i, top : top + size, left : left + size][:, ::mirrored]
    return crops, pairs
