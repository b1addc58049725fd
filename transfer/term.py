"""What a term of the total loss is, and what its values are called.

To add a loss of another kind, write a class with the attributes and methods of `Term`, as in `transfer.losses` and
`transfer.pixel_losses`, and let `transfer.objective.terms` put it on the list and say what its target is. Nothing else
has to know of it.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import tensorflow as tf

PIXELS = "pixels"  # the `layer` of a term that looks at the image itself
Statistic = tf.Tensor | tuple[tf.Tensor, ...]  # a sum over positions, or several


class Losses(NamedTuple):
    """What one evaluation gives, each already multiplied by its weight: scalar tensors, and floats in the end."""

    total: tf.Tensor  # Eq. 7, and the terms that are not in the paper
    groups: dict[str, tf.Tensor]  # "content": α L_content, "style": β L_style, "tv": …
    terms: dict[str, tf.Tensor]  # by name, such as "content relu4_2"; the terms of a group add up to it


class Pixels(NamedTuple):
    """Rows of the image, as terms on pixels get them: RGB in [0, 255]."""

    rows: tf.Tensor  # (1, H, W, 3)
    below: tf.Tensor  # the next row, for steps into it: (1, 1, W, 3), or (1, 0, W, 3) where the image ends


class Target(NamedTuple):
    """What a term compares the generated image with: NumPy arrays or tensors."""

    maps: tf.Tensor | None = None  # one entry for each position, such as P: cut into parts together with the image
    summary: tf.Tensor | None = None  # of all positions together: Σ P² (), or A (N, N)
    distance: tf.Tensor | None = None  # (): the sum of squares to a picture of reference, or None if unused

    def as_tensors(self) -> Target:
        """Return the target as tensors, or TensorFlow would copy the arrays at every evaluation."""
        return Target(*(None if values is None else tf.constant(values) for values in self))


class Term(Protocol):
    """One summand of the total loss."""

    name: str  # such as "content relu4_2"; no two terms have the same
    group: str  # the losses of a group are shown as one
    layer: str  # whose feature maps the term looks at, or `PIXELS`

    def statistic(self, values: tf.Tensor | Pixels, target: Target) -> Statistic:
        """Return a sum over the positions of `values`: the layer's maps (1, H', W', N), or rows of pixels.

        `target.maps` has the same rows as `values`.
        """

    def loss(self, statistic: Statistic, target: Target) -> tf.Tensor:
        """Return the weighted loss, a scalar, from the `statistic` of the whole image; `target` has no `maps` here."""
