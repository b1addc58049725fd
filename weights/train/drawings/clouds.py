"""Clouds, marble, ridges and lit relief from fractal noise."""

import cv2
import numpy as np

from weights.train.drawings.canvas import Program, Rng, coordinates, log_uniform
from weights.train.drawings.fields import fractal, look_up, slopes, spread, standard
from weights.train.drawings.palette import colour_by, palette


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


def weave(rng: Rng, image: np.ndarray, strength: float) -> np.ndarray:
    """Return the image on cloth: fine grain, light and dark by about `strength`."""
    size = len(image)
    threads = cv2.GaussianBlur(rng.standard_normal((size, size)).astype(np.float32), (0, 0), 0.8)
    return image * (1 + strength * standard(threads))[..., None]
