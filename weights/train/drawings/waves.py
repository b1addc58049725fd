"""Regular patterns: waves and gratings, ornament from repeated tiles."""

import cv2
import numpy as np

from weights.train.drawings.canvas import (
    Program,
    Rng,
    coordinates,
    fill,
    from_bytes,
    log_uniform,
    plain,
    to_bytes,
    trace,
)
from weights.train.drawings.fields import smooth, spread, warp
from weights.train.drawings.palette import colour_by, palette


def waves(rng: Rng) -> Program:
    """One to three waves, straight or in rings, added, multiplied or laid over each other."""
    colours, steps = palette(rng), rng.random() < 0.4
    bend, blobs = rng.choice([0, rng.uniform(0, 22)]), rng.uniform(1, 7)
    join = (np.add, np.multiply, np.maximum)[rng.integers(3)]
    rings, swirl = rng.random() < 0.3, rng.choice([0, 1])
    periods = [log_uniform(rng, 5, 90) for _ in range(rng.integers(1, 4))]
    angles = rng.uniform(0, np.pi, len(periods))

    def picture(draw: Rng, size: int) -> np.ndarray:
        x, y = coordinates(size)
        x, y = x + bend * smooth(draw, size, blobs), y + bend * smooth(draw, size, blobs)
        height = None
        for period, angle in zip(periods, angles, strict=True):
            along = x * np.cos(angle) + y * np.sin(angle)
            if rings:
                dx, dy = x - draw.uniform(0, size), y - draw.uniform(0, size)
                along = np.hypot(dx, dy) + swirl * period * np.arctan2(dy, dx) / (2 * np.pi)
            wave = np.sin(2 * np.pi * along / period + (0 if rings else draw.uniform(0, 2 * np.pi)))
            height = wave if height is None else join(height, wave)
        return colour_by(spread(height), colours, steps)

    return picture


def ornament(rng: Rng) -> Program:
    """A tile of a few shapes, often mirrored, repeated over the picture, at times turned or warped."""
    tile = _tile(rng, palette(rng), int(log_uniform(rng, 12, 70)))
    brick = rng.random() < 0.3
    angle, bend = rng.choice([0, rng.uniform(0, 180)]), rng.choice([0, rng.uniform(2, 12)])

    def picture(draw: Rng, size: int) -> np.ndarray:
        height, width = tile.shape[:2]
        row = np.tile(tile, (1, 2 * size // width + 2, 1))
        rows = [np.roll(row, brick * (i % 2) * width // 2, 1) for i in range(2 * size // height + 2)]
        turn = cv2.getRotationMatrix2D((size, size), float(angle), 1)
        turn[:, 2] += draw.uniform(-width, width, 2) / 2 - size / 2
        wall = cv2.warpAffine(
            np.vstack(rows), turn, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        return warp(draw, wall, bend, 4) if bend else wall

    return picture


def _tile(rng: Rng, colours: np.ndarray, side: int) -> np.ndarray:
    """Return one tile, about (side, side, 3) float32; with its mirror images it is twice as high and wide."""
    board = to_bytes(plain(colours[rng.integers(len(colours))], side))
    for _ in range(int(rng.integers(2, 6))):
        colour = colours[rng.integers(len(colours))]
        shape = rng.choice(["line", "disc", "ring", "triangle", "box"])
        if shape == "line":
            trace(board, rng.uniform(0, side, (3, 2)), colour, side * rng.uniform(0.04, 0.2))
        elif shape == "triangle":
            fill(board, rng.uniform(0, side, (3, 2)), colour)
        elif shape == "box":
            (x, y), (right, bottom) = np.sort(rng.uniform(0, side, (2, 2)), 0)
            fill(board, np.array([[x, y], [right, y], [right, bottom], [x, bottom]]), colour)
        else:
            turn = np.linspace(0, 2 * np.pi, 40)[:, None]
            circle = side / 2 + side * rng.uniform(0.1, 0.5) * np.hstack([np.cos(turn), np.sin(turn)])
            if shape == "disc":
                fill(board, circle, colour)
            else:
                trace(board, circle, colour, side * 0.08)
    tile = from_bytes(board)
    if rng.random() < 0.6:
        tile = np.hstack([tile, tile[:, ::-1]])
        tile = np.vstack([tile, tile[::-1]])
    return tile
