"""The losses of Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016.

A layer's feature maps have N channels and M positions (M = H'·W', the pixels of its maps). F is the generated image's
maps as a matrix of M rows and N columns (the transpose of the paper's N × M, because TensorFlow keeps channels last), P
the content image's, and G and A the Gram matrices of the generated and of the style image.

    content   L_content = ½ Σ (F − P)²           Eq. 1     gradient  F − P                    Eq. 2
    Gram      G = Fᵀ F                           Eq. 3
    style     E_l = Σ (G − A)² / (4 N² M²)       Eq. 4     gradient  F (G − A) / (N² M²)      Eq. 6
              L_style = Σ_l w_l E_l              Eq. 5
    total     α L_content + β L_style            Eq. 7

The paper adds to both gradients: 0 where F < 0. No value is below 0 after a ReLU, so the paper means the gradient with
respect to the values before it. Those above are with respect to F, the values after it. The docstrings below derive
them, so that a reader can check them, and the tests do. TensorFlow finds them by itself; for Fᵀ F,
`vgg.statistics.gram_sums` saves it one of two products.

The factors ½ and 1/(4N²M²) are one choice among many, so they are data: `recipes.LossScale` is the k in
k Σ (values − target)². The default recipe's k makes each loss 0 at its target and 1 at an image of reference.

Each summand of the total loss is a *term*: the content or the style of one layer. It is computed in two stages:

1. its *statistic*, a sum over positions: Σ (F − P)², or Fᵀ F;
2. its *loss*, from the statistic of the whole image. α, β and w_l come last, in `total_loss`.

The reason is that an image may be too large to be computed at once (`transfer.striped`). The losses of its parts could
not be added up, because Eq. 4 takes squares after the sum over positions. The statistics can.

To add a loss of another kind, write a class with the attributes and methods of `Term`, let `transfer.objective` put it
on the list with its weight, and `transfer.targets` say what its target is. Nothing else has to know of it. Two terms
that are not in the paper look at pixels: one calms the grain of an image, the other the flicker of a film.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from transfer.recipes import LossScale, Variation
from vgg.statistics import as_matrix, gram_of_sums, gram_sums, step_sums

PIXELS = "pixels"  # the `layer` of a term that looks at the image itself
Statistic = tf.Tensor | tuple[tf.Tensor, ...]  # a sum over positions, or several
#: A distance counts as no smaller than this share of Σ target².
SMALLEST_DISTANCE = 0.01
#: Pixel levels. An image that is everywhere this far from the warped earlier result has the temporal loss 1. It is the
#: grain that the default recipe's content loss counts as 1, too (`transfer.targets.GRAIN`).
TEMPORAL_LEVELS = 20.0


class Target(NamedTuple):
    """What a term compares the generated image with: NumPy arrays or tensors, or None where the term needs none.

               maps, one entry a position          summary, of all positions
    content    P (1, H', W', N), or P and weights  Σ P² ()
    style      –, or the guide T (1, H', W', 1)    A (N, N); `transfer.neighbours` has others
    temporal   colours and weights (1, H, W, 4)    –
    """

    maps: tf.Tensor | None = None  # cut into parts together with the image
    summary: tf.Tensor | None = None
    distance: tf.Tensor | None = None  # (): the sum of squares to an image of reference

    def as_tensors(self) -> Target:
        """Return the target as tensors, or TensorFlow would copy the arrays at every evaluation."""
        return Target(*(None if values is None else tf.constant(values) for values in self))


@dataclass(frozen=True)
class ContentTerm:
    """Eq. 1 for one layer. The target's `maps` are P, (1, H', W', N), and its `summary` is Σ P².

    Gradient (Eq. 2). Each value of F stands in one square only, k (F − P)², whose derivative is 2 k (F − P). With the
    paper's k = ½ this is F − P. One layer further back, before the ReLU F = max(0, z), it is multiplied by ∂F/∂z: 1
    where F > 0 and 0 elsewhere.
    """

    group: ClassVar[str] = "content"
    layer: str
    scale: LossScale  # k
    channel_count: int  # N
    position_count: int  # M

    @property
    def name(self) -> str:
        """Return for example `content relu4_2`."""
        return f"{self.group} {self.layer}"

    def statistic(self, values: tf.Tensor, target: Target) -> tf.Tensor:
        """Return Σ (F − P)², a scalar."""
        return tf.reduce_sum(tf.square(as_matrix(values) - as_matrix(target.maps)))  # over (M, N)

    def loss(self, statistic: tf.Tensor, target: Target) -> tf.Tensor:
        """Return k Σ (F − P)²."""
        energy = target.summary
        return scaled(statistic, energy, target.distance, self)


@dataclass(frozen=True)
class WeightedContentTerm(ContentTerm):
    """Eq. 1 where the strength is not the same everywhere: each position x has a weight w_x, 1 if it counts as usual.

    The target's `maps` are P and w, (1, H', W', N + 1). Its `summary` and `distance` are without weights, so that k is
    the same as without them, and a position of weight 1 too. Gradient: 2 k w (F − P), as w_x stands before each square.
    """

    def statistic(self, values: tf.Tensor, target: Target) -> tf.Tensor:
        """Return Σ w (F − P)², a scalar."""
        maps, weights = as_matrix(target.maps[..., :-1]), as_matrix(target.maps[..., -1:])  # (M, N), (M, 1)
        return tf.reduce_sum(weights * tf.square(as_matrix(values) - maps))


@dataclass(frozen=True)
class StyleTerm:
    """Eq. 4 for one layer. The target's `summary` is A, (N, N). Other style statistics are in `style_statistics`.

    Here G = g Fᵀ F with g = N^gram_power / M. The 1/M takes the M² out of Eq. 4. This changes neither E nor its
    gradient when both images have the same size, and still compares like with like when they have not: A has its own
    M. The power of N is 0 in the paper, and −1 in programs that divide by N as well.

    Gradient (Eq. 6) of E = k Σ (G − A)², with m for a position, i and j for channels:

    1. ∂E/∂G = 2 k (G − A). Call it D; it is symmetric because G and A are.
    2. G_ij = g Σ_m F_mi F_mj, so ∂G_ij/∂F_mi = g F_mj, and the same for G_ji (for i = j both add up to 2 g F_mi):
       ∂E/∂F_mi = g Σ_j D_ij F_mj + g Σ_j D_ji F_mj = 2 g Σ_j F_mj D_ji.
    3. As matrices: ∂E/∂F = 2 g F D = 4 k g F (G − A).

    With the paper's undivided Gram matrices, g = 1 and k = 1/(4N²M²), this is F (G − A)/(N²M²), its Eq. 6. The ReLU
    multiplies it by 0 or 1 as in Eq. 2.

    For a region (Gatys et al., CVPR 2017, Eq. 4 and 5) the target's `maps` are its guide T, (1, H', W', 1), and F is
    T F everywhere. T has a mean square of 1 (`transfer.regions.layer_guide`), so the rest stays as it is.
    """

    group: ClassVar[str] = "style"
    layer: str
    scale: LossScale  # k
    channel_count: int  # N
    position_count: int  # M
    gram_power: float = 0.0
    region: str = ""  # the part of the image that it looks at, if not all of it

    @property
    def name(self) -> str:
        """Return for example `style relu1_1`, or `style relu1_1 white` for a region."""
        return f"{self.group} {self.layer} {self.region}".rstrip()

    def statistic(self, values: tf.Tensor, target: Target) -> tf.Tensor:
        """Return what `sums` does for the target's guide."""
        return self.sums(values, target.maps)

    def sums(self, values: tf.Tensor, guide: tf.Tensor | None) -> tf.Tensor:
        """Return Fᵀ F (N, N) of maps (1, H', W', N), multiplied by the guide (1, H', W', 1) if there is one."""
        return gram_sums(values if guide is None else values * tf.cast(guide, values.dtype))

    def gram(self, sums: tf.Tensor | np.ndarray, positions: int) -> tf.Tensor | np.ndarray:
        """Return G from the `sums` of all positions."""
        return gram_of_sums(sums, positions, self.gram_power)

    def summary(self, target_gram: np.ndarray) -> np.ndarray:
        """Return what a target keeps of A; several style images are blended in it already."""
        return target_gram

    def error(self, gram: tf.Tensor, summary: tf.Tensor) -> tf.Tensor:
        """Return Σ (G − A)², a scalar; `summary` is the target's."""
        return tf.reduce_sum(tf.square(gram - summary))

    def energy(self, summary: tf.Tensor) -> tf.Tensor:
        """Return the error of maps that are 0 everywhere, a scalar."""
        return tf.reduce_sum(tf.square(summary))

    def loss(self, statistic: tf.Tensor, target: Target) -> tf.Tensor:
        """Return E_l = k Σ (G − A)²."""
        error = self.error(self.gram(statistic, self.position_count), target.summary)
        return scaled(error, self.energy(target.summary), target.distance, self)


