"""Forward through the network block by block, in stripes. Of the whole maps only the outputs of the pools are kept."""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from transfer.objective.block import Block, Maps
from transfer.objective.geometry import Stripe, blocks, stripes
from transfer.objective.terms import layers_of
from transfer.term import Term
from vgg.network import VGG19
from vgg.shapes import maps_shape


def blocks_of(network: VGG19, terms: Sequence[Term]) -> list[Block]:
    """Return the network down to the deepest layer of the terms."""
    found = blocks(layers_of(terms))
    return [Block(network, layers, terms, layers is not found[-1]) for layers in found]


def walk(chain: list[Block], inputs: list[np.ndarray], rows: int) -> Iterator[tuple[Block, Stripe, tf.Tensor, Maps]]:
    """Go forward in stripes of `rows`: yield each block, stripe, the stripe's input, and the maps of its core rows.

    `inputs` starts with the image (H, W, 3); each pool's whole output (H', W', N) is appended when it is complete.
    """
    height, width = inputs[0].shape[:2]
    for block in chain:
        whole, network = inputs[-1], block.network
        if block.feeds_next:
            pool = block.last
            shape = *maps_shape(height, width, pool.name, network.odd_sides), network.channels(pool.name)
            pooled = np.empty(shape, network.precision.as_numpy_dtype)
        for stripe in stripes(whole.shape[0], rows, block.halo):
            crop, core = block.inputs(whole, stripe)
            maps = block.core_maps(crop, core)
            yield block, stripe, crop, maps
            if block.feeds_next:
                pooled[stripe.core_of(pool, network.odd_sides)] = maps[pool.name].numpy()[0]
        if block.feeds_next:
            inputs.append(pooled)
