"""The losses of Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016.

For a layer with N channels and M positions, F is the generated image's feature maps as a matrix of M rows and N
columns (the transpose of the paper's N × M, because TensorFlow keeps channels last), P the content image's, and G and A
the Gram matrices of the generated and of the style image. N and M always come from the layer's own maps.

Every loss is a sum of squared differences times a `Normalization`; with the paper's own factors they are

    content   L = ½ Σ (F − P)²             Eq. 1        gradient  ∂L/∂F = F − P          where F > 0, else 0   Eq. 2
    Gram      G = Fᵀ F / M             Eq. 3, in `vgg.gram`
    style     E = Σ (G − A)² / (4 N² M²)   Eq. 4        gradient  ∂E/∂F = F (G − A) / (N² M²)  where F > 0     Eq. 6
"""

from typing import NamedTuple

import tensorflow as tf

from transfer.recipes import Normalization, Recipe
from vgg.gram import as_matrix, gram_matrix
from vgg.smoothness import total_variation


class Losses(NamedTuple):
    """What one evaluation gives: the weighted terms and their sum, scalars."""

    content: tf.Tensor  # α · L_content
    style: tf.Tensor  # β · L_style
    tv: tf.Tensor  # tv_weight · L_tv, not in the paper
    total: tf.Tensor  # Eq. 7


def squared_difference(
    values: tf.Tensor, target: tf.Tensor, channels: int, positions: int, normalization: Normalization
) -> tf.Tensor:
    """Σ (values − target)², normalised; a scalar."""
    target_energy = tf.maximum(tf.reduce_sum(tf.square(target)), 1e-12)  # a blank target has none to compare with
    scale = normalization.factor * channels**normalization.channels * positions**normalization.positions
    difference = tf.reduce_sum(tf.square(values - target))
    return scale * difference * target_energy**normalization.target


def content_loss(feature_maps: tf.Tensor, target: tf.Tensor, normalization: Normalization) -> tf.Tensor:
    """Eq. 1 for one layer: how far the generated image's maps (1, H, W, N) are from the content image's."""
    values = as_matrix(feature_maps)  # (M, N)
    positions, channels = values.shape
    return squared_difference(values, as_matrix(target), channels, positions, normalization)


def style_layer_loss(gram: tf.Tensor, target: tf.Tensor, positions: int, normalization: Normalization) -> tf.Tensor:
    """E_l of Eq. 4: how far one layer's Gram matrix (N, N) is from the style image's."""
    return squared_difference(gram, target, gram.shape[0], positions, normalization)


def total_loss(maps: dict[str, tf.Tensor], targets: dict[str, tf.Tensor], image: tf.Tensor, recipe: Recipe) -> Losses:
    """Eq. 5 and 7: the sum over layers, and α L_content + β L_style (+ the total variation).

    Args:
        maps: the generated image's feature maps of all content and style layers.
        targets: the content image's maps under ("content", layer), the style image's Gram matrices (N, N) under
            ("style", layer).
        image: the generated image, (1, H, W, 3) RGB in [0, 255].
        recipe: layers, weights and normalisations.
    """
    content = style = tf.constant(0.0)
    for layer, weight in recipe.content_layers:
        content += weight * content_loss(maps[layer], targets["content", layer], recipe.content_loss)
    for layer, weight in recipe.style_layers:
        gram = gram_matrix(maps[layer], recipe.gram_channels)
        positions = maps[layer].shape[1] * maps[layer].shape[2]
        style += weight * style_layer_loss(gram, targets["style", layer], positions, recipe.style_loss)
    tv = total_variation(image) if recipe.tv_weight else tf.constant(0.0)
    content, style, tv = recipe.content_weight * content, recipe.style_weight * style, recipe.tv_weight * tv
    return Losses(content, style, tv, content + style + tv)
