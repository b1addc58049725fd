"""Brush and pen: strokes of paint, and pictures of another program painted, drawn or hatched."""

from dataclasses import dataclass

import cv2
import numpy as np

from weights.drawings.canvas import (
    Program,
    Rng,
    along_levels,
    colour_by,
    coordinates,
    follow,
    fractal,
    from_bytes,
    lab,
    log_uniform,
    mix,
    orientation,
    palette,
    plain,
    slopes,
    smooth,
    spread,
    to_bytes,
    trace,
    varied,
)

# Brush strokes: short curves of paint along a direction field, freely or over a picture (a painting of it).
#
# A painting starts with a large brush and goes on with smaller ones where there are details (Hertzmann 1998).

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


# Ink on paper: line drawings, hatchings and engravings of another program's picture.


def paper_and_ink(rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Return a light and a dark colour: mostly white or yellowish paper with grey, brown or blue ink."""
    if rng.random() < 0.2:
        colours = palette(rng)
        return colours[-1], colours[0]
    paper = lab(rng.uniform(80, 98), rng.uniform(0, 18), 85)
    return paper, lab(rng.uniform(2, 35), rng.uniform(0, 25), rng.choice([50, 270]))


def line_drawing(rng: Rng, subject: Program) -> Program:
    """The subject's edges as lines: a difference of two blurs, cut off softly (Winnemöller et al. 2012)."""
    paper, dark = paper_and_ink(rng)
    width, sharpness, threshold = log_uniform(rng, 0.6, 1.8), rng.uniform(0.5, 2), rng.uniform(0.2, 0.8)
    wash = rng.choice([0, rng.uniform(0.1, 0.6)])

    def picture(draw: Rng, size: int) -> np.ndarray:
        seen = subject(draw, size)
        grey = seen.mean(-1)
        edges = cv2.GaussianBlur(grey, (0, 0), width) - cv2.GaussianBlur(grey, (0, 0), 1.6 * width)
        lines = np.clip(sharpness * (-edges / (edges.std() + 0.001) - threshold), 0, 1)
        ground = mix(plain(paper, size), seen * paper, np.full_like(grey, wash))
        return mix(ground, plain(dark, size), lines)

    return picture


def hatching(rng: Rng, subject: Program) -> Program:
    """The subject's tones in one to three layers of parallel lines, wider where it is darker."""
    paper, dark = paper_and_ink(rng)
    layers = [(rng.uniform(0, np.pi), log_uniform(rng, 3, 9)) for _ in range(rng.integers(1, 4))]
    bend, crossed = rng.choice([0, rng.uniform(1, 12)]), rng.uniform(0.15, 0.35)

    def picture(draw: Rng, size: int) -> np.ndarray:
        tone = spread(cv2.GaussianBlur(subject(draw, size).mean(-1), (0, 0), 1))
        x, y = coordinates(size)
        x, y = x + bend * smooth(draw, size, 3), y + bend * smooth(draw, size, 3)
        white = np.ones((size, size), np.float32)
        for i, (angle, period) in enumerate(layers):
            wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)
            white = np.minimum(white, np.clip(1.5 * (wave + 2.6 * tone - 0.9 + crossed * i) + 0.5, 0, 1))
        return mix(plain(dark, size), plain(paper, size), white)

    return picture