def scaled(
    squared_error: tf.Tensor, energy: tf.Tensor, distance: tf.Tensor | None, term: ContentTerm | StyleTerm
) -> tf.Tensor:
    """Return k Σ (values − target)² of a term, with the k that its `LossScale` says.

    Args:
        squared_error: Σ (values − target)², a scalar.
        energy: Σ target², a scalar.
        distance: Σ (reference − target)², as in `LossScale`; None if k does not depend on it.
        term: has N, M and the `LossScale`.
    """
    scale = term.scale  # its fields but `factor` are exponents
    energy = tf.maximum(energy, 1e-12)  # a target that is zero everywhere has no inverse
    k = scale.factor * term.channel_count**scale.channels * term.position_count**scale.positions * energy**scale.target
    if scale.distance:
        # A reference that nearly is the target would otherwise make a loss of their last digits.
        k *= tf.maximum(distance, SMALLEST_DISTANCE * energy) ** scale.distance
    return k * squared_error


class Pixels(NamedTuple):
    """Rows of the image, as terms on pixels get them: RGB in [0, 255]."""

    rows: tf.Tensor  # (1, H, W, 3)
    below: tf.Tensor | None  # the next row, for steps into it: (1, 1, W, 3); (1, 0, W, 3) or None where the image ends


@dataclass(frozen=True)
class VariationTerm:
    """Total variation: steps between neighbouring pixels. It is not in the paper and calms grain of single pixels.

    Gradient. A pixel x stands in up to four steps d, as the end of two (+1) and the start of two (−1): each contributes
    ± power · |d|^(power−1) · sign d, times its n^count and the factor; with squares that is ± 2d.
    """

    group: ClassVar[str] = "tv"
    name: ClassVar[str] = "tv"
    layer: ClassVar[str] = PIXELS
    variation: Variation
    height: int  # of the whole image
    width: int

    def statistic(self, values: Pixels, target: Target) -> tuple[tf.Tensor, tf.Tensor]:
        """Return Σ |step|^power over the steps down, and over those across, scalars."""
        return step_sums(*values, self.variation.power, self.variation.last_row_and_column)

    def loss(self, statistic: tuple[tf.Tensor, tf.Tensor], target: Target) -> tf.Tensor:
        """Return the total variation."""
        total = tf.constant(0.0)
        left_out = 0 if self.variation.last_row_and_column else 1
        height, width = self.height - left_out, self.width - left_out
        step_counts = 3 * (self.height - 1) * width, 3 * height * (self.width - 1)
        for steps, step_count in zip(statistic, step_counts, strict=True):
            total += steps * float(step_count) ** self.variation.count
        return self.variation.factor * total


