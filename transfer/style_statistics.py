"""Style statistics beside the Gram matrix, each a kind of `losses.StyleTerm`.

A Gram matrix G mixes two things: the mean μ of each map, and how the maps vary around it, their covariance S. With
second moments divided by M,

    G = S + μ μᵀ.

So an image can have the style's G with another μ and another S: contrast drifts, and colours bleed. The statistics here
look at both. They need μ beside G, and have the two in one Gram matrix, that of maps with one more channel, which is 1
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

from transfer.colors import square_root
from transfer.losses import StyleTerm, scaled
from transfer.neighbours import NeighbourTerm
from transfer.recipes import MEAN_ENERGY, LossScale, Recipe
from vgg.statistics import as_matrix, gram_sums

#: The least variance of a map, as a share of the style's mean energy of a map. A map that is constant has no gradient
#: of its deviation otherwise.
LEAST_VARIANCE = 1e-5
#: ε of a covariance, as a share of the style's mean variance of a map.
LEAST_EIGENVALUE = 1e-3
#: What single precision may lose of the eigenvalues of a matrix, as a share of its trace.
ROUNDING = 2e-7
#: Newton–Schulz steps. 16 bring singular values of 1e-5 and more to 1; those of ImageNet's layers are larger.
POLAR_STEPS = 16


@dataclass(frozen=True)
class TermWithMeans(StyleTerm):
    """What the statistics have in common: G and μ of the image, A and ν of the style, each pair in one matrix."""

    def sums(self, values: tf.Tensor, guide: tf.Tensor | None) -> tf.Tensor:
        """Return [F 1]ᵀ [F 1], (N + 1, N + 1), of maps and guide as in `StyleTerm.sums`."""
        return moment_sums(values, guide)

    def gram(self, sums: tf.Tensor | np.ndarray, positions: int) -> tf.Tensor | np.ndarray:
        """Return G, μ and 1 as one matrix, (N + 1, N + 1)."""
        return sums / positions


@dataclass(frozen=True)
class MomentsTerm(TermWithMeans):
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


@dataclass(frozen=True)
class WassersteinTerm(TermWithMeans):
    """The squared 2-Wasserstein distance of two normal distributions: W² of N(μ, S) and of the style's, N(ν, T).

    It says how far the one has to be moved to become the other, and has a closed form (Olkin & Pukelsheim 1982; as a
    style loss in K. Crowson's style-transfer-pytorch):

        E = k W²,   W² = |μ − ν|² + tr S + tr T − 2 tr Q^½,   Q = T^½ S T^½

    Gradient. The eigenvalues λ of Q are changed by ∂λ and their roots by ∂λ / (2 √λ); so ∂tr Q^½ = ½ tr(Q^-½ ∂Q). With
    ∂Q = T^½ ∂S T^½:

    1. ∂W²/∂S = I − T^½ Q^-½ T^½. Call it D; it is symmetric.
    2. S = Σ_m (F_m − μ)ᵀ (F_m − μ) / M, so ∂W²/∂F = 2 ((F − μ) D + (μ − ν)) / M in each row.

    The roots. With Cholesky's S = L Lᵀ and B = T^½ L, Q is B Bᵀ. The polar decomposition B = Q^½ U, with U orthogonal,
    has all that is needed: tr Q^½ = tr(B Uᵀ), and T^½ Q^-½ T^½ = T^½ U L^-1. The singular values of B are the roots of
    Q's eigenvalues; so single precision still keeps apart what it would lose in Q.

    A layer with fewer positions than channels has a singular S. So ε I is added to S and to T. The target's `summary`
    is T^½, ν and ε as one matrix, (N + 1, N + 1).
    """

    def summary(self, target_gram: np.ndarray) -> np.ndarray:
        """Return T^½, ν and ε from A, ν and 1, each as one matrix, (N + 1, N + 1) float64."""
        second, mean = moments(target_gram)
        covariance = second - np.outer(mean, mean)
        least = LEAST_EIGENVALUE * np.trace(covariance) / len(covariance)
        least = max(least, ROUNDING * np.trace(second), 1e-30)  # a style of one colour varies by its rounding only
        summary = target_gram.copy()
        summary[:-1, :-1], summary[-1, -1] = square_root(covariance + least * np.eye(len(covariance))), least
        return summary

    def error(self, gram: tf.Tensor, summary: tf.Tensor) -> tf.Tensor:
        """Return W², a scalar."""
        (second, mean), (root, target_mean), held = moments(gram), moments(summary), tf.stop_gradient
        identity = tf.eye(self.channel_count, dtype=root.dtype)
        least = tf.maximum(summary[-1, -1], ROUNDING * tf.linalg.trace(held(second)))  # or S might have no factor
        covariance = second - mean[:, None] * mean + least * identity  # S
        factor = tf.linalg.cholesky(held(covariance))  # L
        product = tf.matmul(root, factor)  # B
        polar = polar_factor(product, summary[-1, -1])  # U
        traces = tf.linalg.trace(held(covariance)) + tf.reduce_sum(tf.square(root))
        distance = traces - 2 * tf.reduce_sum(product * polar)
        turned = tf.matmul(polar, root, transpose_a=True, transpose_b=True)  # (T^½ U)ᵀ
        transport = tf.linalg.triangular_solve(factor, turned, adjoint=True)  # (T^½ U L^-1)ᵀ
        # D is put in by hand: this sum is 0, but its gradient is D.
        change = tf.reduce_sum((identity - transport) * (covariance - held(covariance)))
        return tf.reduce_sum((mean - target_mean) ** 2) + distance + change

    def energy(self, summary: tf.Tensor) -> tf.Tensor:
        """Return W² of maps that are 0 everywhere, |ν|² + tr T, a scalar."""
        root, target_mean = moments(summary)
        return tf.reduce_sum(tf.square(root)) + tf.reduce_sum(tf.square(target_mean))


def polar_factor(matrix: tf.Tensor, least: tf.Tensor) -> tf.Tensor:
    """Return U of the polar decomposition B = P U, (N, N), if no singular value of B (N, N) is below `least`.

    Newton–Schulz steps X ← ½ a X (3 I − a² Xᵀ X) leave the singular vectors as they are and bring all singular values
    to 1. With a = 1, small ones grow by a half in each step. If they are known to lie in [l, 1], a² = 3 / (1 + l + l²)
    brings both ends to the same place, and small ones grow 2.6 times (Chen & Chow 2014).
    """
    identity = tf.eye(tf.shape(matrix)[0], dtype=matrix.dtype)
    norm = tf.norm(matrix)
    x, lowest = matrix / norm, tf.minimum(least / norm, 1)
    for _ in range(POLAR_STEPS):
        a = tf.sqrt(3 / (1 + lowest + lowest**2))
        x = a / 2 * tf.matmul(x, 3 * identity - a**2 * tf.matmul(x, x, transpose_a=True))
        lowest = tf.minimum(a / 2 * lowest * (3 - a**2 * lowest**2), 1)
    return x


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


def style_term(
    recipe: Recipe, layer: str, channel_count: int, position_count: int, region: str = ""
) -> StyleTerm | NeighbourTerm:
    """Return the recipe's kind of term for one layer."""
    size = channel_count, position_count
    if recipe.style_statistic == "neighbours":
        return NeighbourTerm(layer, recipe.style_loss, *size, recipe.matched_content)
    if recipe.style_statistic == "gram":
        return StyleTerm(layer, recipe.style_loss, *size, recipe.gram_channels, region)
    if recipe.style_statistic == "moments":
        return MomentsTerm(layer, recipe.style_loss, *size, 0.0, region, recipe.moments_scale)
    return WassersteinTerm(layer, recipe.style_loss, *size, 0.0, region)
