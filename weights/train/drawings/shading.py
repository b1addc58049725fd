"""Smooth light, as photographs have it: gradients, and round bodies with a lit side, a shadow and a highlight."""

import cv2
import numpy as np

from weights.train.drawings.canvas import Program, Rng, coordinates, fill, from_bytes, log_uniform, mix, plain
from weights.train.drawings.fields import smooth, spread
from weights.train.drawings.palette import colour_by, palette
from weights.train.drawings.shapes import frame, outline


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


def shade(x: np.ndarray, y: np.ndarray, light: np.ndarray, gloss: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how bright a ball is at x, y (its edge at radius 1), by Lambert's law, and its highlight, by Phong's."""
    z = np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
    facing = np.clip(x * light[0] + y * light[1] + z * light[2], 0, 1)
    mirrored = np.clip(2 * facing * z - light[2], 0, 1)
    return 0.3 + 0.8 * facing, gloss * mirrored**20


def light_from(rng: Rng) -> np.ndarray:
    """Return the unit vector to a lamp: above, to one side, in front (y points down)."""
    vector = np.array([rng.uniform(-1, 1), rng.uniform(-1, -0.2), rng.uniform(0.4, 1)])
    return vector / np.linalg.norm(vector)


def bodies(rng: Rng) -> Program:
    """Balls, eggs and columns on a ground, each lit from the same side, with soft shadows."""
    colours, ground = palette(rng), gradient(rng)
    light, gloss, radius = light_from(rng), rng.choice([0, rng.uniform(0.2, 0.9)]), log_uniform(rng, 14, 90)
    narrow, columns = rng.uniform(0.5, 1), rng.random() < 0.2

    def picture(draw: Rng, size: int) -> np.ndarray:
        image = ground(draw, size)
        for _ in range(int(np.clip((size / radius) ** 2 / 6, 4, 14))):
            place, reach, angle = draw.uniform(0, size, 2), radius * draw.uniform(0.6, 1.4), draw.uniform(0, np.pi)
            left, top = np.maximum(place - 3 * reach, 0).astype(int)
            right, bottom = np.minimum(place + 3 * reach + 1, size).astype(int)
            region = image[top:bottom, left:right]
            dx = (np.arange(left, right, dtype=np.float32) - place[0]) / reach
            dy = (np.arange(top, bottom, dtype=np.float32)[:, None] - place[1]) / reach
            shadow = np.clip(1.5 - np.hypot(dx + 0.4 * light[0], dy + 0.4 * light[1]) / 1.1, 0, 1)
            region *= (1 - 0.5 * shadow)[..., None]
            turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            x, y = turn[0, 0] * dx + turn[0, 1] * dy, (turn[1, 0] * dx + turn[1, 1] * dy) / narrow
            lamp = np.append(turn @ light[:2], light[2])
            bright, highlight = shade(0 * x if columns else x, y, lamp, gloss)
            paint = colours[draw.integers(len(colours))] * bright[..., None] + highlight[..., None]
            far = np.maximum(np.abs(x) / 2, np.abs(y)) if columns else np.hypot(x, y)
            region[:] = mix(region, paint, np.clip((1 - far) * reach, 0, 1))
        return np.clip(image, 0, 1)

    return picture


def folds(rng: Rng) -> Program:
    """Cloth or dunes: a smooth height field in side light, without any edge."""
    colours, blobs, light = palette(rng), rng.uniform(1.5, 6), rng.uniform(0, 2 * np.pi)

    def picture(draw: Rng, size: int) -> np.ndarray:
        height = smooth(draw, size, blobs) + 0.3 * smooth(draw, size, 2 * blobs)
        dx, dy = cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)
        tone = spread(dx * np.cos(light) + dy * np.sin(light) + 0.1 * dx.std() * smooth(draw, size, 2))
        return colour_by(tone, colours[:3])

    return picture


def sculpture(rng: Rng) -> Program:
    """A few large blobs with rounded, shaded edges on a plain ground."""
    colours, light, soft = palette(rng), rng.uniform(0, 2 * np.pi), rng.uniform(5, 16)
    forms = int(rng.integers(4, 10))

    def picture(draw: Rng, size: int) -> np.ndarray:
        image = plain(colours[0], size)
        for k in range(forms):
            mask = np.zeros((size, size), np.uint8)
            form = outline(draw, "blob", 1, 5)
            fill(mask, frame(draw.uniform(0, size, 2), size * draw.uniform(0.15, 0.4), 0)(form), np.ones(1))
            inside = from_bytes(mask)
            height = cv2.GaussianBlur(inside, (0, 0), soft)
            dx, dy = cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)
            lit = np.clip(0.9 + 0.4 * soft * (dx * np.cos(light) + dy * np.sin(light)), 0.35, 1.4)
            image = mix(image, colours[1 + k % (len(colours) - 1)] * lit[..., None], inside)
        return np.clip(image, 0, 1).astype(np.float32)

    return picture
