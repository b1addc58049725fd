"""The images that a run compares its own with, and how their feature maps are asked for."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from transfer.regions import WHOLE, Region


class References(NamedTuple):
    """The images that a run compares its own with: (H, W, 3) RGB in [0, 255], each of its own size."""

    content_image: np.ndarray
    style_images: tuple[np.ndarray, ...]
    regions: tuple[Region, ...] = (WHOLE,)


class Piece(NamedTuple):
    """Some rows of a layer's feature maps."""

    layer: str
    start: int  # the first of these rows in the whole maps
    height: int  # of the whole maps
    maps: tf.Tensor  # (1, rows, W', N)


#: An image (H, W, 3) and names of layers → the maps of these layers, in pieces from top to bottom.
MapsOf = Callable[[np.ndarray, Sequence[str]], Iterable[Piece]]