@dataclass(frozen=True)
class TemporalTerm:
    """What holds a frame of a film to the earlier ones: L_temporal of Ruder, Dosovitskiy & Brox 2016, their Eq. 7.

    The target's `maps` are (1, H, W, 4): the earlier result w, brought to where things are now, and the weight c of
    each pixel, which is 0 where nothing is known of it. With D = 3·H·W values in the image,

        loss = Σ c (x − w)² / (D · TEMPORAL_LEVELS²).

    The paper has no TEMPORAL_LEVELS. They bring the loss to the size of the default recipe's others, which are 1 at an
    image of reference. A weight γ in the paper's sense is γ · TEMPORAL_LEVELS² here.

    Gradient. Each value stands in one square only: ∂/∂x = 2 c (x − w) / (D · TEMPORAL_LEVELS²), and 0 where c = 0.
    """

    group: ClassVar[str] = "temporal"
    name: ClassVar[str] = "temporal"
    layer: ClassVar[str] = PIXELS
    height: int  # of the whole image
    width: int

    def statistic(self, values: Pixels, target: Target) -> tf.Tensor:
        """Return Σ c (x − w)², a scalar."""
        warped, confidence = target.maps[..., :3], target.maps[..., 3:]
        return tf.reduce_sum(confidence * tf.square(values.rows - warped))

    def loss(self, statistic: tf.Tensor, target: Target) -> tf.Tensor:
        """Return L_temporal in units of TEMPORAL_LEVELS²."""
        return statistic / (3 * self.height * self.width * TEMPORAL_LEVELS**2)


