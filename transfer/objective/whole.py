"""The total loss and its gradient as a function of the generated image, computed for the whole image at once."""

from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf

from transfer.losses import total_loss
from transfer.objective.references import Piece, References
from transfer.objective.striped import StripedEvaluation
from transfer.objective.style_targets import KnownGrams
from transfer.objective.terms import Targets, layers_of, targets_of
from transfer.term import PIXELS, Losses, Pixels, Term
from vgg.network import VGG19

#: Pixels of a content or style image whose maps are computed at once. A style picture can be larger than the image that
#: is made, and would need more memory than was planned; its maps are only looked at, so stripes cost nothing.
LARGEST_AT_ONCE = 1 << 20
ROWS = 128


class WholeEvaluation:
    """Total loss and gradient for all images of one size.

    The targets are arguments of the compiled function, not constants in it. So another pair of images of the same sizes
    needs no new compilation, which takes longer than an evaluation.
    """

    def __init__(self, network: VGG19, terms: Sequence[Term]) -> None:
        """Prepare the sum of `terms` on the maps of `network`; it is compiled when it is first called."""
        self.network, self.terms, self.layers = network, tuple(terms), layers_of(terms)
        # autograph off: our loops are Python's and run while the graph is built
        self._known_grams: KnownGrams = {}
        self._compiled = tf.function(self._losses_and_gradient, autograph=False)

    def targets(self, references: References) -> Targets:
        """Return what the terms compare with."""
        targets = targets_of(self.terms, self._maps, references, self._known_grams)
        return {name: target.as_tensors() for name, target in targets.items()}

    def __call__(self, image: np.ndarray, targets: Targets) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) float32 at `image` (H, W, 3)."""
        losses, gradient = self._compiled(tf.constant(image[None], tf.float32), targets)  # (1, H, W, 3)
        return tf.nest.map_structure(float, losses), gradient[0].numpy()

    def _losses_and_gradient(self, image: tf.Tensor, targets: Targets) -> tuple[Losses, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            values = self.network(image, self.layers) | {PIXELS: Pixels(image, below=image[:, :0])}  # (1, 0, W, 3)
            statistics = {term.name: term.statistic(values[term.layer], targets[term.name]) for term in self.terms}
            losses = total_loss(self.terms, statistics, targets)
        return losses, tape.gradient(losses.total, image)

    def _maps(self, image: np.ndarray, layers: Sequence[str]) -> Iterable[Piece]:
        if image.shape[0] * image.shape[1] > LARGEST_AT_ONCE:
            return StripedEvaluation(self.network, self.terms, ROWS).maps(image, layers)
        maps = self.network(tf.constant(image[None], tf.float32), layers)
        return [Piece(layer, 0, maps[layer].shape[1], maps[layer]) for layer in layers]
