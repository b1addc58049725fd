"""How rough a picture is; what the microscope keeps low so that single pixels do not answer for themselves."""

import tensorflow as tf


def total_variation(image: tf.Tensor) -> tf.Tensor:
    """Total variation: the mean squared step between neighbouring pixels of (1, H, W, 3), a scalar."""
    down = image[:, 1:] - image[:, :-1]
    across = image[:, :, 1:] - image[:, :, :-1]
    return tf.reduce_mean(tf.square(down)) + tf.reduce_mean(tf.square(across))
