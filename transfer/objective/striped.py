"""The total loss and its gradient stripe by stripe, exactly: an image of any size without all of its maps.

Every term is a function of a sum over positions: Fᵀ F, or Σ (F − P)². So it is enough to keep what the pools put out, a
twentieth of all maps:

1. forward, block by block from pool to pool, each in stripes of rows: write the pool's output, add up the statistics;
2. from the statistics the losses, and the derivative of the total loss with respect to each statistic;
3. backward, from the deepest block to the first: compute each stripe again, now for its gradient, from these
   derivatives and from the gradient at the pool's output, the upstream gradient.

Nothing is left out: it is the chain rule, with the statistics and the pools as the steps between. The price is most of
one more forward pass (`block`), and the few rows of halo (`geometry`) that are computed twice.

Many machines could each own some rows of everything. In each step all add up their statistics, an all-reduce of
Σ_l N_l² numbers of 4 bytes: 2.4 MB sent and as much received for the paper's five style layers, whatever the image's
size. Neighbours send each other their halos: as many rows of each block's input as the block has convolutions on the
way forward, and the gradient there on the way back. In float32 at 4096 pixels across that is 0.1 + 1.0 + 2.1 + 2.1 +
0.5 = 5.9 MB down to relu5_1, for each border, in each direction, each way. Both are what NCCL, MPI and Gloo do.
"""

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np
import tensorflow as tf

from transfer.losses import total_loss
from transfer.objective.block import RELU_MASK, Block
from transfer.objective.geometry import Stripe, stripes
from transfer.objective.references import Piece, References
from transfer.objective.style_targets import KnownGrams
from transfer.objective.terms import Targets, targets_of
from transfer.objective.walk import blocks_of, walk
from transfer.term import Losses, Statistic, Term
from vgg.layers import layer_named
from vgg.network import VGG19
from vgg.shapes import maps_shape

Sums = np.ndarray | tuple[np.ndarray, ...]  # a statistic, in float64
ReluMasks = dict[tuple[Block, Stripe], np.ndarray]  # as bits


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
        inputs = [np.asarray(image, np.float32)]
        masks: ReluMasks = {}
        losses, of_statistics = self.losses_and_derivatives(self._statistics(inputs, masks, targets), targets)
        gradient = None
        for block in reversed(self.blocks):
            gradient = self._gradient(block, inputs.pop(), masks, targets, of_statistics, gradient)
        return losses, gradient

    def losses_and_derivatives(
        self, statistics: dict[str, Sums], targets: Targets
    ) -> tuple[Losses, dict[str, Statistic]]:
        """Return the losses, as floats, and the derivative of the total with respect to each statistic."""
        tensors = tf.nest.map_structure(lambda total: tf.constant(total, tf.float32), statistics)
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            losses = total_loss(self.terms, tensors, targets)
        # A loss need not use all of its statistic. What it leaves out has derivative 0.
        zero = tf.UnconnectedGradients.ZERO
        return tf.nest.map_structure(float, losses), tape.gradient(losses.total, tensors, unconnected_gradients=zero)

    def _statistics(self, inputs: list[np.ndarray], masks: ReluMasks, targets: Targets) -> dict[str, Sums]:
        """Return all statistics of the image in `inputs`, where `walk` adds the pools' outputs.

        The stripes are added up in float64, so that no digit is lost.
        """
        totals: dict[str, Sums] = {}
        for block, stripe, crop, maps in walk(self.blocks, inputs, self.rows):
            for name, part in block.statistics(crop, stripe.core, maps, block.targets(targets, stripe)).items():
                part = tf.nest.map_structure(lambda sums: np.asarray(sums, np.float64), part)
                totals[name] = tf.nest.map_structure(np.add, totals[name], part) if name in totals else part
            if block.keeps_mask:
                masks[block, stripe] = np.packbits(maps[RELU_MASK].numpy())
        return totals

    def _gradient(
        self,
        block: Block,
        whole: np.ndarray,
        masks: ReluMasks,
        targets: Targets,
        of_statistics: dict[str, Statistic],
        upstream: np.ndarray | None,
    ) -> np.ndarray:
        """Return the gradient at a block's input `whole` (H, W, C) from that at its output; None for the last block.

        It takes the place of `whole`, except for the image, because rows above the next stripe are not needed again.
        """
        gradient = np.empty_like(whole) if block.first else whole
        of_block = stripes(len(whole), self.rows, block.halo)
        shared = np.zeros((0, *whole.shape[1:]), whole.dtype)  # rows the stripe before has added to as well
        for i, stripe in enumerate(of_block):
            above = mask = None
            if upstream is not None:
                above = tf.constant(upstream[stripe.core_of(block.last, self.network.odd_sides)][None])
            if block.keeps_mask:
                shape = (1, stripe.core_stop - stripe.core_start, whole.shape[1], upstream.shape[2])
                bits = np.unpackbits(masks.pop((block, stripe)), count=prod(shape))
                mask = tf.constant(bits.view(bool).reshape(shape))
            inputs = block.inputs(whole, stripe)
            part = block.vjp(*inputs, block.targets(targets, stripe), of_statistics, above, mask)
            part[: len(shared)] += shared
            finished = of_block[i + 1].start if i + 1 < len(of_block) else stripe.stop
            gradient[stripe.start : finished] = part[: finished - stripe.start]
            shared = part[finished - stripe.start :]
        return gradient

    def maps(self, image: np.ndarray, layers: Sequence[str]) -> Iterator[Piece]:
        """Yield the maps of `layers`, stripe by stripe."""
        for block, stripe, _, maps in walk(self.blocks, [np.asarray(image, np.float32)], self.rows):
            for name in (layer for layer in layers if layer in block.names):
                height, _ = maps_shape(*image.shape[:2], name, self.network.odd_sides)
                yield Piece(name, stripe.core_of(layer_named(name), self.network.odd_sides).start, height, maps[name])
