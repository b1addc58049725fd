"""What shows something: colours that pass into each other, landscapes and towns."""

import cv2
import numpy as np

from weights.drawings.canvas import (
    Program,
    Rng,
    colour_by,
    coordinates,
    disc,
    fill,
    fractal,
    from_bytes,
    lab,
    look_up,
    mix,
    palette,
    smooth,
    spread,
    to_bytes,
    trace,
    varied,
)


def gradient(rng: Rng) -> Program:
    """Two or three colours that pass into each other: a wall in side light, a sky, a backdrop."""
    colours, angle = palette(rng)[: rng.integers(2, 4)], rng.uniform(0, 2 * np.pi)
    round_, unrest = rng.random() < 0.4, rng.uniform(0, 0.5)

    def picture(draw: Rng, size: int) -> np.ndarray:
        x, y = coordinates(size)
        x, y = x / size - draw.uniform(0.2, 0.8), y / size - draw.uniform(0.2, 0.8)
        tone = np.hypot(x, y) if round_ else x * np.cos(angle) + y * np.sin(angle)
        return colour_by(spread(tone / tone.std() + unrest * smooth(draw, size, 2)), colours)

    return picture


# Landscapes and towns: a sky, hills, water, houses with windows, trees; by day, at dusk or at night.


def landscape(rng: Rng) -> Program:
    """Hills or a plain under a sky, at times with water, houses, trees, a sun or a moon."""
    sky, land, lamps = sky_colours(rng), land_colours(rng), rng.random() < 0.5
    land = land * (0.35 + 0.65 * sky[1:].mean())  # the land is as dark as the sky makes it
    horizon, ridges, grain = rng.uniform(0.3, 0.65), int(rng.integers(1, 5)), rng.choice([0, rng.uniform(0.02, 0.15)])
    houses, trees = int(rng.choice([0, rng.integers(2, 14)])), int(rng.choice([0, rng.integers(3, 30)]))
    water, sun, cloudy = rng.random() < 0.3, rng.random() < 0.4, rng.choice([0, rng.uniform(0.2, 0.9)])

    def picture(draw: Rng, size: int) -> np.ndarray:
        board = to_bytes(_sky(draw, size, sky, horizon, cloudy, sun))
        for k in range(ridges):
            haze = 0.5 / (k + 1)
            paint = land[k % len(land)] * (1 - haze) + sky[2] * haze
            _ridge(draw, board, horizon + 0.12 * k, (0.08 + 0.03 * k) * size, paint)
        ground = board.copy()
        for _ in range(houses):
            _house(draw, board, horizon, land[draw.integers(len(land))], lamps)
        for _ in range(trees):
            _tree(draw, board, horizon, land[draw.integers(len(land))] * 0.7)
        image = from_bytes(board)
        _, y = coordinates(size)
        rough = (board == ground).all(-1) * (y > horizon * size)  # sky and walls stay smooth
        image = image * (1 + grain * rough * fractal(draw, size, 20, 4))[..., None]
        return np.clip(_with_water(draw, image) if water else image, 0, 1).astype(np.float32)

    return picture


def sky_colours(rng: Rng) -> np.ndarray:
    """Return the colours of a sky from top to horizon, (3, 3): day, grey day, dusk or night."""
    hour = rng.choice(["day", "grey", "dusk", "night"], p=[0.4, 0.2, 0.2, 0.2])
    if hour == "day":
        return np.stack([lab(rng.uniform(35, 65), 38, 260), lab(72, 20, 250), lab(90, 8, 200)])
    if hour == "grey":
        return np.stack([lab(rng.uniform(40, 75), 6, 250), lab(75, 5, 250), lab(90, 5, 90)])
    if hour == "dusk":
        return np.stack([lab(30, 30, 290), lab(55, 45, rng.uniform(20, 60)), lab(82, 50, 75)])
    return np.stack([lab(4, 12, 280), lab(12, 22, 275), lab(28, 20, 265)])


def land_colours(rng: Rng) -> np.ndarray:
    """Return the colours of land and houses: mostly earth and green, at times any palette."""
    if rng.random() < 0.3:
        return palette(rng)
    return np.stack([lab(rng.uniform(20, 75), rng.uniform(5, 35), rng.choice([55, 75, 110, 125])) for _ in range(6)])


