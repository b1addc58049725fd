"""Sums over all positions of an image: Gram matrices of feature maps, and differences between neighbouring pixels.

A Gram matrix says which maps of a layer are active together, and not where in the image (Gatys, Ecker & Bethge 2016,
Eq. 3). For a layer with N channels and M positions, F is the matrix of its maps with M rows and N columns. The paper's
F is the transpose, N × M; here channels come last, as in TensorFlow.
"""

import tensorflow as tf


def as_matrix(feature_maps: tf.Tensor) -> tf.Tensor:
    """Return F: (1, H, W, N) of any dtype → (M, N) float32, with M = H·W positions."""
    return tf.cast(tf.reshape(feature_maps, (-1, feature_maps.shape[-1])), tf.float32)


def gram_matrix(feature_maps: tf.Tensor, gram_power: float = 0.0) -> tf.Tensor:
    """Return the Gram matrix of Eq. 3, divided by the number of positions: (1, H, W, N) → (N, N).

    G = Fᵀ F · N^gram_power / M. Other programs also divide by N: their gram_power is −1.

    The paper divides by M² in Eq. 4 instead. Both give the same loss when the two images have the same size. Dividing
    here makes Gram matrices of images of different sizes comparable too: the paper resizes the style image to the
    size of the content image, and this program keeps its aspect ratio.
    """
    positions = feature_maps.shape[1] * feature_maps.shape[2]
    return gram_of_sums(gram_sums(feature_maps), positions, gram_power)


def gram_sums(feature_maps: tf.Tensor) -> tf.Tensor:
    """Return Fᵀ F: (1, H, W, N) → (N, N) float32. It is a sum over positions: Fᵀ F of parts of an image add up.

    Gradient. F_mi occurs in row i of Fᵀ F, in the product F_mi F_mj, and in column i, in F_mj F_mi. With the upstream
    gradient D (N, N), the gradient with respect to F is therefore F D + F Dᵀ = F (D + Dᵀ).

    TensorFlow's own gradient computes these two products of large matrices one by one. Here it computes only one of
    them, F (D + Dᵀ). [X] stands for X held constant: the same numbers, but no gradient passes through it.

        T = Fᵀ [F]            F has one place left, so its gradient is one product: F Xᵀ, where X is the gradient at T
        S = T + Tᵀ − [Tᵀ]     is returned; as numbers S = T
        X = D + Dᵀ            D comes to T from the first T in S, and Dᵀ from the Tᵀ; so F Xᵀ = F (D + Dᵀ)

    (`tf.custom_gradient` would be plainer, but TensorFlow keeps each of its traces, with the network in it, for ever.)
    """
    values = as_matrix(feature_maps)  # F, (M, N)
    product = tf.matmul(values, tf.stop_gradient(values), transpose_a=True)  # T, (N, N)
    transposed = tf.transpose(product)
    return product + (transposed - tf.stop_gradient(transposed))


def gram_of_sums(sums: tf.Tensor, positions: int, gram_power: float) -> tf.Tensor:
    """Return G = Fᵀ F · N^gram_power / M from `sums`, Fᵀ F (N, N), and M = `positions`."""
    return sums * (sums.shape[0] ** gram_power / positions)


def step_sums(
    rows: tf.Tensor, below: tf.Tensor | None, power: float, last_row_and_column: bool = True
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return Σ |step|^power over the steps down, and over those across, to the neighbouring pixel; two scalars.

    Args:
        rows: rows of an image, (1, H, W, C); every step that starts in one of them counts.
        below: the next row of the image, (1, 1, W, C); where the image ends no row, (1, 0, W, C), or None.
        power: of the absolute differences.
        last_row_and_column: if False, steps across in the image's last row and down in its last column do not count.
    """
    further = rows if below is None else tf.concat([rows, below], axis=1)
    down, across = further[:, 1:] - further[:, :-1], rows[:, :, 1:] - rows[:, :, :-1]
    if not last_row_and_column:
        down, across = down[:, :, :-1], across[:, : tf.shape(further)[1] - 1]
    return tf.reduce_sum(tf.abs(down) ** power), tf.reduce_sum(tf.abs(across) ** power)


def total_variation(image: tf.Tensor) -> tf.Tensor:
    """Return the total variation of an image (1, H, W, 3), a scalar.

    It is the mean squared difference between vertical neighbours, plus the same for horizontal neighbours.
    """
    down = image[:, 1:] - image[:, :-1]
    across = image[:, :, 1:] - image[:, :, :-1]
    return tf.reduce_mean(tf.square(down)) + tf.reduce_mean(tf.square(across))
