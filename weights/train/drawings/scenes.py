"""Landscapes and towns: a sky, hills, water, houses with windows, trees; by day, at dusk or at night."""

import cv2
import numpy as np

from weights.train.drawings.canvas import Program, Rng, coordinates, fill, from_bytes, mix, to_bytes, trace
from weights.train.drawings.dots import disc
from weights.train.drawings.fields import fractal, smooth, spread
from weights.train.drawings.palette import colour_by, lab, palette, varied


def sky_colours(rng: Rng) -> np.ndarray:
    """Return the colours of a sky from top to horizon, (3, 3): day, grey day, dusk or night."""
    hour = rng.choice(["day", "grey", "dusk", "night"], p=[0.4, 0.2, 0.25, 0.15])
    if hour == "day":
        return np.stack([lab(rng.uniform(35, 65), 38, 260), lab(72, 20, 250), lab(90, 8, 200)])
    if hour == "grey":
        return np.stack([lab(rng.uniform(40, 75), 6, 250), lab(75, 5, 250), lab(90, 5, 90)])
    if hour == "dusk":
        return np.stack([lab(30, 30, 290), lab(55, 45, rng.uniform(20, 60)), lab(82, 50, 75)])
    return np.stack([lab(4, 12, 280), lab(12, 22, 275), lab(28, 20, 265)])


def landscape(rng: Rng) -> Program:
    """Hills or a plain under a sky, at times with water, houses and trees."""
    sky, land = sky_colours(rng), palette(rng)
    light = 0.35 + 0.65 * sky[1:].mean()
    land = land * light
    horizon, ridges, rough = rng.uniform(0.3, 0.65), int(rng.integers(1, 5)), rng.uniform(0, 0.12)
    houses, trees = int(rng.choice([0, rng.integers(2, 14)])), int(rng.choice([0, rng.integers(3, 30)]))
    water, sun, cloudy = rng.random() < 0.3, rng.random() < 0.4, rng.uniform(0, 0.9)
    lamps = light < 0.55

    def picture(draw: Rng, size: int) -> np.ndarray:
        board = to_bytes(_sky(draw, size, sky, horizon, cloudy))
        if sun:
            disc(board, draw.uniform([0, 0], [size, horizon * size]), size * draw.uniform(0.02, 0.07), sky[2] * 0.5 + 0.5)
        for k in range(ridges):
            _ridge(draw, board, horizon + 0.12 * k, (0.08 + 0.03 * k) * size, land[k % len(land)] * (1 - k / 9) + sky[2] * 0.3 / (k + 1))
        for _ in range(houses):
            _house(draw, board, horizon, land[draw.integers(len(land))], lamps)
        for _ in range(trees):
            _tree(draw, board, horizon, land[draw.integers(len(land))] * 0.7)
        image = from_bytes(board)
        image = image * (1 + rough * fractal(draw, size, 20, 3))[..., None]
        return np.clip(_with_water(draw, image) if water else image, 0, 1).astype(np.float32)

    return picture


def _sky(rng: Rng, size: int, colours: np.ndarray, horizon: float, cloudy: float) -> np.ndarray:
    _, y = coordinates(size)
    image = colour_by(y / (horizon * size), colours)
    stretched = cv2.resize(fractal(rng, size, 3, 5), (size, 2 * size))[:size]
    clouds = cloudy * np.clip(1.2 * spread(stretched.T) - 0.4, 0, 1)
    return mix(image, np.broadcast_to(colours[2] * 0.7 + 0.3 * colours[2].mean(), image.shape), clouds)


def _ridge(rng: Rng, board: np.ndarray, level: float, height: float, colour: np.ndarray) -> None:
    size = len(board)
    x = np.linspace(-2, size + 2, 60)
    y = level * size - height * np.interp(x, np.linspace(-2, size + 2, 7), rng.normal(0, 0.6, 7)) - rng.normal(0, 0.02, 60) * height
    fill(board, np.vstack([np.stack([x, y], 1), [[size + 2, size + 2], [-2, size + 2]]]), colour)


def _house(rng: Rng, board: np.ndarray, horizon: float, colour: np.ndarray, lamps: bool) -> None:
    size = len(board)
    x, foot = rng.uniform(-0.1, 1) * size, rng.uniform(horizon, min(1, horizon + 0.35)) * size
    width, height = rng.uniform(0.07, 0.24) * size, rng.uniform(0.08, 0.4) * size
    side = x + width * rng.uniform(0.6, 1)
    top = foot - height
    colour = varied(rng, colour[None], 0.08)[0]
    fill(board, _box(x, top, side, foot), colour)
    fill(board, _box(side, top, x + width, foot), colour * 0.65)
    if rng.random() < 0.6:
        roof = lab(rng.uniform(20, 45), rng.uniform(5, 45), 45)
        fill(board, np.array([[x - 3, top], [(x + side) / 2, top - width * 0.45], [x + width + 3, top]]), roof)
    pane = rng.uniform(0.018, 0.04) * size
    glass = lab(80, 55, 80) if lamps else colour * 0.35
    for row in np.arange(top + pane, foot - 1.5 * pane, 2.2 * pane):
        for column in np.arange(x + 0.6 * pane, side - pane, 1.8 * pane):
            fill(board, _box(column, row, column + pane, row + 1.3 * pane), glass if rng.random() < 0.8 else colour * 0.3)


def _tree(rng: Rng, board: np.ndarray, horizon: float, colour: np.ndarray) -> None:
    size = len(board)
    foot = rng.uniform([0, horizon], [1, min(1, horizon + 0.4)]) * size
    height = rng.uniform(0.05, 0.22) * size
    trace(board, np.stack([foot, foot - [0, height]]), lab(20, 12, 55), height / 12)
    if rng.random() < 0.3:  # a conifer or a cypress
        width = height * rng.uniform(0.15, 0.3)
        fill(board, foot + np.array([[-width, -height * 0.2], [0, -1.5 * height], [width, -height * 0.2]]), colour)
        return
    for light in np.linspace(0.8, 1.35, 14):
        place = foot - [0, height] + rng.normal(0, 0.18, 2) * height - [0, (light - 1) * 0.3 * height]
        disc(board, place, height * rng.uniform(0.12, 0.28), colour * light)


def _box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _with_water(rng: Rng, image: np.ndarray) -> np.ndarray:
    """Return the picture with its lower part as water, which mirrors what is above in ripples."""
    size = len(image)
    shore = int(size * rng.uniform(0.6, 0.8))
    mirrored = image[2 * shore - size : shore][::-1]
    x, y = coordinates(size)
    ripple = 3 * smooth(rng, size, 30) * (y / size)
    wet = cv2.remap(mirrored, (x + 2 * ripple)[: size - shore], (y + 3 * ripple)[: size - shore], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.vstack([image[:shore], 0.8 * wet])
