"""Where the stripes of a block lie: pure geometry, so that it can be checked without a network.

A *block* is what lies between two pools: conv1_1 … pool1, conv2_1 … pool2, and so on. It is computed stripe by stripe,
each some rows of the block's input and all its columns. A 3×3 convolution looks one row up and one down, so a stripe
needs a *halo* of as many more rows on either side as the block has convolutions. The zero padding at the stripe's edge
spoils one row more with each of them, but never the *own* rows, which the stripe answers for. Where the maps themselves
end there is no halo, because there the network's own zero padding belongs.

    maps       |==============================================|
    stripe 0   |-----own-----|halo|
    stripe 1            |halo|-----own-----|halo|
    stripe 2                          |halo|--------own-------|
"""

from typing import NamedTuple

import numpy as np

from vgg.errors import InputError
from vgg.layers import LAYERS, Layer, deepest, layer_named


class Stripe(NamedTuple):
    """Rows of a block's input, which are also those of its convolutions' maps; the ends are exclusive."""

    start: int  # of what is computed
    stop: int
    own_start: int
    own_stop: int

    @property
    def computed(self) -> slice:
        """Index of the rows that the stripe is computed from."""
        return slice(self.start, self.stop)

    @property
    def own(self) -> np.ndarray:
        """(2,) int32: the own rows' ends, in rows of the stripe."""
        return np.array([self.own_start - self.start, self.own_stop - self.start], np.int32)

    def own_of(self, layer: Layer) -> slice:
        """Index of the own rows in the whole maps of a layer of the block."""
        if layer.kind == "pool":
            return slice(self.own_start // 2, -(-self.own_stop // 2))
        return slice(self.own_start, self.own_stop)


def blocks(names: tuple[str, ...]) -> list[tuple[Layer, ...]]:
    """The table of layers down to the deepest of `names`, cut after each pool."""
    found: list[tuple[Layer, ...]] = [()]
    for layer in LAYERS[: deepest(names).index + 1]:
        found[-1] += (layer,)
        if layer.kind == "pool":
            found.append(())
    return [layers for layers in found if layers]


def halo_of(layers: tuple[Layer, ...]) -> int:
    """Rows that the block's last layer sees beyond its own on either side: one for each convolution, at most 4."""
    return sum(layer.kind == "conv" for layer in layers)


def stripes(height: int, rows: int, halo: int) -> list[Stripe]:
    """Maps of `height` rows in the smallest number of stripes of at most `rows` own rows, as even as can be.

    All start at an even row, so that the pool's windows are those of the whole maps.

    Raises:
        InputError: `rows` is not a positive even number.
    """
    if rows < 2 or rows % 2:
        raise InputError(f"the stripes have {rows} rows, expected a positive even number")
    step = -(-height // -(-height // rows))
    step += step % 2  # at most `rows`, which is even
    return [
        Stripe(max(top - halo, 0), min(top + step + halo, height), top, min(top + step, height))
        for top in range(0, height, step)
    ]


def maps_shape(height: int, width: int, name: str) -> tuple[int, int]:
    """Positions down and across of the layer's maps for a picture of height × width pixels: halved at each pool."""
    stride = 2 ** sum(layer.kind == "pool" for layer in LAYERS[: layer_named(name).index + 1])
    return -(-height // stride), -(-width // stride)
