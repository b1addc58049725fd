"""The total loss and its gradient stripe by stripe, exactly: an image of any size without all of its maps.

Every term is a function of a sum over positions: Fᵀ F, or Σ (F − P)². So it is enough to keep what the pools put out, a
twentieth of all maps:

1. forward, block by block from pool to pool, each in stripes of rows: write the pool's output, add up the statistics;
2. from the statistics the losses, and the derivative of the total loss with respect to each statistic;
3. backward, from the deepest block to the first: compute each stripe again, now for its gradient, from these
   derivatives and from the gradient at the pool's output, the upstream gradient.

Nothing is left out: it is the chain rule, with the statistics and the pools as the steps between. The price is most of
one more forward pass (`block`), and the few rows of halo (`geometry`) that are computed twice.

A *band* of rows may be the whole image, or what one of many machines owns. Then its neighbours' rows are handed in
before each block, and its own edges handed out after it:

    forward     each block's input: the halo is what the neighbours' last block put out
    backward    the gradient there: what a band adds to its halo belongs to the neighbours
"""

from collections.abc import Iterable, Iterator, Sequence
from math import prod

import numpy as np
import tensorflow as tf

from transfer.losses import Losses, Statistic, Term, total_loss
from transfer.objective import TermWeights, layers_of
from transfer.striped.block import RELU_MASK, Block, Maps
from transfer.striped.geometry import Stripe, stripes
from transfer.targets import GramCache, Piece, References, Targets, targets_of
from vgg.layers import blocks, layer_named, maps_shape
from vgg.network import VGG19

Sums = np.ndarray | tuple[np.ndarray, ...]  # a statistic, in float64
Edges = tuple[np.ndarray | None, np.ndarray | None]  # rows for or from the band above, and the band below, (h, W, N)
NONE: Edges = (None, None)


def blocks_of(network: VGG19, terms: Sequence[Term]) -> list[Block]:
    """Return the network down to the deepest layer of the terms."""
    chain = blocks(layers_of(terms))
    return [Block(network, layers, terms, layers is not chain[-1]) for layers in chain]


class Band:
    """One evaluation of a band: call `forward` for each block, and then, if its gradient is wanted, `backward`."""

    def __init__(self, chain: list[Block], rows: int, image: np.ndarray, above: int = 0, below: int = 0) -> None:
        """Begin with the pixels.

        Args:
            chain: the blocks, as `blocks_of` returns them.
            rows: of a stripe at most.
            image: (above + H + below, W, 3): so many rows are of the band above, or below; 0 if there is none.
            above: see there.
            below: see there.
        """
        self._chain, self._rows, self._neighbours = chain, rows, (above > 0, below > 0)
        self._inputs = [np.asarray(image, np.float32)]  # of the blocks so far, each with its halos
        self._size = len(image) - above - below, image.shape[1]
        self._masks: dict[tuple[Block, Stripe], np.ndarray] = {}  # as bits
        self.edges = NONE  # of the last block's output: what the neighbours see of it
        self._gradient: np.ndarray | None = None  # at the input of the last block that `backward` did, with its halos

    @property
    def block(self) -> Block:
        """Return the block that comes next."""
        return self._chain[len(self._inputs) - 1]

    def walk(self, received: Edges = NONE) -> Iterator[tuple[Stripe, tf.Tensor, Maps]]:
        """Go through a block; yield each stripe, its input, and the maps of its core rows. `received` is the halo."""
        block, whole, network = self.block, self._inputs[-1], self.block.network
        for at, rows in zip(_ends(whole, received), received, strict=True):
            if rows is not None:
                whole[at] = rows
        above, below = self._halos(block)
        if block.feeds_next:
            pool, following = block.last, self._halos(self._chain[len(self._inputs)])
            height, width = maps_shape(*self._size, pool.name, network.odd_sides)
            shape = height + sum(following), width, network.channels(pool.name)
            output = np.empty(shape, network.precision.as_numpy_dtype)
            pooled = output[following[0] : following[0] + height]
        for stripe in stripes(len(whole) - above - below, self._rows, block.halo, above, below):
            crop, core = block.inputs(whole, stripe)
            maps = block.core_maps(crop, core)
            yield stripe, crop, maps
            if block.feeds_next:
                pooled[stripe.core_of(pool, network.odd_sides)] = maps[pool.name].numpy()[0]
        if block.feeds_next:
            self._inputs.append(output)
            above, below = following
            self.edges = pooled[:above] if above else None, pooled[height - below :] if below else None
        else:
            self.edges = NONE

    def forward(self, targets: Targets, received: Edges = NONE) -> tuple[dict[str, Sums], Edges]:
        """Go through a block; return the band's part of its statistics, and what the neighbours see of its output.

        `targets` are those at the band's rows. The stripes are added up in float64, so that no digit is lost.
        """
        block, totals = self.block, {}
        for stripe, crop, maps in self.walk(received):
            for name, part in block.statistics(crop, stripe.core, maps, block.targets(targets, stripe)).items():
                part = tf.nest.map_structure(lambda sums: np.asarray(sums, np.float64), part)
                totals[name] = tf.nest.map_structure(np.add, totals[name], part) if name in totals else part
            if block.keeps_mask:
                self._masks[block, stripe] = np.packbits(maps[RELU_MASK].numpy())
        return totals, self.edges

    def backward(self, targets: Targets, statistic_gradients: dict[str, Statistic], received: Edges = NONE) -> Edges:
        """Go back through the last block not yet done; return the gradient at the neighbours' rows of its input.

        The gradient takes the place of the input, except for the image, because rows above the next stripe are not
        needed again. The neighbours return `received` of the block after it; `statistic_gradients` are the derivatives
        of the total loss with respect to each statistic.
        """
        upstream = None if self._gradient is None else self.gradient(received)
        block, whole = self.block, self._inputs.pop()
        gradient = np.empty_like(whole) if block.first else whole
        own_gradients = {term.name: statistic_gradients[term.name] for term in block.terms}
        above, below = self._halos(block)
        of_block = stripes(len(whole) - above - below, self._rows, block.halo, above, below)
        shared = np.zeros((0, *whole.shape[1:]), whole.dtype)  # rows the stripe before has added to as well
        for i, stripe in enumerate(of_block):
            after = mask = None
            if upstream is not None:
                after = tf.constant(upstream[stripe.core_of(block.last, block.network.odd_sides)][None])
            if block.keeps_mask:
                shape = (1, stripe.core_stop - stripe.core_start, whole.shape[1], upstream.shape[2])
                bits = np.unpackbits(self._masks.pop((block, stripe)), count=prod(shape))
                mask = tf.constant(bits.view(bool).reshape(shape))
            inputs, target_rows = block.inputs(whole, stripe), block.targets(targets, stripe)
            part = block.vjp(*inputs, target_rows, own_gradients, after, mask).numpy()
            part[: len(shared)] += shared
            finished = of_block[i + 1].start if i + 1 < len(of_block) else stripe.stop
            gradient[stripe.start : finished] = part[: finished - stripe.start]
            shared = part[finished - stripe.start :]
        self._gradient = gradient
        return gradient[:above] if above else None, gradient[len(gradient) - below :] if below else None

    def gradient(self, received: Edges = NONE) -> np.ndarray:
        """Return the gradient at the band's own rows of that input, with what the neighbours return for them added."""
        above, below = self._halos(self._chain[len(self._inputs)])
        own = self._gradient[above : len(self._gradient) - below]
        for at, rows in zip(_ends(own, received), received, strict=True):
            if rows is not None:
                own[at] += rows
        return own

    def _halos(self, block: Block) -> tuple[int, int]:
        """Return how many rows the block's input has of the band above and of the band below."""
        above, below = self._neighbours
        return block.halo * above, block.halo * below


