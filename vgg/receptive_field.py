"""Which pixels of the picture a position of a layer can see.

Going down the table of layers, a 3×3 convolution lets a position see one more neighbour on either side, and a 2×2 pool
one more on the far side; neighbours lie `stride` pixels apart, which every pool doubles. (The recurrence is that of
Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019.)
"""

from typing import NamedTuple

from vgg.layers import LAYERS, layer_named


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
