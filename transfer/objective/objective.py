"""An evaluation together with its targets: a function of the generated image alone, which is what is minimised."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from transfer.objective.references import References
from transfer.objective.terms import Targets, loss_of_zeros
from transfer.term import Losses, Term
from vgg.network import VGG19

#: In bfloat16 the loss is useful down to this share of the loss of feature maps that are all zero. Below it the
#: gradients of the terms nearly cancel, and what is left of their sum is mostly rounding error.
FLOOR_SHARE = {"float32": 0.0, "bfloat16": 0.01}


class Evaluation(Protocol):
    """A way to compute the terms on the maps of a network: whole, in stripes, or in bands on many machines."""

    network: VGG19
    terms: Sequence[Term]

    def targets(self, references: References) -> Targets:
        """Return what the terms compare with."""

    def __call__(self, image: np.ndarray, targets: Targets) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) float32 at `image` (H, W, 3)."""


class Objective:
    """The total loss and its gradient as a function of the generated image."""

    def __init__(self, evaluation: Evaluation, references: References) -> None:
        """Compute what the loss compares with; the image evaluated has the size that `evaluation` is for."""
        self.evaluation, self.targets = evaluation, evaluation.targets(references)
        share = FLOOR_SHARE[evaluation.network.precision.name]
        self.floor = share * loss_of_zeros(evaluation.terms, self.targets) if share else 0.0

    def __call__(self, image: np.ndarray) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) float32 at `image` (H, W, 3)."""
        return self.evaluation(image, self.targets)
