"""The losses of Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016.

For a layer with N channels and M positions, F is the generated image's feature maps as a matrix of M rows and N
columns (the transpose of the paper's N × M, because TensorFlow keeps channels last), P the content image's, and G and A
the Gram matrices of the generated and of the style image.

    content   L = ½ Σ (F − P)²             Eq. 1        gradient  ∂L/∂F = F − P          where F > 0, else 0   Eq. 2
    Gram      G = Fᵀ F                     Eq. 3
    style     E = Σ (G − A)² / (4 N² M²)   Eq. 4        gradient  ∂E/∂F = F (G − A) / (N² M²)  where F > 0     Eq. 6
    total     α Σ L + β Σ w E              Eq. 5, 7

"Where F > 0" is the derivative of the ReLU, so F is what comes after it. TensorFlow finds all gradients by itself; the
docstrings below derive them so that a reader can check them, and the tests do.

Each summand of the total loss is a *term*. It is computed in two stages, because an image may be too large to look at
all at once (`transfer.objective`):

1. its *statistic*, a sum over positions: Σ (F − P)², or Fᵀ F. The statistics of the parts of an image are added up.
2. its *loss*, from the statistic of the whole image. Here stand the paper's factors, as a `Normalization`.

To add a loss of another kind, write a class with the same five attributes and two methods, and put it into the list of
terms (`transfer.objective.terms`). Nothing else has to know of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

import tensorflow as tf

from transfer.recipe.choices import Normalization
from vgg.statistics import as_matrix, gram_of_sums, gram_sums

PIXELS = "pixels"  # the `layer` of a term that looks at the image itself
Statistic = tf.Tensor | tuple[tf.Tensor, ...]  # a sum over positions, or several


class Losses(NamedTuple):
    """What one evaluation gives, all weighted as they are summed; scalars."""

    total: tf.Tensor  # Eq. 7
    groups: dict[str, tf.Tensor]  # "content": α · L_content, "style": β · L_style, "tv" …
    terms: dict[str, tf.Tensor]  # "content relu4_2" …: what each layer has in the group


class Pixels(NamedTuple):
    """Rows of the image, as terms on pixels get them: RGB in [0, 255]."""

    rows: tf.Tensor  # (1, H, W, 3)
    below: tf.Tensor  # the next row, (1, 1, W, 3), or none where the image ends, (1, 0, W, 3)


class Target(NamedTuple):
    """What a term compares the generated image with."""

    maps: tf.Tensor | None = None  # position by position: cut into parts together with the image
    whole: tf.Tensor | None = None  # for the image as a whole

    def as_tensors(self) -> "Target":
        """Return the target with arrays turned into tensors, which are then not copied at every evaluation."""
        return Target(*(None if values is None else tf.constant(values) for values in self))


class Term(Protocol):
    """One summand of the total loss."""

    name: str  # such as "content relu4_2"; no two terms have the same
    group: str  # the losses of a group are shown as one
    layer: str  # whose feature maps the term looks at, or `PIXELS`
    weight: float

    def statistic(self, values: tf.Tensor | Pixels, target: Target) -> Statistic:
        """Return a sum over positions of `values`, the layer's maps (1, H, W, N) or rows of pixels."""

    def loss(self, statistic: Statistic, target: Target) -> tf.Tensor:
        """Return the weighted loss, a scalar, from the `statistic` of the whole image; `target` has no `maps` here."""


@dataclass(frozen=True)
class ContentTerm:
    """Eq. 1 for one layer. The target's `maps` are P, (1, H, W, N), and its `whole` is Σ P².

    Gradient (Eq. 2). Each value of F stands in one square only, k (F − P)², whose derivative is 2 k (F − P). With the
    paper's k = ½ this is F − P. One step further back, before the ReLU F = max(0, x), it is multiplied by ∂F/∂x: 1
    where F > 0 and 0 elsewhere.
    """

    group: ClassVar[str] = "content"
    layer: str
    weight: float  # α, times the layer's share
    normalization: Normalization  # k
    channels: int  # N
    positions: int  # M

    @property
    def name(self) -> str:
        """Return for example `content relu4_2`."""
        return f"{self.group} {self.layer}"

    def statistic(self, values: tf.Tensor, target: Target) -> tf.Tensor:
        """Return Σ (F − P)², a scalar."""
        return tf.reduce_sum(tf.square(as_matrix(values) - as_matrix(target.maps)))  # over (M, N)

    def loss(self, statistic: tf.Tensor, target: Target) -> tf.Tensor:
        """Return α k Σ (F − P)²."""
        return self.weight * normalized(statistic, target.whole, self.channels, self.positions, self.normalization)


