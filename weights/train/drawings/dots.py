"""Points: dots of paint side by side, stars on a dark sky, lights out of focus."""

import cv2
import numpy as np

from weights.train.drawings.canvas import (
    FRACTION_BITS,
    Program,
    Rng,
    from_bytes,
    ink,
    log_uniform,
    plain,
    points,
    to_bytes,
    trace,
)
from weights.train.drawings.fields import fractal, spread
from weights.train.drawings.palette import colour_by, lab, palette, varied


def disc(board: np.ndarray, place: np.ndarray, radius: float, colour: np.ndarray) -> None:
    """Fill a disc on a board of bytes."""
    x, y = points(place).tolist()
    cv2.circle(board, (x, y), round(radius * 2**FRACTION_BITS), ink(colour), -1, cv2.LINE_AA, FRACTION_BITS)


def dots(rng: Rng) -> Program:
    """Dots in rows or scattered, which show a slow change of tone by their colour or by their size."""
    colours, pitch, disorder = palette(rng), rng.uniform(3.5, 16), rng.uniform(0, 0.6)
    blobs, by_size, change, steps = rng.uniform(1.5, 7), rng.random() < 0.4, rng.uniform(0, 0.15), rng.random() < 0.5
    ground = colours[-1] if by_size else colours[rng.integers(len(colours))]

    def picture(draw: Rng, size: int) -> np.ndarray:
        places = pitch * np.stack(np.meshgrid(*[np.arange(size / pitch + 1)] * 2), -1).reshape(-1, 2)
        places = places + draw.normal(0, disorder * pitch + 1e-3, places.shape)
        column, row = np.clip(places.astype(np.int32), 0, size - 1).T
        tone = spread(fractal(draw, size, blobs, 3))[row, column]
        paints = np.repeat(colours[:1], len(tone), 0) if by_size else colour_by(tone, colours, steps)
        radii = pitch * (0.05 + 0.62 * tone if by_size else np.full_like(tone, 0.5))
        board = to_bytes(plain(ground, size))
        for place, radius, paint in zip(places, radii, varied(draw, paints, change), strict=True):
            disc(board, place, radius, paint)
        return from_bytes(board)

    return picture


def stars(rng: Rng) -> Program:
    """A night sky: dark dust, small stars where there is more of it, some with a glow or with rays."""
    night = lab(rng.uniform(2, 12), 15, rng.uniform(220, 320))
    dusty = lab(rng.uniform(8, 35), 25, rng.uniform(0, 360))
    apart, brightness, blobs = log_uniform(rng, 11, 42), rng.uniform(0.4, 1), rng.uniform(1.5, 4)  # apart: pixels
    rays, hues = rng.random() < 0.4, rng.choice([60, 90, 250], 4)

    def picture(draw: Rng, size: int) -> np.ndarray:
        dust = spread(fractal(draw, size, blobs, 5))
        lit, glow = to_bytes(plain(np.zeros(3), size)), to_bytes(plain(np.zeros(3), size))
        places = draw.uniform(0, size, (int((size / apart) ** 2), 2))
        column, row = places.astype(np.int32).T
        places = places[draw.random(len(places)) < 0.15 + dust[row, column]]
        for place, radius in zip(places, np.minimum(6, 0.5 + 0.4 * draw.pareto(1.6, len(places))), strict=True):
            colour = brightness * lab(draw.uniform(60, 98), 18, hues[draw.integers(4)])
            disc(lit, place, radius, colour)
            if radius > 1.5:
                disc(glow, place, 3 * radius, colour)
                for ray in 4 * radius * np.eye(2)[: 2 * rays]:
                    trace(lit, np.stack([place - ray, place + ray]), colour, 1)
        lights = from_bytes(lit) + 0.8 * cv2.GaussianBlur(from_bytes(glow), (0, 0), 5)
        return np.clip(colour_by(0.9 * dust**2, np.stack([night, dusty])) + lights, 0, 1)

    return picture


def bokeh(rng: Rng) -> Program:
    """Lights out of focus: soft discs that add up on a dark, smooth ground."""
    colours = palette(rng)
    radius, cover, soft = log_uniform(rng, 5, 30), log_uniform(rng, 0.1, 0.6), log_uniform(rng, 0.6, 5)

    def picture(draw: Rng, size: int) -> np.ndarray:
        image = 0.3 * colour_by(spread(fractal(draw, size, 1.5, 2)), colours)
        for _ in range(3):  # discs add up only between the layers
            layer = to_bytes(plain(np.zeros(3), size))
            for place in draw.uniform(0, size, (int(np.clip(cover * (size / radius) ** 2 / 9, 3, 90)), 2)):
                paint = colours[draw.integers(len(colours))] * draw.uniform(0.2, 0.8)
                disc(layer, place, radius * draw.uniform(0.5, 1.2), paint)
            image = image + cv2.GaussianBlur(from_bytes(layer), (0, 0), soft)
        return np.clip(image, 0, 1)

    return picture
