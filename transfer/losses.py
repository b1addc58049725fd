"""The losses of Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016.

For a layer with N channels and M positions, F is the generated image's feature maps as a matrix of M rows and N
columns (the transpose of the paper's N × M, because TensorFlow keeps channels last), P the content image's, and G and A
the Gram matrices of the generated and of the style image. N and M always come from the layer's own maps.

Every loss is a sum of squared differences times a `Normalization`; with the paper's own factors they are

    content   L = ½ Σ (F − P)²             Eq. 1        gradient  ∂L/∂F = F − P          where F > 0, else 0   Eq. 2
    Gram      G = Fᵀ F                     Eq. 3
    style     E = Σ (G − A)² / (4 N² M²)   Eq. 4        gradient  ∂E/∂F = F (G − A) / (N² M²)  where F > 0     Eq. 6

"Where F > 0" is the derivative of the ReLU, so F is what comes after it. In the code G is divided by M at once
(`vgg.statistics`), which takes the M² out of E and changes neither E nor its gradient when both images have the same
size.

TensorFlow finds all gradients by itself; the docstrings below derive them so that a reader can check them, and the
tests do.
"""

from typing import NamedTuple

import tensorflow as tf

from transfer.recipe.choices import Normalization, Recipe, Variation
from vgg.statistics import as_matrix, gram_matrix


class Losses(NamedTuple):
    """What one evaluation gives: the weighted terms and their sum, scalars."""

    content: tf.Tensor  # α · L_content
    style: tf.Tensor  # β · L_style
    tv: tf.Tensor  # tv_weight · L_tv, not in the paper
    total: tf.Tensor  # Eq. 7
    layers: tuple[tf.Tensor, ...] = ()  # what each content layer, then each style layer, has in these sums


def squared_difference(
    values: tf.Tensor, target: tf.Tensor, channels: int, positions: int, normalization: Normalization
) -> tf.Tensor:
    """k Σ (values − target)², a scalar; k is the normalisation's factor, in which only constants take part.

    Gradient. Each value x stands in one term only, k (x − t)², whose derivative is 2 k (x − t). As a matrix:
    ∂/∂values = 2 k (values − target).
    """
    difference = tf.reduce_sum(tf.square(values - target))
    return normalized(difference, tf.reduce_sum(tf.square(target)), channels, positions, normalization)


def normalized(
    difference: tf.Tensor, target_energy: tf.Tensor, channels: int, positions: int, normalization: Normalization
) -> tf.Tensor:
    """k · `difference`, where that is Σ (values − target)² and `target_energy` is Σ target², scalars."""
    target_energy = tf.maximum(target_energy, 1e-12)  # a blank target has none to compare with
    scale = normalization.factor * channels**normalization.channels * positions**normalization.positions
    return scale * difference * target_energy**normalization.target


def content_loss(feature_maps: tf.Tensor, target: tf.Tensor, normalization: Normalization) -> tf.Tensor:
    """Eq. 1 for one layer: how far the generated image's maps (1, H, W, N) are from the content image's.

    Gradient (Eq. 2). From above, 2 k (F − P) for the maps F themselves; with the paper's k = ½ this is F − P. One step
    further back, before the ReLU F = max(0, x), it is multiplied by ∂F/∂x: 1 where F > 0 and 0 elsewhere.
    """
    values = as_matrix(feature_maps)  # (M, N)
    positions, channels = values.shape
    return squared_difference(values, as_matrix(target), channels, positions, normalization)


def style_layer_loss(gram: tf.Tensor, target: tf.Tensor, positions: int, normalization: Normalization) -> tf.Tensor:
    """E_l of Eq. 4: how far one layer's Gram matrix (N, N) is from the style image's.

    Gradient (Eq. 6), step by step, with G = g Fᵀ F and E = k Σ (G − A)²:

    1. ∂E/∂G = 2 k (G − A), from `squared_difference`. Call it D; it is symmetric because G and A are.
    2. G_ij = g Σ_m F_mi F_mj. So F_mi stands in row i of G with the factor F_mj, and in column i with the same:
       ∂E/∂F_mi = g Σ_j D_ij F_mj + g Σ_j D_ji F_mj = 2 g Σ_j F_mj D_ji.
    3. As matrices: ∂E/∂F = 2 g F D = 4 k g F (G − A).

    With the paper's undivided Gram matrices, g = 1 and k = 1/(4N²M²), this is F (G − A)/(N²M²), its Eq. 6. The ReLU
    adds its 0 or 1 as in Eq. 2.
    """
    return squared_difference(gram, target, gram.shape[0], positions, normalization)


def total_variation(image: tf.Tensor, variation: Variation) -> tf.Tensor:
    """Steps between neighbouring pixels of (1, H, W, 3); not in the paper, calms single-pixel grain.

    Gradient. A pixel x stands in up to four steps d, as the end of two (+1) and the start of two (−1): each contributes
    ± power · |d|^(power−1) · sign d, times its n^count and the factor; with squares that is ± 2d.
    """
    return variation_of_sums(step_sums(image, variation), *image.shape[1:3], variation)


def step_sums(image: tf.Tensor, variation: Variation) -> tuple[tf.Tensor, tf.Tensor]:
    """Σ |step|^power over the steps down and over the steps across in (1, H, W, 3), scalars."""
    down, across = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]
    return tf.reduce_sum(tf.abs(down) ** variation.power), tf.reduce_sum(tf.abs(across) ** variation.power)


def variation_of_sums(sums: tuple[tf.Tensor, tf.Tensor], height: int, width: int, variation: Variation) -> tf.Tensor:
    """The total variation of a picture of height × width pixels from what `step_sums` gives for all of it."""
    total = tf.constant(0.0)
    for steps, count in zip(sums, (3 * (height - 1) * width, 3 * height * (width - 1)), strict=True):
        total += steps * float(count) ** variation.count
    return variation.factor * total


def total_loss(maps: dict[str, tf.Tensor], targets: dict[str, tf.Tensor], image: tf.Tensor, recipe: Recipe) -> Losses:
    """Eq. 5 and 7: the sum over layers, and α L_content + β L_style (+ the total variation).

    The gradient of a sum is the sum of the gradients: α ∂L_content/∂x + β Σ w_l ∂E_l/∂x, each layer's ∂/∂F taken
    back to the pixels x through the convolutions, ReLUs and pools between.

    Args:
        maps: the generated image's feature maps of all content and style layers.
        targets: the content image's maps under ("content", layer), the style image's Gram matrices (N, N) under
            ("style", layer).
        image: the generated image, (1, H, W, 3) RGB in [0, 255].
        recipe: layers, weights and normalisations.
    """
    contents = [
        recipe.content_weight * weight * content_loss(maps[layer], targets["content", layer], recipe.content_loss)
        for layer, weight in recipe.content_layers
    ]
    styles = []
    for layer, weight in recipe.style_layers:
        gram = gram_matrix(maps[layer], recipe.gram_channels)
        positions = maps[layer].shape[1] * maps[layer].shape[2]
        loss = style_layer_loss(gram, targets["style", layer], positions, recipe.style_loss)
        styles.append(recipe.style_weight * weight * loss)
    zero = tf.constant(0.0)
    content, style = sum(contents, zero), sum(styles, zero)
    tv = recipe.tv_weight * total_variation(image, recipe.tv_loss) if recipe.tv_weight else zero
    return Losses(content, style, tv, content + style + tv, (*contents, *styles))
