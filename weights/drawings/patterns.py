"""Textures: cells, clouds, flow, curves, dots, stars and leaves."""

from collections.abc import Callable

import cv2
import numpy as np

from weights.drawings.canvas import (
    NAMES,
    Program,
    Rng,
    colour_by,
    coordinates,
    disc,
    fill,
    follow,
    fractal,
    frame,
    from_bytes,
    lab,
    log_uniform,
    look_up,
    mix,
    orientation,
    outline,
    palette,
    plain,
    slopes,
    smooth,
    spread,
    standard,
    to_bytes,
    trace,
    varied,
    warp,
)

# Cells: stones, panes and scales around scattered points.


def cells(rng: Rng) -> Program:
    """Voronoi cells, each in one colour, shaded, striped or ringed, with or without lines between them."""
    colours = palette(rng)
    across, disorder = log_uniform(rng, 5, 34), rng.uniform(0, 0.9)
    surface = rng.choice(["plain", "shaded", "rings", "striped"])
    line, change = rng.choice([0, rng.uniform(0.02, 0.2)]), rng.uniform(0, 0.12)
    pitch, bend, steps = rng.uniform(0.25, 1.2), rng.choice([0, rng.uniform(2, 15)]), rng.random() < 0.5

    def picture(draw: Rng, size: int) -> np.ndarray:
        distance, label, width = _voronoi(draw, size, across, disorder)
        count = label.max() + 1
        paints = varied(draw, colours[draw.integers(len(colours), size=count)], change)
        image = paints[label]
        if surface == "shaded":
            image = image * (1.15 - 0.8 * np.clip(distance / width, 0, 1))[..., None]
        elif surface == "rings":
            image = colour_by(distance / width * 1.2, colours, steps)
        elif surface == "striped":
            angle = draw.uniform(0, np.pi, count).astype(np.float32)[label]
            x, y = coordinates(size)
            image = image * (0.8 + 0.25 * np.sin(pitch * (x * np.cos(angle) + y * np.sin(angle))))[..., None]
        if line:
            edge = cv2.morphologyEx(label.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
            thick = np.ones((max(1, round(line * width)),) * 2, np.uint8)
            edge = cv2.GaussianBlur(cv2.dilate(edge.astype(np.float32), thick), (0, 0), 0.7)
            image = mix(image, np.broadcast_to(colours[0] * 0.7, image.shape), edge)
        image = image.astype(np.float32)
        return warp(draw, image, bend, 4) if bend else image

    return picture


def _voronoi(rng: Rng, size: int, across: float, disorder: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return each pixel's distance to the nearest point, that point's number, and the mean distance of points."""
    width = size / across
    column, row = coordinates(int(across) + 1)
    places = np.stack([column, row], -1).reshape(-1, 2) + 0.5 + disorder * rng.uniform(-0.5, 0.5, (column.size, 2))
    x, y = np.clip(places * width, 0, size - 1).astype(np.int32).T
    ground = np.full((size, size), 255, np.uint8)
    ground[y, x] = 0
    distance, label = cv2.distanceTransformWithLabels(ground, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    return distance, label, width


# Clouds, marble, ridges and lit relief from fractal noise.


def clouds(rng: Rng) -> Program:
    """Fractal noise as it is, in veins, in ridges or stirred, at times with light from one side."""
    colours, steps = palette(rng), rng.random() < 0.15
    blobs, gain = log_uniform(rng, 1.5, 14), rng.uniform(0.35, 0.9)
    form = rng.choice(["clouds", "veins", "ridges", "stirred"])
    veins, angle, tilt = rng.uniform(1.5, 5), rng.uniform(0, np.pi), rng.uniform(0, 0.2)
    lit, light = rng.random() < 0.35, rng.uniform(0, 2 * np.pi)

    def picture(draw: Rng, size: int) -> np.ndarray:
        height = fractal(draw, size, blobs, 6, gain)
        x, y = coordinates(size)
        if form == "veins":
            height = np.sin(veins * height + tilt * (x * np.cos(angle) + y * np.sin(angle)))
        elif form == "ridges":
            height = -np.abs(height)
        elif form == "stirred":
            for _ in range(2):
                height = look_up(height, x + 14 * height, y + 14 * fractal(draw, size, blobs, 3))
        image = colour_by(spread(height), colours, steps)
        return relief(image, height, light) if lit else image

    return picture


def relief(image: np.ndarray, height: np.ndarray, light: float) -> np.ndarray:
    """Return the image lighter where the height rises towards the light, an angle in radians, and darker behind."""
    dx, dy = slopes(height.astype(np.float32), 1)
    slope = standard(dx * np.cos(light) + dy * np.sin(light))
    return np.clip(image * np.clip(1 + 0.3 * slope, 0.2, 1.8)[..., None], 0, 1).astype(np.float32)


# Flow made visible: noise smeared along a direction field, and long lines that follow one.


def smear(noise: np.ndarray, directions: np.ndarray, steps: int, step: float) -> np.ndarray:
    """Return the noise averaged along the lines of flow: line integral convolution (Cabral & Leedom 1993)."""
    x0, y0 = coordinates(len(noise))
    total = noise.copy()
    for side in (step, -step):
        ahead, x, y = directions * side, x0, y0
        for _ in range(steps):
            x, y = x + ahead[..., 0], y + ahead[..., 1]
            total += look_up(noise, x, y)
            following = look_up(directions, x, y) * step
            forward = following[..., 0] * ahead[..., 0] + following[..., 1] * ahead[..., 1]
            ahead = following * np.where(forward < 0, np.float32(-1), np.float32(1))[..., None]
    return standard(total)


def flow(rng: Rng) -> Program:
    """Streaks of smeared noise over slowly changing colours."""
    colours, directions = palette(rng), orientation(rng)
    steps, step, grain = int(rng.integers(5, 16)), rng.uniform(1, 2.5), rng.uniform(1, 6)
    streaks, blobs, hard = rng.uniform(0.15, 1.2), rng.uniform(1.5, 6), rng.random() < 0.3

    def picture(draw: Rng, size: int) -> np.ndarray:
        lines = smear(smooth(draw, size, size / grain), directions(draw, size), steps, step)
        return colour_by(spread(streaks * lines + fractal(draw, size, blobs, 3)), colours, hard)

    return picture


def curves(rng: Rng) -> Program:
    """Long loops or lines along a direction field, with or without an outline, on a plain ground."""
    colours, directions = palette(rng), orientation(rng)
    apart, width, steps = rng.uniform(25, 60), log_uniform(rng, 1, 9), int(rng.integers(20, 70))
    freely, turn, outlined = rng.random() < 0.5, rng.uniform(0.02, 0.3), rng.random() < 0.4

    def picture(draw: Rng, size: int) -> np.ndarray:
        count = int((size / apart) ** 2)
        starts = draw.uniform(0, size, (count, 2))
        if freely:
            bends = draw.normal(0, turn, (count, 1)) + draw.normal(0, turn / 2, (count, steps))
            angles = draw.uniform(0, 2 * np.pi, (count, 1)) + np.cumsum(bends, 1)
            paths = starts[:, None] + 3 * np.cumsum(np.stack([np.cos(angles), np.sin(angles)], -1), 1)
        else:
            paths = follow(directions(draw, size), starts, 3, steps, np.zeros(count))
        board = to_bytes(plain(colours[-1], size))
        for path in paths:
            if outlined:
                trace(board, path, colours[0], width + 3)
            trace(board, path, colours[draw.integers(len(colours) - 1)], width)
        return from_bytes(board)

    return picture


# Points: dots of paint side by side, stars on a dark sky.


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


# Dead leaves of many shapes: opaque forms cover each other (Lee, Mumford & Huang 2001).
#
# Their radii follow a power law, so that the picture has edges and flat areas at every scale, as photographs have.

MOST = 800
Dress = Callable[[np.ndarray, np.ndarray, np.ndarray, float], None]  # fills an outline on a board: colour, angle


def leaves(rng: Rng) -> Program:
    """Leaves of one shape, or of three, in any direction or along a field, plain or textured."""
    colours, directions, aligned = palette(rng), orientation(rng), rng.random() < 0.5
    names, narrow, corners = rng.choice(NAMES, rng.choice([1, 3])), rng.uniform(0.15, 1), int(rng.integers(3, 8))
    smallest, tail = log_uniform(rng, 3, 14), rng.uniform(1, 3)
    largest, cover = smallest * rng.uniform(2, 12), rng.uniform(0.8, 3)
    by_place, change, sorted_by_size = rng.random() < 0.5, rng.uniform(0, 0.12), rng.random() < 0.3
    dress = surface(rng, colours)
    outlined = rng.random() < 0.3

    def picture(draw: Rng, size: int) -> np.ndarray:
        count = int(min(MOST, cover * size * size / (smallest**2 * 6 * narrow + 20)))
        places, paths = draw.uniform(-smallest, size + smallest, (count, 2)), directions(draw, size)
        column, row = np.clip(places.astype(np.int32), 0, size - 1).T
        along = np.arctan2(paths[row, column, 1], paths[row, column, 0])
        angles = along if aligned else draw.uniform(0, 2 * np.pi, count)
        radii = np.minimum(largest, smallest * (1 + draw.pareto(tail, count)))
        if sorted_by_size:
            radii = np.sort(radii)[::-1]
        tone = spread(fractal(draw, size, 2.5, 2))[row, column]
        paints = colour_by(tone, colours) if by_place else colours[draw.integers(len(colours), size=count)]
        board = to_bytes(plain(colours[0], size))
        for place, angle, radius, paint in zip(places, angles, radii, varied(draw, paints, change), strict=True):
            form = frame(place, radius, angle)(outline(draw, draw.choice(names), narrow, corners))
            if dress and radius > 5:
                dress(board, form, paint, angle)
            else:
                fill(board, form, paint)
            if outlined and radius > 4:
                trace(board, np.vstack([form, form[:1]]), colours[0] * 0.5, 1)
        return from_bytes(board)

    return picture


def surface(rng: Rng, colours: np.ndarray) -> Dress | None:
    """Choose how a leaf is covered: return None for plain colour, or a function that fills an outline."""
    style = rng.choice(["plain", "stripes", "bars", "shaded"], p=[0.35, 0.2, 0.15, 0.3])
    if style == "plain":
        return None
    period, other = log_uniform(rng, 4, 30), colours[rng.integers(len(colours))]

    def dress(board: np.ndarray, form: np.ndarray, paint: np.ndarray, angle: float) -> None:
        left, top = np.maximum(np.floor(form.min(0)).astype(int) - 1, 0)
        right, bottom = np.minimum(np.ceil(form.max(0)).astype(int) + 2, len(board))
        if right <= left or bottom <= top:
            return
        y, x = np.arange(top, bottom, dtype=np.float32)[:, None], np.arange(left, right, dtype=np.float32)
        along = y * np.cos(angle) - x * np.sin(angle)
        if style == "shaded":
            tone = (along - along.min()) / (np.ptp(along) + 1e-6)
        else:
            tone = 0.5 + 0.5 * np.sin(2 * np.pi * along / period)
            tone = np.clip(3 * tone - 1, 0, 1) if style == "bars" else tone
        inside = np.zeros(along.shape, np.uint8)
        fill(inside, form - [left, top], np.ones(1))
        region = board[top:bottom, left:right]
        cloth = paint + (other - paint) * tone[..., None]
        region[:] = to_bytes(mix(from_bytes(region), cloth, from_bytes(inside)))

    return dress
