"""Heads of furry animals, between cat, dog, bear and owl: ears, eyes, muzzle, whiskers and hairs.

Positions are in the head's own frame: its centre is (0, 0), its radius 1, y points down.
"""

from dataclasses import dataclass

import numpy as np

from weights.train.drawings.canvas import Program, Rng, fill, from_bytes, to_bytes, trace
from weights.train.drawings.palette import lab, varied
from weights.train.drawings.shading import gradient
from weights.train.drawings.shapes import CIRCLE, Frame, frame

HAIRS = 900
DARK = np.array([0.06, 0.04, 0.04])


@dataclass(frozen=True)
class Animal:
    """What one animal looks like."""

    coat: np.ndarray
    marks: np.ndarray  # the colour of its stripes and muzzle
    stripes: int
    hair: float  # how long its hairs are
    iris: np.ndarray
    slit: bool  # whether its pupils are upright slits
    eye: float  # radius
    eye_gap: float
    ears: str
    wide: float
    whiskers: int


def choose_animal(rng: Rng) -> Animal:
    """Return an animal, in the colours that fur has."""
    return Animal(
        coat=lab(rng.uniform(12, 88), rng.uniform(2, 35), rng.uniform(50, 85)),
        marks=lab(rng.uniform(8, 95), rng.uniform(2, 25), rng.uniform(50, 85)),
        stripes=int(rng.integers(0, 9)),
        hair=rng.uniform(0.1, 0.25),
        iris=lab(rng.uniform(30, 75), rng.uniform(15, 60), rng.choice([65, 85, 130, 250])),
        slit=rng.random() < 0.5,
        eye=rng.uniform(0.1, 0.22),
        eye_gap=rng.uniform(0.32, 0.48),
        ears=str(rng.choice(["pointed", "round", "hanging"])),
        wide=rng.uniform(0.85, 1.2),
        whiskers=int(rng.choice([0, 5])),
    )


def furry_head(rng: Rng) -> Program:
    """One animal; a draw changes its place, the tilt of its head and the single hairs."""
    animal, ground, large = choose_animal(rng), gradient(rng), rng.uniform(0.2, 0.42)

    def picture(draw: Rng, size: int) -> np.ndarray:
        board, radius = to_bytes(ground(draw, size)), large * size
        at = frame(draw.uniform([0.35, 0.4], [0.65, 0.6]) * size, radius, draw.normal(0, 0.15))
        fill(board, at(CIRCLE * [1.15 * animal.wide, 1.5] + [0, 1.6]), animal.coat * 0.75)
        for side in (-1, 1):
            _ear(board, at, animal, side)
        fill(board, at(CIRCLE * [animal.wide, 0.95]), animal.coat)
        _fur(draw, board, at, animal, radius)
        for side in (-1, 1):
            _eye(board, at, animal, side)
        _muzzle(draw, board, at, animal, radius)
        return from_bytes(board)

    return picture


def _ear(board: np.ndarray, at: Frame, animal: Animal, side: int) -> None:
    """Draw an ear and its paler inside; `side` is -1 on the left, 1 on the right."""
    if animal.ears == "pointed":
        shape = np.array([[0.25, -0.75], [0.8, -1.6], [1.0, -0.4]])
    elif animal.ears == "round":
        shape = CIRCLE * 0.38 + [0.75, -0.8]
    else:
        shape = CIRCLE * [0.3, 0.65] + [1.0, -0.1]
    fill(board, at(shape * [side, 1]), animal.coat * 0.85)
    middle = shape.mean(0)
    fill(board, at((middle + 0.6 * (shape - middle)) * [side, 1]), animal.coat * 0.6 + [0.15, 0.08, 0.08])


def _fur(rng: Rng, board: np.ndarray, at: Frame, animal: Animal, radius: float) -> None:
    """Draw hairs from the rim to the nose; marks are stripes around the head and a muzzle."""
    angle = rng.uniform(0, 2 * np.pi, HAIRS)
    far = np.sort(np.sqrt(rng.uniform(0, 1.05, HAIRS)))[::-1]
    x, y = animal.wide * far * np.cos(angle), 0.95 * far * np.sin(angle)
    stripe = np.clip(2 * np.sin(animal.stripes * angle) - 0.6, 0, 1) * (far > 0.45)
    muzzle = np.exp(-(x**2 + (y - 0.45) ** 2) / 0.09)
    paints = animal.coat + (animal.marks - animal.coat) * np.clip(stripe + muzzle, 0, 1)[:, None]
    out = angle + rng.normal(0, 0.2, HAIRS)
    along = np.linspace(0, animal.hair, 4)
    hairs = np.stack([x[:, None] + np.cos(out)[:, None] * along, y[:, None] + np.sin(out)[:, None] * along], -1)
    hairs[..., 1] += along**2 / animal.hair * 0.3  # hairs hang a little
    for hair, paint in zip(hairs, varied(rng, paints, 0.07), strict=True):
        trace(board, at(hair), paint, 0.02 * radius)


def _eye(board: np.ndarray, at: Frame, animal: Animal, side: int) -> None:
    """Draw an eye with its dark rim, iris, pupil and a highlight."""
    middle = [side * animal.eye_gap * animal.wide, -0.1]
    pupil = [0.25, 0.85] if animal.slit else [0.55, 0.55]
    fill(board, at(middle + CIRCLE * animal.eye * [1.25, 1.15]), DARK)
    fill(board, at(middle + CIRCLE * animal.eye), animal.iris)
    fill(board, at(middle + CIRCLE * animal.eye * pupil), DARK / 3)
    fill(board, at(middle + animal.eye * (0.18 * CIRCLE - 0.3)), np.ones(3))


def _muzzle(rng: Rng, board: np.ndarray, at: Frame, animal: Animal, radius: float) -> None:
    """Draw the nose, the mouth and the whiskers."""
    fill(board, at([[-0.14, 0.28], [0.14, 0.28], [0, 0.43]]), lab(28, 15, 30))
    turn = np.linspace(0, 0.9 * np.pi, 9)
    lip = np.stack([0.13 - 0.13 * np.cos(turn), 0.5 + 0.1 * np.sin(turn)], 1)
    for side in (-1, 1):
        trace(board, at(lip * [side, 1]), DARK, 0.025 * radius)
        for _ in range(animal.whiskers):
            start, end = np.array([0.22, 0.45 + rng.normal(0, 0.05)]), np.array([1.15, 0.45]) + rng.normal(0, 0.2, 2)
            whisker = np.stack([start, (start + end) / 2 - [0, 0.06], end]) * [side, 1]
            trace(board, at(whisker), np.clip(animal.marks + 0.3, 0, 1), 1)
