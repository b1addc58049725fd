"""The style loss of one region in one layer: Eq. 4 with guided Gram matrices (Gatys et al. 2017, Eq. 4 and 5)."""

from dataclasses import dataclass

import tensorflow as tf

from transfer.losses import StyleTerm
from transfer.term import Target
from vgg.statistics import gram_sums


@dataclass(frozen=True)
class GuidedStyleTerm(StyleTerm):
    """A style term that only sees a region. The target's `maps` are the guide T, (1, H', W', 1).

    T has a mean square of 1 (`transfer.regions.layer_guide`), so everything else stays as it is.
    """

    @property
    def name(self) -> str:
        """Return for example `style relu1_1 white`."""
        return f"{self.group} {self.layer} {self.region}"

    def statistic(self, values: tf.Tensor, target: Target) -> tf.Tensor:
        """Return (T F)ᵀ (T F), (N, N)."""
        return gram_sums(values * tf.cast(target.maps, values.dtype))