class Term(Protocol):
    """One summand of the total loss, before it is weighted."""

    name: str  # such as "content relu4_2"; no two terms have the same
    group: str  # the losses of a group are shown as one
    layer: str  # whose feature maps the term looks at, or `PIXELS`

    def statistic(self, values: tf.Tensor | Pixels, target: Target) -> Statistic:
        """Return a sum over the positions of `values`: the layer's maps (1, H', W', N), or rows of pixels.

        `target.maps` has the same rows as `values`.
        """

    def loss(self, statistic: Statistic, target: Target) -> tf.Tensor:
        """Return the loss, a scalar, from the `statistic` of the whole image; `target` has no `maps` here."""


class Losses(NamedTuple):
    """What one evaluation gives, each multiplied by its weight already: scalar tensors, and floats in the end."""

    total: tf.Tensor  # Eq. 7, and the terms that are not in the paper
    groups: dict[str, tf.Tensor]  # "content": α L_content, "style": β L_style, "tv": …
    terms: dict[str, tf.Tensor]  # by name, such as "content relu4_2"; the terms of a group add up to it


def total_loss(
    terms: Sequence[Term],
    statistics: Mapping[str, Statistic],
    targets: Mapping[str, Target],
    weights: Mapping[str, tf.Tensor | float],
) -> Losses:
    """Return the weighted sum of all terms (Eq. 5 and 7), by group and by term.

    The gradient of a sum is the sum of the gradients: α ∂L_content/∂x + β Σ w_l ∂E_l/∂x, each layer's ∂/∂F taken
    back to the image x through the convolutions, ReLUs and pools between.

    Args:
        terms: the summands.
        statistics: of the whole image, by the term's name.
        targets: by the term's name.
        weights: by the term's name: α times the layer's share of it, β w_l, and so on.
    """
    # Without `maps`: stripes have only those of their own rows, and what works whole should work in stripes too.
    wholes = {term.name: targets[term.name]._replace(maps=None) for term in terms}
    losses = {term.name: weights[term.name] * term.loss(statistics[term.name], wholes[term.name]) for term in terms}
    groups: dict[str, tf.Tensor] = {}
    for term in terms:
        groups[term.group] = groups.get(term.group, 0.0) + losses[term.name]
    return Losses(sum(groups.values()), groups, losses)
