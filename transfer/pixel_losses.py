"""Losses on the pixels of the generated image, which are not in the paper; written like those of `transfer.losses`."""

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from transfer.recipe.choices import Variation
from transfer.term import PIXELS, Pixels, Target
from vgg.statistics import step_sums


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
