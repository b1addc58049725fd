"""Style statistics beside the Gram matrix, each a kind of `losses.StyleTerm`.

A Gram matrix G mixes two things: the mean μ of each map, and how the maps vary around it, their covariance S. With
second moments divided by M,

    G = S + μ μᵀ.

So an image can have the style's G with another μ and another S: contrast drifts, and colours bleed. The statistics here
look at both. They need μ beside G, and get both from one Gram matrix, of maps with one more channel that is 1
everywhere:

    [F 1]ᵀ [F 1] / M = | G   μ |
                       | μᵀ  1 |

It is a sum over positions as Fᵀ F is. So parts of an image add up, several style images are blended, and a guide T
makes of it the moments of a region: T has a mean square of 1, so that Σ T² F / M is a mean with the weights T².
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from transfer.losses import StyleTerm, scaled
from transfer.recipes import MEAN_ENERGY, LossScale, Recipe
from vgg.statistics import as_matrix, gram_sums

#: The least variance of a map, as a share of the style's mean energy of a map. A map that is constant has no gradient
#: of its deviation otherwise.
LEAST_VARIANCE = 1e-5


@dataclass(frozen=True)
class MomentsTerm(StyleTerm):
    """Gram matrix, means and standard deviations together (Galerne, Raad, Lezama & Morel, EGSR 2024).

    The target's `summary` is the style's matrix above, (N + 1, N + 1), with A, ν and τ for its G, μ and σ:

        E = k [Σ (G − A)² + w (Σ (μ − ν)² + Σ (σ − τ)²)],   σ_i² = G_ii − μ_i²

    w is `moments_scale`, with Σ A_ii for its S. G is of the second degree in F and μ of the first; so w = S keeps the
    proportion of the three the same for a network with larger activations. At a content image, each is then about a
    third of E.

    Gradient. The first sum's is Eq. 6, 4 k F (G − A) / M. For the others:

    1. ∂μ_i/∂F_mi = 1/M, so the second sum gives 2 k w (μ_i − ν_i) / M, the same at each position.
    2. ∂σ_i²/∂F_mi = 2 (F_mi − μ_i) / M and ∂σ_i = ∂σ_i² / (2 σ_i), so the third gives
       2 k w (σ_i − τ_i) (F_mi − μ_i) / (M σ_i).
    """

    moments_scale: LossScale = MEAN_ENERGY  # w

    def sums(self, values: tf.Tensor, guide: tf.Tensor | None) -> tf.Tensor:
        """Return [F 1]ᵀ [F 1], (N + 1, N + 1), of maps and guide as in `StyleTerm.sums`."""
        return moment_sums(values, guide)

    def gram(self, sums: tf.Tensor | np.ndarray, positions: int) -> tf.Tensor | np.ndarray:
        """Return G, μ and 1 as one matrix, (N + 1, N + 1)."""
        return sums / positions

    def error(self, gram: tf.Tensor, summary: tf.Tensor) -> tf.Tensor:
        """Return what E has in brackets, a scalar."""
        energy = tf.linalg.trace(summary) - summary[-1, -1]  # Σ A_ii
        least = LEAST_VARIANCE * energy / self.channel_count
        (g, mean), (a, target_mean) = moments(gram), moments(summary)
        deviation, target_deviation = (
            tf.sqrt(tf.maximum(tf.linalg.diag_part(second) - first**2, 0) + least)
            for second, first in ((g, mean), (a, target_mean))
        )
        first_moments = tf.reduce_sum((mean - target_mean) ** 2) + tf.reduce_sum((deviation - target_deviation) ** 2)
        weighted = scaled(first_moments, energy, None, replace(self, scale=self.moments_scale))
        return tf.reduce_sum(tf.square(g - a)) + weighted

    def energy(self, summary: tf.Tensor) -> tf.Tensor:
        """Return the error of maps that are 0 everywhere, a scalar."""
        return self.error(tf.zeros_like(summary), summary)


def moment_sums(values: tf.Tensor, guide: tf.Tensor | None) -> tf.Tensor:
    """Return [F 1]ᵀ [F 1], (N + 1, N + 1), of maps (1, H', W', N); with a guide (1, H', W', 1), of T [F 1]."""
    ones = tf.ones_like(values[..., :1])
    if guide is not None:
        ones *= tf.cast(guide, values.dtype)  # a guide of one column holds for all
        values *= ones
    # Put together from parts, because maps with one more channel would be a copy of all maps.
    column = as_matrix(ones)  # (M, 1)
    totals = tf.matmul(column, as_matrix(values), transpose_a=True)  # (1, N)
    count = tf.matmul(column, column, transpose_a=True)  # (1, 1): M, or Σ T²
    upper = tf.concat([gram_sums(values), tf.transpose(totals)], axis=1)
    return tf.concat([upper, tf.concat([totals, count], axis=1)], axis=0)


def moments(gram: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return G (N, N) and μ (N,) of a matrix of both, (N + 1, N + 1)."""
    return gram[:-1, :-1], gram[:-1, -1]


def style_term(recipe: Recipe, layer: str, channel_count: int, position_count: int, region: str = "") -> StyleTerm:
    """Return the recipe's kind of term for one layer."""
    size = channel_count, position_count
    if recipe.style_statistic == "moments":
        return MomentsTerm(layer, recipe.style_loss, *size, 0.0, region, recipe.moments_scale)
    return StyleTerm(layer, recipe.style_loss, *size, recipe.gram_channels, region)
