"""The 37 layers of VGG-19 that the paper uses, conv1_1 … pool5, as one table, and which pixels each of them sees.

Source: Simonyan & Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
Table 1, column E. Every convolution is 3×3 with stride 1 and one pixel of zero padding, followed by a ReLU; every
pool is 2×2 with stride 2. The position in the table is the layer's index in the `.mat` file's `layers`.

What a position sees follows from the table alone. A 3×3 convolution lets it see one more neighbour on either side, a
2×2 pool one more on the far side. Neighbours lie `stride` pixels apart, and every pool doubles the stride. The
recurrence is that of Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill
2019.
"""

from typing import Literal, NamedTuple

from vgg.errors import InputError

#: (number of convolutions, output channels) of the five blocks; a pool closes each.
BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))

#: Pixels on the shorter side of a picture: of fewer, conv5 would see nothing but padding around a single position.
SMALLEST_SIDE = 16


class Layer(NamedTuple):
    """One row of the table: `conv4_2` is the convolution itself, `relu4_2` what comes out of its ReLU."""

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
    """The row called `name`.

    Raises:
        InputError: there is no such layer; the message lists the valid names.
    """
    if name not in NAMES:
        raise InputError(f"there is no layer {name!r}; the layers are {', '.join(NAMES)}")
    return LAYERS[NAMES.index(name)]


def deepest(names: tuple[str, ...]) -> Layer:
    """The row of the layer furthest from the image among `names`; raises InputError for an unknown one or for none."""
    if not names:
        raise InputError("no layer was named, expected at least one such as 'relu4_2'")
    return max((layer_named(name) for name in names), key=lambda layer: layer.index)


class ReceptiveField(NamedTuple):
    """In pixels, the same for height and width: position i sees from i·stride − before, `size` pixels far."""

    size: int
    stride: int
    before: int

    def pixels(self, position: int, side: int) -> slice:
        """The rows (or columns) that `position` sees of a picture with `side` of them, clipped to the picture."""
        start = position * self.stride - self.before
        return slice(max(0, start), min(side, start + self.size))

    def inside(self, side: int) -> slice:
        """The positions that see rows (or columns) of the picture only; empty if a picture of that side is too small.

        All others also see the padding, whose zeros make an edge that is not in the picture.
        """
        first = -(-self.before // self.stride)
        last = (side - self.size + self.before) // self.stride
        return slice(first, max(first, last + 1))


def receptive_field(name: str) -> ReceptiveField:
    """The receptive field of the layer `name`, such as 3 pixels for `conv1_1`; raises InputError if it is unknown."""
    size, stride, before = 1, 1, 0
    for layer in LAYERS[: layer_named(name).index + 1]:
        if layer.kind == "conv":
            size, before = size + 2 * stride, before + stride
        elif layer.kind == "pool":
            size, stride = size + stride, 2 * stride
    return ReceptiveField(size, stride, before)
