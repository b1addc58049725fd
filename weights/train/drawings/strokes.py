"""Brush strokes: short curves of paint along a direction field, freely or over a picture (a painting of it)."""

from dataclasses import dataclass

import cv2
import numpy as np

from weights.train.drawings.canvas import Program, Rng, from_bytes, log_uniform, plain, to_bytes, trace
from weights.train.drawings.fields import fractal, spread
from weights.train.drawings.orientation import along_levels, follow, orientation
from weights.train.drawings.palette import colour_by, palette, varied

MOST = 3500  # strokes in one layer of paint


@dataclass(frozen=True)
class Brush:
    """How one layer of strokes is laid: width and length in pixels, the rest as shares of 1."""

    width: float
    length: float
    cover: float  # how often a spot is painted over, on average
    colour_change: float
    angle_change: float  # radians
    bristles: bool

    def smaller(self) -> "Brush":
        """Return the brush for the details of the second layer."""
        return Brush(self.width / 2, self.length * 0.6, self.cover / 2, self.colour_change, self.angle_change, False)


def choose_brush(rng: Rng, widest: float = 14) -> Brush:
    """Return a brush of any size up to `widest` pixels."""
    width = log_uniform(rng, 1.2, widest)
    length = float(np.clip(width * log_uniform(rng, 1.5, 14), 6, 130))
    colour_change = rng.choice([0.0, rng.uniform(0, 0.12)])
    return Brush(width, length, rng.uniform(0.9, 2.2), colour_change, rng.uniform(0, 0.25), width > 3 and rng.random() < 0.5)


def lay(rng: Rng, board: np.ndarray, brush: Brush, directions: np.ndarray, colours: np.ndarray) -> None:
    """Paint one layer on a board of bytes; each stroke takes the colour that `colours` (size, size, 3) has under it."""
    size = len(board)
    count = int(min(MOST, brush.cover * size * size / (brush.width * brush.length)))
    steps = int(np.clip(brush.length / 5, 3, 14))
    starts = rng.uniform(-8, size + 8, (count, 2))
    paths = follow(directions, starts, brush.length / steps, steps, rng.normal(0, brush.angle_change, count))
    column, row = np.clip(paths[:, steps // 2].astype(np.int32), 0, size - 1).T
    paints = varied(rng, colours[row, column], brush.colour_change)
    widths = brush.width * rng.uniform(0.7, 1.3, count)
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
    layers = int(rng.integers(1, 3))

    def picture(draw: Rng, size: int) -> np.ndarray:
        tone = draw.random((size, size)) if anywhere else spread(fractal(draw, size, blobs, 3))
        below = colour_by(tone, colours, steps)
        board = to_bytes(plain(colours[0], size))
        paths = directions(draw, size)
        for brush_now in (brush, brush.smaller())[:layers]:
            lay(draw, board, brush_now, paths, below)
        return from_bytes(board)

    return picture


def painted(rng: Rng, subject: Program) -> Program:
    """Paint another program's picture in strokes, along its own contours or along a direction field."""
    brush, directions, by_contours = choose_brush(rng, 9), orientation(rng), rng.random() < 0.5

    def picture(draw: Rng, size: int) -> np.ndarray:
        seen = subject(draw, size)
        flat = cv2.GaussianBlur(seen, (0, 0), max(0.8, brush.width / 3))
        paths = along_levels(seen.mean(-1), 6) if by_contours else directions(draw, size)
        board = to_bytes(cv2.GaussianBlur(seen, (0, 0), 3))
        for brush_now in (brush, brush.smaller()):
            lay(draw, board, brush_now, paths, flat)
        return from_bytes(board)

    return picture
