"""What the striped loss compares with, computed in stripes too, so that a huge style picture takes no more memory."""

from math import prod
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from transfer.objective.block import Block
from transfer.objective.geometry import maps_shape
from transfer.objective.walk import walk
from vgg.layers import layer_named
from vgg.statistics import gram_of_sums, gram_sums


class Targets(NamedTuple):
    """Of the content and the style image, by layer."""

    contents: dict[str, np.ndarray]  # maps (H', W', N) in the network's precision
    energies: dict[str, float]  # Σ of their squares
    grams: dict[str, tf.Tensor]  # (N, N) float32


def targets_of(
    chain: list[Block], content_image: np.ndarray, style_image: np.ndarray, rows: int, gram_channels: float
) -> Targets:
    """All targets, from images (H, W, 3) of any sizes, in stripes of `rows`."""
    contents = content_maps(chain, content_image, rows)
    # Row by row, because one float32 sum over all of a large map would lose digits.
    energies = {
        name: sum(float(np.sum(np.square(row, dtype=np.float32), dtype=np.float64)) for row in maps)
        for name, maps in contents.items()
    }
    return Targets(contents, energies, style_grams(chain, style_image, rows, gram_channels))


def content_maps(chain: list[Block], image: np.ndarray, rows: int) -> dict[str, np.ndarray]:
    """Each content layer's maps of the whole `image` (H, W, 3): {name: (H', W', N)}, in the network's precision."""
    channels = {name: block.channels[name] for block in chain for name in block.contents}
    shapes = {name: (*maps_shape(*image.shape[:2], name), channels[name]) for name in channels}
    whole = {name: np.empty(shape, chain[0].network.precision.as_numpy_dtype) for name, shape in shapes.items()}
    for block, stripe, _, maps in walk(chain, [image], rows) if whole else ():
        for name in block.contents:
            whole[name][stripe.own_of(layer_named(name))] = maps[name].numpy()[0]
    return whole


def style_grams(chain: list[Block], image: np.ndarray, rows: int, gram_channels: float) -> dict[str, tf.Tensor]:
    """Each style layer's Gram matrix of `image` (H, W, 3): {name: (N, N) float32}, as `vgg.statistics` gives it."""
    sums = {name: np.float64(0) for block in chain for name in block.styles}
    for block, _, _, maps in walk(chain, [image], rows) if sums else ():
        for name in block.styles:
            sums[name] = sums[name] + np.asarray(gram_sums(maps[name]), np.float64)
    positions = {name: prod(maps_shape(*image.shape[:2], name)) for name in sums}
    return {
        name: gram_of_sums(tf.constant(total, tf.float32), positions[name], gram_channels)
        for name, total in sums.items()
    }
