"""`deconv IMAGE`: patches of a picture beside what the deconvnet says caused a layer's strongest activations."""

import argparse
import math
from typing import NamedTuple

import cv2
import numpy as np

from vgg.deconvnet import Deconvnet
from vgg.errors import InputError
from vgg.layers import ReceptiveField, receptive_field
from vgg.matfile.read import Weights
from vgg.microscope.draw import around_grey, pixelated
from vgg.tools.image import resize_to
from vgg.tools.sheet import contact_sheet, stacked

DEFAULT_TOP = 9
OVERVIEW_HEIGHT, PATCH_HEIGHT, PAIRS_PER_ROW = 480, 160, 3
SHARE = 0.995  # of a pattern's values that fit into the range of colours, see `around_grey`
YELLOW, BLACK = (255, 220, 0), (0, 0, 0)


class Cause(NamedTuple):
    """One activation, and the part of the image it saw."""

    channel: int
    activation: float
    rows: slice  # of the image
    columns: slice
    pattern: np.ndarray  # (rows, columns, 3) float32, RGB around zero


def causes(weights: Weights, image: np.ndarray, layer: str, channel: int | None, top: int) -> list[Cause]:
    """Return the strongest activation of `channel`, or those of up to `top` channels at different places; all above 0.

    The image is (H, W, 3) RGB in [0, 255], the layer any. Raise InputError if it has no such channel.
    """
    net = Deconvnet(weights, image[None].astype(np.float32), layer)
    count = net.maps.shape[3]
    if channel is not None and channel >= count:
        raise InputError(f"--channel is {channel}, but {layer} has the channels 0 to {count - 1}")
    field, (height, width) = receptive_field(layer), image.shape[:2]
    maps = without_borders(net.maps.numpy()[0], field, height, width)
    half_a_field = math.ceil(field.size / (2 * field.stride))  # in positions
    strongest = []
    for row, column, number in peaks(maps, half_a_field, channel)[:top]:
        rows, columns = field.pixels(row, height), field.pixels(column, width)
        pattern = net.back_to_pixels(net.only(row, column, number)).numpy()[0]
        strongest.append(Cause(number, float(maps[row, column, number]), rows, columns, pattern[rows, columns]))
    return strongest


def without_borders(maps: np.ndarray, field: ReceptiveField, height: int, width: int) -> np.ndarray:
    """Return the maps (H', W', C) with zeros where a position sees padding.

    The edge of the padding activates channels more than most of what pictures hold. In an image so small that every
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
    places: list[tuple[int, int, int]] = []
    for number in sorted(channels, key=lambda number: -maps[..., number].max()):
        row, column = divmod(int(maps[..., number].argmax()), maps.shape[1])
        near = any(max(abs(row - other[0]), abs(column - other[1])) < apart for other in places)
        if maps[row, column, number] > 0 and not near:
            places.append((row, column, number))
    return places


def run(options: argparse.Namespace, weights: Weights, image: np.ndarray) -> np.ndarray:
    """Return the picture with a numbered box for each activation; below it each box's content and what caused it."""
    name, layer, size = options.image.name, options.layer, receptive_field(options.layer).size
    strongest = causes(weights, image, layer, options.channel, options.top or DEFAULT_TOP)
    if not strongest:
        what = "all channels" if options.channel is None else f"channel {options.channel}"
        raise InputError(f"{what} of {layer}: no activation above 0 in {name}, expected one; choose another")
    cells = []
    for number, cause in enumerate(strongest, start=1):
        patch, low, high = image[cause.rows, cause.columns], cause.pattern.min(), cause.pattern.max()
        cells.append((f"{number}: channel {cause.channel} = {cause.activation:.4g}", pixelated(patch, PATCH_HEIGHT)))
        cells.append((f"{low:.3g} to {high:.3g}", pixelated(around_grey(cause.pattern, SHARE), PATCH_HEIGHT)))
    title = (
        f"deconvnet (Zeiler & Fergus 2014): what in {name} activated channels of {layer} most strongly",
        f"left: what that activation sees, up to {size} x {size} pixels (the numbered boxes); channel = activation",
        "right: the pattern in it that caused the activation, RGB around grey = 0; its smallest to largest value",
        f"weights: {weights.label}",
    )
    overview = contact_sheet([(name, boxed(image, strongest))], height=OVERVIEW_HEIGHT, title=title, font_size=0.5)
    return stacked([overview, contact_sheet(cells, 2 * PAIRS_PER_ROW, PATCH_HEIGHT, font_size=0.5)])


def boxed(image: np.ndarray, strongest: list[Cause]) -> np.ndarray:
    """Return the image at the overview's height with a numbered box around each activation's patch."""
    scale = OVERVIEW_HEIGHT / image.shape[0]
    canvas = resize_to(image, OVERVIEW_HEIGHT, round(image.shape[1] * scale)).copy()
    for number, cause in enumerate(strongest, start=1):
        left, top = round(cause.columns.start * scale), round(cause.rows.start * scale)
        right, bottom = round(cause.columns.stop * scale) - 1, round(cause.rows.stop * scale) - 1
        cv2.rectangle(canvas, (left, top), (right, bottom), YELLOW, 1)
        cv2.rectangle(canvas, (left, top), (left + 14 * len(str(number)), top + 18), YELLOW, cv2.FILLED)
        cv2.putText(canvas, str(number), (left + 2, top + 14), cv2.FONT_HERSHEY_SIMPLEX, 0.5, BLACK, 1, cv2.LINE_AA)
    return canvas
