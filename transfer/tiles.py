"""Where the tiles of a picture lie: pure geometry, so that it can be checked without a network.

A feature map's position sees a patch of the picture. So a tile is computed from a crop that is wider than what the tile
answers for, its *own* positions, by a halo as wide as half that patch. Zero padding at the crop's edge then spoils
the halo only. Where the picture itself ends there is no halo, because there the network's own zero padding belongs.

One axis, `side` own pixels in the middle tiles; the first and the last also own what would be their halo:

    picture   |================================================|
    crop 0    |-----own-----|halo|
    crop 1              |halo|----own----|halo|
    crop 2                           |halo|---------own--------|
"""

from itertools import product
from typing import NamedTuple

import numpy as np

from vgg.errors import InputError
from vgg.layers import LAYERS, deepest, layer_named
from vgg.network import SMALLEST_SIDE


def stride_of(name: str) -> int:
    """Pixels from one position of the layer's maps to the next: 2 to the number of pools up to it."""
    return 2 ** sum(layer.kind == "pool" for layer in LAYERS[: layer_named(name).index + 1])


def reach_of(name: str) -> int:
    """How many pixels beyond the block of stride × stride pixels at its place a position of the layer sees.

    Each 3×3 convolution looks one position further on either side, which is as many pixels as its stride. A pool looks
    no further, because its window is the block of its own output: conv1_1 gives 1, relu4_2 38, conv5_4 118.
    """
    layers = LAYERS[: layer_named(name).index + 1]
    return sum(stride_of(layer.name) for layer in layers if layer.kind == "conv")


def grid_of(names: tuple[str, ...]) -> int:
    """What crops must start at a multiple of, so that each pool's windows are those of the whole picture.

    That is the deepest layer's stride; at least 16, so that no crop is too small for the network.
    """
    return max(SMALLEST_SIDE, stride_of(deepest(names).name))


def halo_of(names: tuple[str, ...]) -> int:
    """The reach of the deepest of `names`, rounded up to the grid, in pixels: 48 for relu4_2, 80 for relu5_1."""
    return round_up(reach_of(deepest(names).name), grid_of(names))


def round_up(length: int, grid: int) -> int:
    """The next multiple of `grid`."""
    return -(-length // grid) * grid


class Span(NamedTuple):
    """A tile along one axis, in pixels of the picture; the ends are exclusive."""

    start: int  # of the crop
    stop: int
    own_start: int
    own_stop: int


class Tile(NamedTuple):
    """A rectangle of own pixels, and the larger one they are computed from."""

    rows: Span
    columns: Span

    @property
    def crop(self) -> tuple[slice, slice]:
        """Index of the crop in a picture (H, W, ...)."""
        return slice(*self.rows[:2]), slice(*self.columns[:2])

    @property
    def own(self) -> np.ndarray:
        """(4,) int32: first row, row after the last, first column, column after the last; in pixels of the crop."""
        ends = [end - span.start for span in self for end in (span.own_start, span.own_stop)]
        return np.array(ends, np.int32)

    def own_at(self, stride: int) -> tuple[slice, slice]:
        """Index of the own positions in the whole picture's maps (⌈H/stride⌉, ⌈W/stride⌉, ...)."""
        return tuple(slice(span.own_start // stride, -(-span.own_stop // stride)) for span in self)  # type: ignore


def spans(length: int, side: int, halo: int, grid: int) -> list[Span]:
    """Tiles of `length` pixels; crops of at most side + 2·halo pixels, all of one length but for the last.

    The number of tiles is the smallest that allows, and they then share the length as evenly as the grid allows: each
    is smaller at no more work in all.
    """
    inside = max(length - 2 * halo, 0)
    count = max(1, -(-inside // side))
    step = round_up(-(-inside // count), grid)  # ≤ side
    own_ends = [0, *(i * step + halo for i in range(1, count)), length]
    return [Span(i * step, min(i * step + step + 2 * halo, length), own_ends[i], own_ends[i + 1]) for i in range(count)]


def tiles(height: int, width: int, side: int, names: tuple[str, ...]) -> list[Tile]:
    """The tiles of a picture for the layers `names`, row by row; each pixel is own to one tile.

    Crops have at most four different sizes.

    Raises:
        InputError: `side` is not a positive multiple of the grid.
    """
    grid, halo = grid_of(names), halo_of(names)
    if side < grid or side % grid:
        raise InputError(f"the tiles' side is {side} pixels, expected a multiple of {grid}")
    return [Tile(*pair) for pair in product(spans(height, side, halo, grid), spans(width, side, halo, grid))]
