"""The table of the 37 layers of VGG-19 that the paper uses, conv1_1 … pool5, and what follows from it alone.

Source: Simonyan & Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
Table 1, column E. Every convolution is 3×3 with stride 1 and one pixel of zero padding, followed by a ReLU; every
pool is 2×2 with stride 2. A layer's row in the table is its index in the `.mat` file's `layers`.

The receptive field of a position is the square of pixels that its value depends on. A 3×3 convolution adds one
neighbour on either side, and a 2×2 pool adds one on the right and one below. Neighbours are `stride` pixels apart, and
every pool doubles the stride. The recurrence is from Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional
Neural Networks", Distill 2019.
"""

from difflib import get_close_matches
from typing import Literal, NamedTuple

from vgg.errors import InputError

#: (number of convolutions, output channels) of the five blocks; a pool closes each.
BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))

#: The fewest pixels on the shorter side of an image. They leave one position to conv5, which comes after four pools.
SMALLEST_SIDE = 16


class Layer(NamedTuple):
    """One row of the table. `conv4_2` is the output of the convolution, `relu4_2` the output of the ReLU after it."""

    name: str
    kind: Literal["conv", "relu", "pool"]
    index: int  # in the file's `layers`
    channels_in: int
    channels: int


def _table() -> tuple[Layer, ...]:
    rows: list[Layer] = []
    channels_in = 3  # RGB
    for block, (convolutions, channels) in enumerate(BLOCKS, start=1):
        for i in range(1, convolutions + 1):
            rows.append(Layer(f"conv{block}_{i}", "conv", len(rows), channels_in, channels))
            rows.append(Layer(f"relu{block}_{i}", "relu", len(rows), channels, channels))
            channels_in = channels
        rows.append(Layer(f"pool{block}", "pool", len(rows), channels, channels))
    return tuple(rows)


LAYERS: tuple[Layer, ...] = _table()
NAMES: tuple[str, ...] = tuple(layer.name for layer in LAYERS)
CONVOLUTIONS: tuple[Layer, ...] = tuple(layer for layer in LAYERS if layer.kind == "conv")


def layer_named(name: str) -> Layer:
    """Return the row of the layer `name`.

    Raises:
        InputError: there is no such layer. The message has the nearest name, or all of them.
    """
    if name not in NAMES:
        nearest = get_close_matches(name, NAMES, 1)
        names = f"did you mean {nearest[0]}?" if nearest else f"the layers are {', '.join(NAMES)}"
        raise InputError(f"there is no layer {name!r}; {names}")
    return LAYERS[NAMES.index(name)]


def deepest(names: tuple[str, ...]) -> Layer:
    """Return the row of the layer that is furthest from the image.

    Raises:
        InputError: a name is unknown, or `names` is empty.
    """
    if not names:
        raise InputError("no layer was named, expected at least one such as 'relu4_2'")
    return max((layer_named(name) for name in names), key=lambda layer: layer.index)


def blocks(names: tuple[str, ...]) -> list[tuple[Layer, ...]]:
    """Return the table of layers down to the deepest of `names`, cut after each pool."""
    parts: list[tuple[Layer, ...]] = [()]
    for layer in LAYERS[: deepest(names).index + 1]:
        parts[-1] += (layer,)
        if layer.kind == "pool":
            parts.append(())
    return [layers for layers in parts if layers]


class ReceptiveField(NamedTuple):
    """What one position of a layer sees, in pixels. Height and width are alike.

    Position i sees the `size` pixels that begin at pixel i·stride − before.
    """

    size: int
    stride: int
    before: int

    def pixels(self, position: int, side: int) -> slice:
        """Return the rows (or columns) that `position` sees in an image with `side` of them, clipped to the image."""
        start = position * self.stride - self.before
        return slice(max(0, start), min(side, start + self.size))

    def inside(self, side: int) -> slice:
        """Return the positions whose receptive field lies inside an image with `side` rows (or columns).

        The slice is empty if the image is too small for any. All other positions also see the zero padding, which
        adds an edge that is not in the image.
        """
        first = -(-self.before // self.stride)
        last = (side - self.size + self.before) // self.stride
        return slice(first, max(first, last + 1))


def receptive_field(name: str) -> ReceptiveField:
    """Return the receptive field of the layer `name`, such as 3 pixels for `conv1_1`.

    Raises:
        InputError: there is no such layer.
    """
    size, stride, before = 1, 1, 0
    for layer in LAYERS[: layer_named(name).index + 1]:
        if layer.kind == "conv":
            size, before = size + 2 * stride, before + stride
        elif layer.kind == "pool":
            size, stride = size + stride, 2 * stride
    return ReceptiveField(size, stride, before)


#: How a pool rounds half of an odd side.
OddSides = Literal["up", "down"]


def maps_shape(height: int, width: int, name: str, odd_sides: OddSides = "up") -> tuple[int, int]:
    """Return (rows, columns) of the layer's maps for a picture of height × width pixels.

    Each pool on the way halves both sides. Halving several times and rounding each time gives the same as dividing once
    by the stride and rounding once.

    Raises:
        InputError: there is no layer `name`, or nothing is left of a small picture whose sides are rounded down.
    """
    stride, least = receptive_field(name).stride, smallest_side(name, odd_sides)
    if min(height, width) < least:
        raise InputError(
            f"{name} sees nothing of {height}×{width} pixels, expected at least {least}×{least}; choose a larger size"
        )
    if odd_sides == "down":
        return height // stride, width // stride
    return -(-height // stride), -(-width // stride)


def smallest_side(name: str, odd_sides: OddSides) -> int:
    """Return the pixels that a side must have for one position of the layer's maps; the network needs SMALLEST_SIDE."""
    return 1 if odd_sides == "up" else receptive_field(name).stride
