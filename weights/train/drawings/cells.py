"""Cells: stones, panes and scales around scattered points, and the spots and stripes of animals' skins."""

import cv2
import numpy as np

from weights.train.drawings.canvas import Program, Rng, coordinates, log_uniform, mix
from weights.train.drawings.fields import fractal, spread, warp
from weights.train.drawings.palette import colour_by, palette, varied


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


def skin(rng: Rng) -> Program:
    """Spots, stripes and mazes as Turing (1952) explains them: near neighbours agree, farther ones disagree."""
    colours, steps = palette(rng), rng.random() < 0.25
    scale, stretch, gain = log_uniform(rng, 1.3, 7), rng.choice([1, np.exp(rng.normal(0, 0.5))]), rng.uniform(1, 6)
    tendency, shade, bend = rng.uniform(-0.35, 0.35), rng.uniform(0, 0.5), rng.choice([0, rng.uniform(2, 15)])

    def picture(draw: Rng, size: int) -> np.ndarray:
        state = draw.standard_normal((size, size)).astype(np.float32)
        for _ in range(7):
            near = cv2.GaussianBlur(state, (0, 0), scale * stretch, sigmaY=scale / stretch)
            far = cv2.GaussianBlur(state, (0, 0), 1.8 * scale * stretch, sigmaY=1.8 * scale / stretch)
            state = np.tanh(gain * (near - far) / (near - far).std() + tendency)
        tone = spread(cv2.GaussianBlur(state, (0, 0), 0.8) + shade * fractal(draw, size, 3, 2))
        image = colour_by(tone, colours, steps)
        return warp(draw, image, bend, 4) if bend else image

    return picture
