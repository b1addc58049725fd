"""The 37 layers of VGG-19 that the paper uses, conv1_1 … pool5, as one table.

Source: Simonyan & Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
Table 1, column E. Every convolution is 3×3 with stride 1 and one pixel of zero padding, followed by a ReLU; every
pool is 2×2 with stride 2. The position in the table is the layer's index in the `.mat` file's `layers`.
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
