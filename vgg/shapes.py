"""The shapes of feature maps, computed from the table in `vgg.layers` without running the network."""

from typing import Literal

from vgg.errors import InputError
from vgg.layers import receptive_field

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
    """Return the pixels that a side must have for the layer's maps to have one position at least."""
    return 1 if odd_sides == "up" else receptive_field(name).stride
