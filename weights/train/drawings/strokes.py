"""Brush strokes: short curves of paint along a direction field, freely or over a picture (a painting of it).

A painting starts with a large brush and goes on with smaller ones where there are details (Hertzmann 1998).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from weights.train.drawings.canvas import Program, Rng, from_bytes, log_uniform, plain, to_bytes, trace
from weights.train.drawings.fields import fractal, slopes, spread
from weights.train.drawings.orientation import along_levels, follow, orientation
from weights.train.drawings.palette import colour_by, palette, varied

MOST = 3500  # strokes in one layer of paint


@dataclass(frozen=True)
class Brush:
    """How one layer of strokes is laid."""

    width: float  # pixels
    length: float  # pixels
    cover: float  # how often a spot is painted over, on average
    colour_change: float
    angle_change: float  # radians
    bristles: bool

    def smaller(self) -> "Brush":
        """Return the brush for the next layer."""
        length = max(5, 0.6 * self.length)
        return Brush(max(1, self.width / 2), length, 0.6 * self.cover, self.colour_change, self.angle_change, False)


def choose_brush(rng: Rng, widest: float = 14) -> Brush:
    """Return a brush of any size up to `widest` pixels."""
    width = log_uniform(rng, 1.2, widest)
    length = float(np.clip(width * log_uniform(rng, 1.5, 14), 6, 130))
    cover, change, turn = rng.uniform(0.9, 2.2), rng.choice([0, rng.uniform(0, 0.12)]), rng.uniform(0, 0.25)
    return Brush(width, length, cover, change, turn, width > 3 and rng.random() < 0.5)


def lay(
    rng: Rng,
    board: np.ndarray,
    brush: Brush,
    directions: np.ndarray,
    colours: np.ndarray,
    share: np.ndarray | None = None,
) -> None:
    """Paint one layer on a board of bytes; each stroke takes the colour that `colours` (size, size, 3) has under it.

    With `share` (size, size), only that share of the strokes is painted at each place.
    """
    size = len(board)
    count = int(min(MOST, brush.cover * size * size / (brush.width * brush.length)))
    starts = rng.uniform(-8, size + 8, (count, 2))
    if share is not None:
        column, row = np.clip(starts.astype(np.int32), 0, size - 1).T
        starts = starts[rng.random(count) < share[row, column]]
    steps = int(np.clip(brush.length / 5, 3, 14))
    turned = rng.normal(0, brush.angle_change, len(starts))
    paths = follow(directions, starts, brush.length / steps, steps, turned)
    column, row = np.clip(paths[:, steps // 2].astype(np.int32), 0, size - 1).T
    paints = varied(rng, colours[row, column], brush.colour_change)
    widths = brush.width * rng.uniform(0.7, 1.3, len(paths))
    for path, paint, width in zip(paths, paints, widths, strict=True):
        trace(board, path, paint, width)
        if brush.bristles:
            along = path[-1] - path[0]
            across = np.array([-along[1], along[0]]) / (np.hypot(*along) + 1e-3) * width
            trace(board, path + 0.3 * across, paint * 0.85, 1)
            trace(board, path - 0.25 * across, paint * 0.85 + 0.15, 1)


def strokes(rng: Rng) -> Program:
    """Strokes in the colours of a palette, which change slowly from place to place or from stroke to stroke."""
    colours, directions, brush = palette(rng), orientation(rng), choose_brush(rng)
    blobs, steps, anywhere = rng.uniform(1.5, 8), rng.random() < 0.5, rng.random() < 0.3
    layers = (brush, brush.smaller())[: rng.integers(1, 3)]

    def picture(draw: Rng, size: int) -> np.ndarray:
        tone = draw.random((size, size)) if anywhere else spread(fractal(draw, size, blobs, 3))
        below, paths = colour_by(tone, colours, steps), directions(draw, size)
        board = to_bytes(plain(colours[0], size))
        for layer in layers:
            lay(draw, board, layer, paths, below)
        return from_bytes(board)

    return picture


def painted(rng: Rng, subject: Program) -> Program:
    """Paint another program's picture in strokes, along its own contours or along a direction field."""
    brush, directions, by_contours = choose_brush(rng, 9), orientation(rng), rng.random() < 0.5
    layers = [brush, brush.smaller(), brush.smaller().smaller()][: rng.integers(1, 4)]

    def picture(draw: Rng, size: int) -> np.ndarray:
        seen = subject(draw, size)
        grey = seen.mean(-1)
        paths = along_levels(grey, 6) if by_contours else directions(draw, size)
        detail = np.hypot(*slopes(grey, 1.5))
        share = np.clip(cv2.GaussianBlur(detail, (0, 0), 3) / (detail.mean() + 1e-6), 0, 1)
        board = to_bytes(cv2.GaussianBlur(seen, (0, 0), 3))
        for layer in layers:
            colours = cv2.GaussianBlur(seen, (0, 0), max(0.6, layer.width / 3))
            lay(draw, board, layer, paths, colours, None if layer is brush else share)
        return from_bytes(board)

    return picture
