"""Which activations of a layer stand out in a picture, and what in the picture caused each of them."""

from typing import NamedTuple

import numpy as np

from vgg.deconvnet import Deconvnet
from vgg.layers import ReceptiveField, receptive_field
from vgg.matfile.read import Weights


class Cause(NamedTuple):
    """One activation, and the part of the picture it saw."""

    channel: int
    activation: float
    rows: slice  # of the picture
    columns: slice
    pattern: np.ndarray  # (rows, columns, 3) float32, RGB around zero


def causes(weights: Weights, image: np.ndarray, layer: str, channel: int | None, top: int) -> list[Cause]:
    """Return the strongest activation of `channel`, or those of up to `top` channels at different places; all above 0.

    Args:
        weights: the network.
        image: (H, W, 3) RGB in [0, 255].
        layer: any layer's name.
        channel: or None.
        top: how many channels, if `channel` is None.
    """
    net = Deconvnet(weights, image[None].astype(np.float32), layer)
    field, (height, width) = receptive_field(layer), image.shape[:2]
    maps = competing(net.maps.numpy()[0], field, height, width)
    found = []
    for row, column, number in peaks(maps, -(-field.size // (2 * field.stride)), channel)[:top]:
        rows, columns = field.pixels(row, height), field.pixels(column, width)
        pattern = net.back_to_pixels(net.only(row, column, number)).numpy()[0]
        found.append(Cause(number, float(maps[row, column, number]), rows, columns, pattern[rows, columns]))
    return found


def competing(maps: np.ndarray, field: ReceptiveField, height: int, width: int) -> np.ndarray:
    """Return the maps (H', W', C) with zeros where a position sees padding.

    The edge of the padding activates channels more than most of what pictures hold. In a picture so small that every
    position sees padding, all stay.
    """
    inside = np.zeros(maps.shape[:2], bool)
    inside[field.inside(height), field.inside(width)] = True
    return np.where(inside[..., None], maps, 0) if inside.any() else maps


def peaks(maps: np.ndarray, apart: int, channel: int | None) -> list[tuple[int, int, int]]:
    """Return (row, column, channel) of each channel's strongest activation above 0, strongest first.

    `channel` limits it to one channel. A channel that peaks less than `apart` positions from a stronger one is left
    out, as it saw the same thing.
    """
    channels = range(maps.shape[2]) if channel is None else [channel]
    found: list[tuple[int, int, int]] = []
    for number in sorted(channels, key=lambda number: -maps[..., number].max()):
        row, column = divmod(int(maps[..., number].argmax()), maps.shape[1])
        near = any(
            max(abs(row - other_row), abs(column - other_column)) < apart for other_row, other_column, _ in found
        )
        if maps[row, column, number] > 0 and not near:
            found.append((row, column, number))
    return found
