"""The images that a run compares its own with, and how their feature maps are asked for."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from transfer.regions import WHOLE, Region


class References(NamedTuple):
    """The images that a run compares its own with: (H, W, 3) RGB in [0, 255], each of its own size.

    For a frame of a film, `earlier` is what is known of it from earlier results, float32 (H, W, 4), of the size of the
    content image: colours and their weights (`transfer.video.flow.combined`). If nothing is known it is None. In a
    margin it is a reflection like the content. Left free there, the margin would be painted anew in every frame, and
    its flicker would reach the edge of the picture.
    """

    content_image: np.ndarray
    style_images: tuple[np.ndarray, ...]
    regions: tuple[Region, ...] = (WHOLE,)
    earlier: np.ndarray | None = None


class Piece(NamedTuple):
    """Some rows of a layer's feature maps."""

    layer: str
    start: int  # the first of these rows in the whole maps
    height: int  # of the whole maps
    maps: tf.Tensor  # (1, rows, W', N)


#: An image (H, W, 3) and names of layers → the maps of these layers, in pieces from top to bottom.
MapsOf = Callable[[np.ndarray, Sequence[str]], Iterable[Piece]]
