"""Total variation: how rough a picture is. Not in the paper; the usual way to calm single-pixel grain."""

import tensorflow as tf


def total_variation(image: tf.Tensor) -> tf.Tensor:
    """Mean squared step between neighbouring pixels of (1, H, W, 3), down plus across; a scalar."""
    down = image[:, 1:] - image[:, :-1]
    across = image[:, :, 1:] - image[:, :, :-1]
    return tf.reduce_mean(tf.square(down)) + tf.reduce_mean(tf.square(across))
