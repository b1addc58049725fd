"""What the tiled loss compares with, computed tile by tile too, so that a huge style picture takes no more memory."""

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from transfer.tile_sums import channels_of, crop_and_own, own_maps
from transfer.tiles import stride_of, tiles
from vgg.gram import gram_of_sums, gram_sums
from vgg.network import VGG19


def maps_shape(height: int, width: int, name: str) -> tuple[int, int]:
    """Positions down and across of the layer's maps for a picture of height × width pixels."""
    stride = stride_of(name)
    return -(-height // stride), -(-width // stride)


def added(parts: Iterable[list[np.ndarray]]) -> list[np.ndarray]:
    """The sums over all tiles from those of each, in the order given and in float64, so that no digit is lost."""
    totals: list[np.ndarray] = []
    for part in parts:
        doubles = [np.asarray(array, np.float64) for array in part]
        totals = [total + array for total, array in zip(totals, doubles, strict=True)] if totals else doubles
    return totals


def content_maps(network: VGG19, image: np.ndarray, names: tuple[str, ...], side: int) -> dict[str, np.ndarray]:
    """Each layer's maps of the whole `image` (H, W, 3): {name: (H', W', N) float32}."""
    height, width = image.shape[:2]
    whole = {
        name: np.empty((*maps_shape(height, width, name), channels_of(network, name)), np.float32) for name in names
    }
    for tile in tiles(height, width, side, names) if names else ():
        for name, maps in own_maps(network, *crop_and_own(image, tile), names).items():
            whole[name][tile.own_at(stride_of(name))] = maps[0].numpy()
    return whole


def style_grams(
    network: VGG19, image: np.ndarray, names: tuple[str, ...], side: int, gram_channels: float
) -> dict[str, tf.Tensor]:
    """Each layer's Gram matrix of `image` (H, W, 3): {name: (N, N) float32}, as `losses.gram_matrix` gives it."""
    if not names:
        return {}
    height, width = image.shape[:2]
    every_tile = (own_maps(network, *crop_and_own(image, tile), names) for tile in tiles(height, width, side, names))
    sums = added([gram_sums(maps[name]).numpy() for name in names] for maps in every_tile)
    grams = {}
    for name, total in zip(names, sums, strict=True):
        rows, columns = maps_shape(height, width, name)
        grams[name] = gram_of_sums(tf.constant(total, tf.float32), rows * columns, gram_channels)
    return grams