def _sky(rng: Rng, size: int, colours: np.ndarray, horizon: float, cloudy: float, sun: bool) -> np.ndarray:
    """Return the sky over the whole picture: a gradient, flat clouds, a sun or moon with its glow."""
    x, y = coordinates(size)
    image = colour_by(y / (horizon * size), colours)
    if sun:
        place, radius = rng.uniform([0, 0], [size, horizon * size]), size * rng.uniform(0.02, 0.07)
        distance = np.hypot(x - place[0], y - place[1])
        light = np.broadcast_to(0.5 + 0.5 * colours[2], image.shape)
        image = mix(image, light, np.clip(radius - distance, 0, 1) + 0.4 * np.exp(-distance / (4 * radius)))
    clouds = spread(look_up(fractal(rng, size, 3, 5), x / 2, y))  # twice as wide as high
    pale = 0.6 * colours[2] + 0.4 * colours[2].mean()
    return mix(image, np.broadcast_to(pale, image.shape), cloudy * np.clip(1.3 * clouds - 0.5, 0, 1))


def _ridge(rng: Rng, board: np.ndarray, level: float, height: float, colour: np.ndarray) -> None:
    """Draw a ridge of hills at `level` (a share of the side), about `height` pixels high, and all below it."""
    size = len(board)
    x = np.linspace(-2, size + 2, 60)
    rise = np.interp(x, np.linspace(-2, size + 2, 7), rng.normal(0, 0.6, 7)) + rng.normal(0, 0.02, 60)
    skyline = np.stack([x, level * size - height * rise], 1)
    fill(board, np.vstack([skyline, [[size + 2, size + 2], [-2, size + 2]]]), colour)


def _house(rng: Rng, board: np.ndarray, horizon: float, colour: np.ndarray, lamps: bool) -> None:
    """Draw a house with a lit front, a dark side, mostly a roof, and windows."""
    size = len(board)
    left, foot = rng.uniform(-0.1, 1) * size, rng.uniform(horizon, min(1, horizon + 0.35)) * size
    width, height = rng.uniform(0.07, 0.24) * size, rng.uniform(0.08, 0.4) * size
    corner, right, top = left + width * rng.uniform(0.6, 1), left + width, foot - height
    colour = varied(rng, colour[None], 0.08)[0]
    fill(board, _box(left, top, corner, foot), colour)
    fill(board, _box(corner, top, right, foot), colour * 0.65)
    if rng.random() < 0.6:
        roof = np.array([[left - 3, top], [(left + corner) / 2, top - 0.45 * width], [right + 3, top]])
        fill(board, roof, lab(rng.uniform(20, 45), rng.uniform(5, 45), 45) * (0.5 + 0.5 * colour.mean()))
    pane = rng.uniform(0.018, 0.04) * size
    for y in np.arange(top + pane, foot - 1.5 * pane, 2.2 * pane):
        for x in np.arange(left + 0.6 * pane, corner - pane, 1.8 * pane):
            glass = lab(80, 55, 80) if lamps and rng.random() < 0.6 else colour * rng.uniform(0.25, 0.4)
            fill(board, _box(x, y, x + pane, y + 1.3 * pane), glass)


def _tree(rng: Rng, board: np.ndarray, horizon: float, colour: np.ndarray) -> None:
    """Draw a trunk and a crown of lighter and darker clumps, or a conifer."""
    size = len(board)
    foot = rng.uniform([0, horizon], [1, min(1, horizon + 0.4)]) * size
    height = rng.uniform(0.05, 0.22) * size
    trace(board, np.stack([foot, foot - [0, height]]), lab(15, 10, 55), height / 12)
    if rng.random() < 0.3:
        wide = height * rng.uniform(0.15, 0.3)
        triangle = np.array([[-wide, -0.2 * height], [0, -1.5 * height], [wide, -0.2 * height]])
        fill(board, foot + triangle, colour)
        return
    for light in np.linspace(0.8, 1.35, 14):
        place = foot - [0, height * (0.7 + 0.3 * light)] + rng.normal(0, 0.18, 2) * height
        disc(board, place, height * rng.uniform(0.12, 0.28), colour * light)


def _box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _with_water(rng: Rng, image: np.ndarray) -> np.ndarray:
    """Return the image with its lower part as water, which mirrors in ripples what is above."""
    size = len(image)
    shore = int(size * rng.uniform(0.6, 0.8))
    x, y = coordinates(size)
    depth = np.maximum(y - shore, 0)
    ripple = (0.5 + depth / 15) * smooth(rng, size, 30)
    mirrored = look_up(cv2.GaussianBlur(image, (0, 0), 0.7), x + ripple, np.minimum(y, 2 * shore - y) + ripple)
    return mix(image, 0.8 * mirrored, np.clip(depth, 0, 1))
