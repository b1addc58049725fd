"""The total loss and its gradient stripe by stripe, exactly: an image of any size without all of its maps.

Every term is a function of a sum over positions: Fᵀ F, or Σ (F − P)². So it is enough to keep what the pools put out, a
twentieth of all maps:

1. forward, block by block from pool to pool, each in stripes of rows: write the pool's output, add up the statistics;
2. from the statistics the losses, and the derivative of the total loss with respect to each statistic;
3. backward, from the deepest block to the first: compute each stripe again, now for its gradient, from these
   derivatives and from the gradient at the pool's output, the upstream gradient.

Nothing is left out: it is the chain rule, with the statistics and the pools as the steps between. The price is most of
one more forward pass (`block`), and the few rows of halo (`geometry`) that are computed twice.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from transfer.losses import total_loss
from transfer.objective.band import Band, Sums, blocks_of
from transfer.objective.references import Piece, References
from transfer.objective.style_targets import KnownGrams
from transfer.objective.terms import Targets, targets_of
from transfer.term import Losses, Statistic, Term
from vgg.layers import layer_named
from vgg.network import VGG19
from vgg.shapes import maps_shape


class StripedEvaluation:
    """What `WholeEvaluation` computes, to the rounding of the network's precision, in far less memory.

    What grows with the image is the image, its gradient, the pools' outputs and the content layers' target maps. In
    float32 at 4096² the pools have 2.0 GB, `relu4_2` has 0.54 GB; `relu1_1` would have 4.3 GB.
    """

    def __init__(self, network: VGG19, terms: Sequence[Term], rows: int) -> None:
        """Prepare the sum of `terms` on the maps of `network`, in stripes of at most `rows` rows of a block's input.

        Raises:
            InputError: `rows` is not a positive even number.
        """
        self.network, self.terms, self.rows = network, tuple(terms), rows
        self.blocks = blocks_of(network, self.terms)
        self._known_grams: KnownGrams = {}

    def targets(self, references: References) -> Targets:
        """Return what the terms compare with. It is computed in stripes too, also for a huge style image."""
        return targets_of(self.terms, self.maps, references, self._known_grams)

    def __call__(self, image: np.ndarray, targets: Targets) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) float32 at `image` (H, W, 3)."""
        band, statistics = Band(self.blocks, self.rows, image), {}
        for _ in self.blocks:
            sums, _ = band.forward(targets)
            statistics |= sums
        losses, of_statistics = losses_and_derivatives(self.terms, statistics, targets)
        for _ in self.blocks:
            band.backward(targets, of_statistics)
        return losses, band.gradient()

    def maps(self, image: np.ndarray, layers: Sequence[str]) -> Iterator[Piece]:
        """Yield the maps of `layers`, stripe by stripe."""
        band = Band(self.blocks, self.rows, image)
        for block in self.blocks:
            for stripe, _, maps in band.walk():
                for name in (layer for layer in layers if layer in block.names):
                    height, _ = maps_shape(*image.shape[:2], name, self.network.odd_sides)
                    start = stripe.core_of(layer_named(name), self.network.odd_sides).start
                    yield Piece(name, start, height, maps[name])


def losses_and_derivatives(
    terms: Sequence[Term], statistics: dict[str, Sums], targets: Targets
) -> tuple[Losses, dict[str, Statistic]]:
    """Return the losses, as floats, and the derivative of the total with respect to each statistic of the image."""
    tensors = tf.nest.map_structure(lambda total: tf.constant(total, tf.float32), statistics)
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        losses = total_loss(terms, tensors, targets)
    # A loss need not use all of its statistic. What it leaves out has derivative 0.
    zero = tf.UnconnectedGradients.ZERO
    return tf.nest.map_structure(float, losses), tape.gradient(losses.total, tensors, unconnected_gradients=zero)