@dataclass(frozen=True)
class StyleTerm:
    """Eq. 4 for one layer. The target's `whole` is A, (N, N), divided by the number of positions of the style image.

    In the code G = Fᵀ F / M, where M is divided out at once. This takes the M² out of Eq. 4 and changes neither E nor
    its gradient when both images have the same size. When they have not, like is still compared with like. (The paper
    resizes the style image to the content's size; here it keeps its aspect ratio.)

    Gradient (Eq. 6), step by step, with G = g Fᵀ F and E = k Σ (G − A)²:

    1. ∂E/∂G = 2 k (G − A). Call it D; it is symmetric because G and A are.
    2. G_ij = g Σ_m F_mi F_mj. So F_mi stands in row i of G with the factor F_mj, and in column i with the same:
       ∂E/∂F_mi = g Σ_j D_ij F_mj + g Σ_j D_ji F_mj = 2 g Σ_j F_mj D_ji.
    3. As matrices: ∂E/∂F = 2 g F D = 4 k g F (G − A).

    With the paper's undivided Gram matrices, g = 1 and k = 1/(4N²M²), this is F (G − A)/(N²M²), its Eq. 6. The ReLU
    adds its 0 or 1 as in Eq. 2.
    """

    group: ClassVar[str] = "style"
    layer: str
    weight: float  # β w_l
    normalization: Normalization  # k
    channels: int  # N
    positions: int  # M
    gram_channels: float = 0.0  # G = Fᵀ F · N^gram_channels / M

    @property
    def name(self) -> str:
        """Return for example `style relu1_1`."""
        return f"{self.group} {self.layer}"

    def statistic(self, values: tf.Tensor, target: Target) -> tf.Tensor:
        """Return Fᵀ F, (N, N)."""
        return gram_sums(values)

    def loss(self, statistic: tf.Tensor, target: Target) -> tf.Tensor:
        """Return β w_l E_l = β w_l k Σ (G − A)²."""
        gram = gram_of_sums(statistic, self.positions, self.gram_channels)
        difference, energy = tf.reduce_sum(tf.square(gram - target.whole)), tf.reduce_sum(tf.square(target.whole))
        return self.weight * normalized(difference, energy, self.channels, self.positions, self.normalization)


def normalized(
    difference: tf.Tensor, energy: tf.Tensor, channels: int, positions: int, normalization: Normalization
) -> tf.Tensor:
    """Return k · `difference`, where that is Σ (values − target)² and `energy` is Σ target², scalars."""
    energy = tf.maximum(energy, 1e-12)  # a blank target has none to compare with
    scale = normalization.factor * channels**normalization.channels * positions**normalization.positions
    return scale * difference * energy**normalization.target


def total_loss(terms: Sequence[Term], statistics: Mapping[str, Statistic], targets: Mapping[str, Target]) -> Losses:
    """Return the sum of all terms (Eq. 7), by group and by term.

    The gradient of a sum is the sum of the gradients: α ∂L_content/∂x + β Σ w_l ∂E_l/∂x, each layer's ∂/∂F taken
    back to the pixels x through the convolutions, ReLUs and pools between.

    Args:
        terms: the summands; their weights are α, β and w_l.
        statistics: of the whole image, by the term's name.
        targets: by the term's name.
    """
    # Without maps: an image in stripes has no maps of the whole either, so no loss should come to need them.
    losses = {term.name: term.loss(statistics[term.name], targets[term.name]._replace(maps=None)) for term in terms}
    groups: dict[str, tf.Tensor] = {}
    for term in terms:
        groups[term.group] = groups.get(term.group, 0.0) + losses[term.name]
    return Losses(sum(groups.values()), groups, losses)
