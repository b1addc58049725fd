"""A clip drawn by code, with its true motion known: a camera pan, a sailing boat, a post in front of it, and a cut.

Each shot has layers, from back to front: one of the sample pictures, larger than the frame, and what is drawn on top
of it. A layer only moves, by a fraction of a pixel if need be, so the true flow at a pixel is the
motion of the layer that is seen there. It is *visible* in the next frame if the same layer is seen there where the flow
leads, and the place is inside the frame.

Everything is drawn at `FINE` times the frame's size and averaged down, so that a motion by half a pixel does not blur.
Lengths are fractions of the frame's height, motions of its height per frame; x to the right, y down.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from transfer.files import SAMPLE_PAINTING, SAMPLE_SCENE
from vgg.tools.image import read_image, resize_to

FINE = 2  # pixels that are drawn for each pixel of a frame, in each direction
REACH = 0.5  # how far the camera pans before it turns round
SWAY = 0.04  # room for the camera above and below
WATER = (36, 62, 84)  # what the boat's reflection is blended with
WOOD, LIT_WOOD, ROPE = (58, 44, 38), (126, 98, 74), (196, 184, 160)
#: Polygons: colour and corners (x to the right, y upwards).
BOAT = [
    ((124, 44, 34), [(-0.5, 0), (0.42, 0), (0.64, 0.19), (-0.53, 0.13)]),
    ((254, 244, 224), [(0.05, 0.2), (0.08, 1.7), (-0.25, 0.9), (-0.5, 0.24)]),
    ((208, 200, 202), [(0.12, 0.22), (0.1, 1.5), (0.4, 0.7), (0.6, 0.24)]),
]
POST = [
    (WOOD, [(-0.045, -1.2), (0.045, -1.2), (0.045, 0.62), (-0.045, 0.62)]),
    (LIT_WOOD, [(-0.045, -1.2), (-0.022, -1.2), (-0.022, 0.62), (-0.045, 0.62)]),
    (LIT_WOOD, [(-0.055, 0.60), (0.055, 0.60), (0.045, 0.645), (-0.045, 0.645)]),
    (ROPE, [(-0.05, 0.42), (0.05, 0.40), (0.05, 0.425), (-0.05, 0.445)]),
    (ROPE, [(-0.05, 0.37), (0.05, 0.35), (0.05, 0.375), (-0.05, 0.395)]),
]


class Frame(NamedTuple):
    """A frame, and where each of its pixels is in the next one."""

    image: np.ndarray  # uint8 (H, W, 3) RGB
    flow: np.ndarray  # float32 (H, W, 2), pixels to the right and down to the next frame; 0 before a cut and at the end
    visible: np.ndarray  # bool (H, W): seen in the next frame too; False before a cut and at the end


@dataclass(frozen=True)
class _Layer:
    #: float32 (h, w, 4) at FINE times the frame's size: RGB times opacity, and opacity in [0, 1]
    picture: np.ndarray
    place: Callable[[int], np.ndarray]  # the number of a frame → x and y of the upper left corner, in frame pixels


def frames(count: int = 48, height: int = 192, width: int = 256) -> Iterator[Frame]:
    """Yield `count` frames of height × width pixels, always the same; after two thirds of them there is a cut."""
    cut = cut_at(count)
    for length, layers in ((cut, _first_shot(height, width)), (count - cut, _second_shot(height, width))):
        for number in range(length):
            yield _frame(layers, number, height, width, last=number == length - 1)


@cache
def first_frames(number: int, count: int = 48, height: int = 192, width: int = 256) -> tuple[Frame, ...]:
    """The first frames of a clip of `count`, drawn once for all tests of a process."""
    return tuple(islice(frames(count, height, width), number))


def cut_at(count: int) -> int:
    """Return the number of the first frame after the cut, counted from 0."""
    return count - count // 3


def _first_shot(height: int, width: int) -> list[_Layer]:
    """Return a pan to the right over the lake; the boat crosses from the left, and a post in front passes by."""

    def background(t: int) -> np.ndarray:
        return -height * np.array([_to_and_fro(0.0072 * t), SWAY * (0.5 + 0.5 * np.sin(0.19 * t))])

    def boat(t: int) -> np.ndarray:
        return np.array([0.20 * width, 0.53 * height]) + height * np.array([0.0105 * t, 0.006 * np.sin(0.4 * t)])

    def post(t: int) -> np.ndarray:
        beyond = 0.3 * height  # it comes again when it has left the frame
        return np.array([(0.72 * width - 0.0285 * height * t + beyond) % (width + beyond) - beyond, 0.35 * height])

    pictures = [(_wide(SAMPLE_SCENE, height, width), background), (_boat(height), boat), (_post(height), post)]
    return [_Layer(picture, place) for picture, place in pictures]


def _second_shot(height: int, width: int) -> list[_Layer]:
    """Return a pan to the left over the painting, where the boat sails to the left."""

    def background(t: int) -> np.ndarray:
        return -height * np.array([REACH - _to_and_fro(0.0094 * t), 0.5 * SWAY])

    def boat(t: int) -> np.ndarray:
        return np.array([0.60 * width, 0.55 * height]) - height * np.array([0.008 * t, 0.004 * np.sin(0.5 * t)])

    mirrored = np.ascontiguousarray(_wide(SAMPLE_PAINTING, height, width)[:, ::-1])
    return [_Layer(mirrored, background), _Layer(np.ascontiguousarray(_boat(height)[:, ::-1]), boat)]


def _to_and_fro(way: float) -> float:
    """Return a place between 0 and `REACH` after a way that turns round at both."""
    return abs((way + REACH) % (2 * REACH) - REACH)


def _wide(file: Path, height: int, width: int) -> np.ndarray:
    rows, columns = round(FINE * height * (1 + SWAY)) + 2, round(FINE * (width + REACH * height)) + 2
    picture = resize_to(read_image(file), columns * 3 // 4, columns)[-rows:].astype(np.float32)
    return np.dstack([picture, np.ones((rows, columns), np.float32)])


def _boat(height: int) -> np.ndarray:
    """Return the scene's boat with its reflection below; the water line is at 2/3 of the picture's height."""
    side = round(FINE * 0.48 * height)
    picture = _drawn(side, BOAT, (0.5, 2 / 3), 0.38)
    upper = picture[: round(side * 2 / 3)]
    # The reflection: upside down, a third as high as what it reflects, in the water's colour, and wavy.
    below = cv2.resize(upper[::-1], (side, side - len(upper)), interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[: len(below), :side].astype(np.float32)
    below = cv2.remap(below, x + side * 0.02 * np.sin(y * 28 / side), y, cv2.INTER_LINEAR)
    below[..., :3] += (np.float32(WATER) * below[..., 3:] - below[..., :3]) * 0.55
    picture[len(upper) :] = below
    return picture


def _post(height: int) -> np.ndarray:
    return _drawn(round(FINE * 0.7 * height), POST, (0.12, 0.75), 1.0)[:, : round(FINE * 0.7 * height * 0.24)]


def _drawn(side: int, parts: list, place: tuple[float, float], size: float) -> np.ndarray:
    """Return polygons with smooth edges on a square that is transparent around them, float32 (side, side, 4)."""
    large = np.zeros((4 * side, 4 * side, 4), np.float32)
    for colour, corners in parts:
        points = (np.float32(corners) * (size, -size) + place) * len(large)
        cv2.fillPoly(large, [np.round(points).astype(np.int32)], (*map(float, colour), 1.0), cv2.LINE_AA)
    return cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA)


def _frame(layers: list[_Layer], number: int, height: int, width: int, last: bool) -> Frame:
    image, seen = _composed(layers, number, height, width)
    flow = np.zeros((height, width, 2), np.float32)
    visible = np.zeros((height, width), bool)
    if not last:
        _, seen_next = _composed(layers, number + 1, height, width)
        for i, layer in enumerate(layers):
            flow[seen == i] = layer.place(number + 1) - layer.place(number)
        y, x = np.mgrid[:height, :width]
        to_x, to_y = x + flow[..., 0], y + flow[..., 1]
        inside = (to_x >= 0) & (to_x <= width - 1) & (to_y >= 0) & (to_y <= height - 1)
        nearest = np.rint(to_y).astype(int).clip(0, height - 1), np.rint(to_x).astype(int).clip(0, width - 1)
        visible = inside & (seen_next[nearest] == seen)
    return Frame(image, flow, visible)


def _composed(layers: list[_Layer], number: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the layers one above the other, uint8 (H, W, 3), and which of them is seen at each pixel, (H, W)."""
    fine = np.zeros((FINE * height, FINE * width, 3), np.float32)
    seen = np.zeros((height, width), int)
    for i, layer in enumerate(layers):
        x, y = FINE * layer.place(number)
        moved = cv2.warpAffine(layer.picture, np.float64([[1, 0, x], [0, 1, y]]), (FINE * width, FINE * height))
        fine = fine * (1 - moved[..., 3:]) + moved[..., :3]
        seen[cv2.resize(moved[..., 3], (width, height), interpolation=cv2.INTER_AREA) > 0.5] = i
    return np.rint(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)).clip(0, 255).astype(np.uint8), seen
