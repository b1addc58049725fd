"""Losses on the pixels of the generated image, which are not in the paper; written like those of `transfer.losses`.

One calms the grain of a picture, the other the flicker of a film.
"""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from transfer.recipe.choices import Variation
from transfer.term import PIXELS, Pixels, Target
from vgg.statistics import step_sums

#: Pixel levels. A picture that is everywhere this far from the warped earlier result has the temporal loss 1. It is the
#: grain that the default recipe's content loss counts as 1, too (`transfer.objective.terms.GRAIN`).
TEMPORAL_LEVELS = 20.0


@dataclass(frozen=True)
class VariationTerm:
    """Total variation: steps between neighbouring pixels. It is not in the paper and calms grain of single pixels.

    Gradient. A pixel x stands in up to four steps d, as the end of two (+1) and the start of two (−1): each contributes
    ± power · |d|^(power−1) · sign d, times its n^count and the factor; with squares that is ± 2d.
    """

    group: ClassVar[str] = "tv"
    name: ClassVar[str] = "tv"
    layer: ClassVar[str] = PIXELS
    weight: float
    variation: Variation
    height: int  # of the whole image
    width: int

    def statistic(self, values: Pixels, target: Target) -> tuple[tf.Tensor, tf.Tensor]:
        """Return Σ |step|^power over the steps down, and over those across, scalars."""
        return step_sums(*values, self.variation.power, self.variation.last_row_and_column)

    def loss(self, statistic: tuple[tf.Tensor, tf.Tensor], target: Target) -> tf.Tensor:
        """Return the weighted total variation."""
        total = tf.constant(0.0)
        left_out = 0 if self.variation.last_row_and_column else 1
        height, width = self.height - left_out, self.width - left_out
        counts = 3 * (self.height - 1) * width, 3 * height * (self.width - 1)
        for steps, count in zip(statistic, counts, strict=True):
            total += steps * float(count) ** self.variation.count
        return self.weight * (self.variation.factor * total)


@dataclass(frozen=True)
class TemporalTerm:
    """What holds a frame of a film to the earlier ones: L_temporal of Ruder, Dosovitskiy & Brox 2016, their Eq. 7.

    The target's `maps` are (1, H, W, 4): the earlier result w, brought to where things are now, and the weight c of
    each pixel, which is 0 where nothing is known of it (`transfer.video.flow`). With
    D = 3·H·W values in the picture,

        loss = γ Σ c (x − w)² / (D · TEMPORAL_LEVELS²).

    The paper has no TEMPORAL_LEVELS. They bring the loss to the size of the default recipe's others, which are 1 at a
    picture of reference. Programs with γ in the paper's sense have `weight` / TEMPORAL_LEVELS².

    Gradient. Each value stands in one square only: ∂/∂x = 2 γ c (x − w) / (D · TEMPORAL_LEVELS²), and 0 where c = 0.
    """

    group: ClassVar[str] = "temporal"
    name: ClassVar[str] = "temporal"
    layer: ClassVar[str] = PIXELS
    weight: float  # γ
    height: int  # of the whole image
    width: int

    def statistic(self, values: Pixels, target: Target) -> tf.Tensor:
        """Return Σ c (x − w)², a scalar."""
        before, trust = target.maps[..., :3], target.maps[..., 3:]
        return tf.reduce_sum(trust * tf.square(values.rows - before))

    def loss(self, statistic: tf.Tensor, target: Target) -> tf.Tensor:
        """Return γ L_temporal in units of TEMPORAL_LEVELS²."""
        return self.weight * (statistic / (3 * self.height * self.width * TEMPORAL_LEVELS**2))
