"""The shapes and costs of every layer, computed from the table in `vgg.layers` without running the network.

Kernels and parameters are those of Simonyan & Zisserman 2015, Table 1, E, or of a file with other numbers of channels.
The paper's 144 million parameters include the fully connected layers; the convolutions have 20,024,384.
"""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from vgg.errors import InputError
from vgg.layers import CONVOLUTIONS, LAYERS, SMALLEST_SIDE, receptive_field

#: How a pool rounds half of an odd side.
OddSides = Literal["up", "down"]

#: The number of output channels of each convolution in the paper.
PAPER_CHANNELS = {layer.name: layer.channels for layer in CONVOLUTIONS}


class Row(NamedTuple):
    """One layer applied to an image."""

    name: str
    index: int  # in the file's `layers`
    kind: str
    kernel: tuple[int, ...] | None  # (3, 3, in, out) of a convolution
    output: tuple[int, int, int, int]  # (1, height, width, channels)
    receptive_field: int  # in pixels, the same in height and in width
    stride: int  # pixels between neighbouring positions
    parameters: int
    multiply_adds: int  # of a convolution; 0 for a ReLU or a pool
    activation_bytes: int  # of the output in float32


def parse_size(text: str) -> tuple[int, int]:
    """Return (height, width) in pixels from a text such as `663x1000`.

    Raises:
        InputError: the text has another form, or a side is shorter than `SMALLEST_SIDE`.
    """
    found = re.fullmatch(r"(\d{1,9})[x×](\d{1,9})", text)
    if not found:
        raise InputError(f"--size is {text!r}, expected HEIGHTxWIDTH in pixels, such as 663x1000")
    height, width = int(found[1]), int(found[2])
    if min(height, width) < SMALLEST_SIDE:
        raise InputError(f"--size is {text!r}, expected at least {SMALLEST_SIDE} pixels on both sides; choose a larger")
    return height, width


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
    """Return the pixels that a side must have for the layer's maps to have one position at least."""
    return 1 if odd_sides == "up" else receptive_field(name).stride


def layer_table(height: int, width: int, channels: Mapping[str, int] = PAPER_CHANNELS) -> list[Row]:
    """Return the 37 rows conv1_1 … pool5 for an image of this size.

    Args:
        height: of the image, in pixels.
        width: of the image, in pixels.
        channels: the number of output channels of each convolution, by name.
    """
    rows, maps = [], 3  # RGB
    for layer in LAYERS:
        kernel, parameters, multiply_adds = None, 0, 0
        if layer.kind == "conv":
            kernel = (3, 3, maps, channels[layer.name])
            maps = channels[layer.name]
            weights = kernel[0] * kernel[1] * kernel[2] * kernel[3]
            parameters, multiply_adds = weights + maps, weights * height * width
        elif layer.kind == "pool":
            height, width = -(-height // 2), -(-width // 2)  # rounding up: no row of an odd side is lost
        size, stride, _ = receptive_field(layer.name)
        output = (1, height, width, maps)
        head = (layer.name, layer.index, layer.kind, kernel, output, size, stride)
        rows.append(Row(*head, parameters, multiply_adds, 4 * height * width * maps))
    return rows
