"""What is summed over all positions of an image: Gram matrices of feature maps, and steps between neighbouring pixels.

A Gram matrix tells which maps of a layer are active together, wherever in the image that is (Gatys, Ecker & Bethge
2016, Eq. 3). For a layer with N channels and M positions, F is its maps as a matrix of M rows and N columns (the
transpose of the paper's N × M, because TensorFlow keeps channels last).
"""

from collections.abc import Callable

import tensorflow as tf


def as_matrix(feature_maps: tf.Tensor) -> tf.Tensor:
    """F: (1, H, W, N) of any precision → (M, N) float32, M = H·W positions."""
    return tf.cast(tf.reshape(feature_maps, (-1, feature_maps.shape[-1])), tf.float32)


def gram_matrix(feature_maps: tf.Tensor, gram_channels: float = 0.0) -> tf.Tensor:
    """Eq. 3, divided by the number of positions: G = Fᵀ F · N^gram_channels / M; (1, H, W, N) → (N, N).

    Dividing here instead of in Eq. 4 gives the paper's loss when both images have the same size, and still compares
    like with like when they have not (the paper resizes the style image; we keep its aspect ratio).
    """
    positions = feature_maps.shape[1] * feature_maps.shape[2]
    return gram_of_sums(gram_sums(feature_maps), positions, gram_channels)


@tf.custom_gradient
def gram_sums(feature_maps: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """Fᵀ F, a sum over positions: (1, H, W, N) → (N, N) float32. Parts of a picture may be added.

    Gradient. F_mi stands in row i of Fᵀ F with the factor F_mj, and in column i with the same; so from D, what arrives
    for Fᵀ F, comes F (D + Dᵀ). TensorFlow by itself would compute F D and F Dᵀ apart and add them, always in float32;
    here it is one product, in the precision of the maps.
    """
    values = as_matrix(feature_maps)  # (M, N)

    def gradient(arriving: tf.Tensor) -> tf.Tensor:
        rows = tf.reshape(feature_maps, (-1, feature_maps.shape[-1]))  # (M, N)
        both = tf.cast(arriving + tf.transpose(arriving), feature_maps.dtype)  # (N, N)
        return tf.reshape(tf.matmul(rows, both), tf.shape(feature_maps))  # (1, H, W, N)

    return tf.matmul(values, values, transpose_a=True), gradient


def gram_of_sums(sums: tf.Tensor, positions: int, gram_channels: float) -> tf.Tensor:
    """G from Fᵀ F (N, N) over all M = `positions`."""
    return sums * (sums.shape[0] ** gram_channels / positions)


def total_variation(image: tf.Tensor) -> tf.Tensor:
    """Total variation: the mean squared step between neighbouring pixels of (1, H, W, 3), a scalar."""
    down = image[:, 1:] - image[:, :-1]
    across = image[:, :, 1:] - image[:, :, :-1]
    return tf.reduce_mean(tf.square(down)) + tf.reduce_mean(tf.square(across))
