"""Direction fields, along which strokes, hairs and lines run: one unit vector (x, y) for each pixel.

The vortices and spirals are for skies like Van Gogh's, the level lines for skies like Munch's.
"""

from collections.abc import Callable

import cv2
import numpy as np

from weights.train.drawings.canvas import Rng, coordinates, log_uniform
from weights.train.drawings.fields import fractal, slopes, smooth

Directions = Callable[[Rng, int], np.ndarray]  # (random numbers, side) → (side, side, 2) float32, unit vectors
COARSE = 4  # vortices are summed on every fourth pixel: they are smooth


def orientation(rng: Rng) -> Directions:
    """Choose a kind of direction field and its scale; return the function that makes one such field."""
    layout = rng.choice(["straight", "waving", "wandering", "vortices", "level lines"], p=[0.15, 0.15, 0.15, 0.35, 0.2])
    main = rng.uniform(0, np.pi)
    scale = log_uniform(rng, 40, 220)
    bend = rng.uniform(0.3, 1) * rng.choice([-1, 1])
    if layout == "vortices":
        return vortices(rng, main, scale)
    if layout == "level lines":
        return lambda draw, size: along_levels(fractal(draw, size, size / scale, 2), 3)

    def directions(draw: Rng, size: int) -> np.ndarray:
        if layout == "straight":
            return from_angle(main + 0.15 * smooth(draw, size, 3))
        if layout == "wandering":
            return from_angle(main + 1.3 * smooth(draw, size, size / scale))
        x, y = coordinates(size)
        across = x * np.cos(main + 1.2) + y * np.sin(main + 1.2)
        return from_angle(main + bend * np.sin(2 * np.pi * across / scale + draw.uniform(0, 2 * np.pi)))

    return directions


def vortices(rng: Rng, main: float, scale: float) -> Directions:
    """Return a field of whirls, spirals or rays about `scale` pixels wide in a slow stream along the angle `main`."""
    turn = np.pi / 2 + rng.choice([0, 0.5, -0.5, np.pi / 2], p=[0.45, 0.25, 0.2, 0.1])
    both_ways = rng.random() < 0.5
    stream = rng.uniform(0.05, 0.3)

    def directions(draw: Rng, size: int) -> np.ndarray:
        x, y = coordinates(-(-size // COARSE))
        x, y = x * COARSE, y * COARSE
        u, v = np.full_like(x, stream * np.cos(main)), np.full_like(x, stream * np.sin(main))
        for _ in range(int(np.clip((size / scale) ** 2, 1, 30))):
            dx, dy = x - draw.uniform(-20, size + 20), y - draw.uniform(-20, size + 20)
            width = scale * draw.uniform(0.3, 0.7)
            side = draw.choice([-1, 1]) if both_ways else 1
            distance2 = dx * dx + dy * dy
            weight = side * np.exp(-distance2 / (2 * width * width)) / np.sqrt(distance2 + 1)
            u += weight * (dx * np.cos(turn) - dy * np.sin(turn))
            v += weight * (dx * np.sin(turn) + dy * np.cos(turn))
        return unit(cv2.resize(np.stack([u, v], -1).astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR))

    return directions


def along_levels(field: np.ndarray, blur: float) -> np.ndarray:
    """Return the directions in which a field, or a grey picture, stays the same: along its contours."""
    dx, dy = slopes(field, blur)
    return unit(np.stack([-dy, dx], -1))


def from_angle(angle: np.ndarray) -> np.ndarray:
    """Return the unit vectors of angles in radians."""
    return np.stack([np.cos(angle), np.sin(angle)], -1).astype(np.float32)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1; where there is none, the vector along x."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-8, vectors / np.maximum(length, 1e-8), np.float32([1, 0])).astype(np.float32)


def follow(directions: np.ndarray, starts: np.ndarray, step: float, steps: int, turned: np.ndarray) -> np.ndarray:
    """Return paths (n, steps + 1, 2) from `starts` (n, 2) along the directions, each turned by its angle `turned` (n,).

    A direction and its opposite are the same line: each step takes the one that goes on forward.
    """
    size = len(directions)
    cos, sin = np.cos(turned), np.sin(turned)
    paths = np.empty((len(starts), steps + 1, 2), np.float32)
    paths[:, 0] = starts
    before = None
    for i in range(steps):
        column, row = np.clip(paths[:, i].astype(np.int32), 0, size - 1).T
        x, y = directions[row, column].T
        ahead = np.stack([x * cos - y * sin, x * sin + y * cos], 1)
        if before is not None:
            ahead *= np.where((ahead * before).sum(1, keepdims=True) < 0, -1, 1)
        paths[:, i + 1] = paths[:, i] + step * ahead
        before = ahead
    return paths