def _ends(values: np.ndarray, edges: Edges) -> tuple[slice, slice]:
    """Return where the first and the last rows are that `edges` are about."""
    above, below = (0 if rows is None else len(rows) for rows in edges)
    return slice(above), slice(len(values) - below, None)


class StripedEvaluation:
    """What `WholeEvaluation` computes, to the rounding of the network's precision, in far less memory.

    What grows with the image is the image, its gradient, the pools' outputs and the content layers' target maps. In
    float32 at 4096² the pools have 2.0 GB, `relu4_2` has 0.54 GB; `relu1_1` would have 4.3 GB.
    """

    def __init__(self, network: VGG19, terms: Iterable[Term], rows: int) -> None:
        """Prepare the sum of `terms` on the maps of `network`, in stripes of at most `rows` rows of a block's input."""
        self.network, self.terms, self.rows = network, tuple(terms), rows
        self.blocks = blocks_of(network, self.terms)
        self._grams = GramCache()

    def targets(self, references: References) -> Targets:
        """Return what the terms compare with. It is computed in stripes too, also for a huge style image."""
        return targets_of(self.terms, self.maps, references, self._grams)

    def __call__(self, image: np.ndarray, targets: Targets, weights: TermWeights) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) float32 at `image` (H, W, 3)."""
        band, statistics = Band(self.blocks, self.rows, image), {}
        for _ in self.blocks:
            sums, _ = band.forward(targets)
            statistics |= sums
        losses, statistic_gradients = losses_and_derivatives(self.terms, statistics, targets, weights)
        for _ in self.blocks:
            band.backward(targets, statistic_gradients)
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
    terms: Sequence[Term], statistics: dict[str, Sums], targets: Targets, weights: TermWeights
) -> tuple[Losses, dict[str, Statistic]]:
    """Return the losses, as floats, and the derivative of the total with respect to each statistic of the image."""
    tensors = tf.nest.map_structure(lambda total: tf.constant(total, tf.float32), statistics)
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        losses = total_loss(terms, tensors, targets, weights)
    # A loss need not use all of its statistic. What it leaves out has derivative 0.
    zero = tf.UnconnectedGradients.ZERO
    return tf.nest.map_structure(float, losses), tape.gradient(losses.total, tensors, unconnected_gradients=zero)
