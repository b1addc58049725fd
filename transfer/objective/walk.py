"""Forward through the network block by block, in stripes, keeping of whole maps only what the pools put out."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from transfer.objective.block import Block, Maps
from transfer.objective.geometry import Stripe, blocks, stripes
from transfer.recipe.choices import Recipe
from vgg.network import VGG19


def blocks_of(network: VGG19, recipe: Recipe) -> list[Block]:
    """The network down to the deepest layer of the recipe."""
    found = blocks(tuple(name for name, _ in (*recipe.content_layers, *recipe.style_layers)))
    return [Block(network, layers, recipe, layers is not found[-1]) for layers in found]


def walk(chain: list[Block], inputs: list[np.ndarray], rows: int) -> Iterator[tuple[Block, Stripe, tf.Tensor, Maps]]:
    """Forward through the blocks, in stripes of `rows`: each block, stripe, the stripe's input, and its own maps.

    `inputs` starts with the picture (H, W, 3); each pool's whole output (H', W', N) is appended when it is complete.
    """
    for block in chain:
        whole = inputs[-1]
        if block.passes_on:
            (name,) = block.passes_on
            shape = -(-whole.shape[0] // 2), -(-whole.shape[1] // 2), block.channels[name]
            pooled = np.empty(shape, block.network.precision.as_numpy_dtype)
        for stripe in stripes(whole.shape[0], rows, block.halo):
            crop, own = block.inputs(whole, stripe)
            maps = block.own_maps(crop, own)
            yield block, stripe, crop, maps
            if block.passes_on:
                pooled[stripe.own_of(block.layers[-1])] = maps[name].numpy()[0]
        if block.passes_on:
            inputs.append(pooled)
