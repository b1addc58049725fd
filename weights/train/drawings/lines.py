"""Ink on paper: line drawings, hatchings and engravings of another program's picture."""

import cv2
import numpy as np

from weights.train.drawings.canvas import Program, Rng, coordinates, log_uniform, mix, plain
from weights.train.drawings.fields import smooth, spread
from weights.train.drawings.palette import lab, palette


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
