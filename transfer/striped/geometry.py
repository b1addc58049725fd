"""Where the stripes of a block lie. This is pure geometry and can be checked without a network.

A *block* is what lies between two pools: conv1_1 … pool1, conv2_1 … pool2, and so on. It is computed stripe by stripe.
A stripe has some rows of the block's input and all its columns. A 3×3 convolution looks one row up and one row down,
so a stripe needs a *halo* above and below: as many more rows as the block has convolutions. The zero padding at the
edge of a stripe spoils one row more with each convolution. It never reaches the *core* rows, which the stripe stands
for.
Where the maps themselves end there is no halo, because there the network's own zero padding belongs.

    maps       |===============================================|
    stripe 0   |-----core-----|halo|
    stripe 1             |halo|-----core-----|halo|
    stripe 2                            |halo|-------core------|

Where each of many machines owns a *band* of the image's rows, the maps end at its band, but the halo does not: the
neighbour hands those rows in, above and below.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from vgg.errors import InputError
from vgg.layers import Layer, OddSides, blocks, deepest, receptive_field


class Stripe(NamedTuple):
    """Rows of a block's input, which are also those of its convolutions' maps; the ends are exclusive."""

    start: int  # of what is computed, in the block's input
    stop: int
    core_start: int  # in the block's maps
    core_stop: int
    above: int = 0  # rows of the input before the first row of the maps: those that a neighbour handed in

    @property
    def computed(self) -> slice:
        """Return the index of the rows that the stripe is computed from."""
        return slice(self.start, self.stop)

    @property
    def core(self) -> np.ndarray:
        """Return the ends of the core rows, counted from the stripe's first row: (2,) int32."""
        return np.array([self.core_start, self.core_stop], np.int32) + np.int32(self.above - self.start)

    def core_of(self, layer: Layer, odd_sides: OddSides = "up") -> slice:
        """Return the index of the core rows in the whole maps of a layer of the block."""
        if layer.kind != "pool":
            return slice(self.core_start, self.core_stop)
        # Only the last stripe can end at an odd row.
        return slice(self.core_start // 2, -(-self.core_stop // 2) if odd_sides == "up" else self.core_stop // 2)


def halo_of(layers: tuple[Layer, ...]) -> int:
    """Return how many rows the block's last layer sees beyond its own on either side: one for each convolution."""
    return sum(layer.kind == "conv" for layer in layers)


def stripes(height: int, rows: int, halo: int, above: int = 0, below: int = 0) -> list[Stripe]:
    """Cut maps of `height` rows into as few stripes of at most `rows` core rows as possible, of nearly equal heights.

    All start at an even row, so that the pool's windows are those of the whole maps. A single row at the end is added
    to the last stripe: of a stripe of one row, a pool that rounds down would put out nothing. `rows` is even; the
    block's input has so many rows `above` those of the maps, and `below` them.
    """
    step = -(-height // -(-height // rows))
    step += step % 2  # at most `rows`, which is even
    tops = range(0, max(height - 1, 1), step)
    stops = (*tops[1:], height)
    end = above + height + below
    return [
        Stripe(max(above + top - halo, 0), min(above + stop + halo, end), top, stop, above)
        for top, stop in zip(tops, stops, strict=True)
    ]


def bands(height: int, shares: Sequence[float], layers: tuple[str, ...]) -> list[slice]:
    """Cut the rows of an image into one band for each of `shares`, in these proportions as nearly as possible.

    A band starts where a window of every pool does, so it has whole rows of the maps of all layers down to the deepest
    of `layers`, and its halos lie in the bands next to it. Raises InputError if a band would be lower than a halo.
    """
    stride = receptive_field(deepest(layers).name).stride
    lowest = max(halo_of(block) * receptive_field(block[0].name).stride for block in blocks(layers))
    parts = np.cumsum(shares) / np.sum(shares)
    edges = [0, *(stride * round(height * part / stride) for part in parts[:-1]), height]
    cut = [slice(*ends) for ends in pairwise(edges)]
    least = min(band.stop - band.start for band in cut)
    if len(cut) > 1 and least < lowest:
        raise InputError(
            f"{height} rows in {len(cut)} bands make one of {least} rows, expected at least {lowest}, which the next "
            "band sees; choose fewer machines or a larger size"
        )
    return cut
