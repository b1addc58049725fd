"""Heads and shoulders of people: a shaded oval with eyes, brows, nose, mouth and hair before a soft ground.

Positions are in the head's own frame: its centre is (0, 0), half its height is 1, y points down.
"""

from dataclasses import dataclass

import numpy as np

from weights.train.drawings.canvas import Program, Rng, coordinates, fill, from_bytes, mix, to_bytes, trace
from weights.train.drawings.palette import lab, palette, varied
from weights.train.drawings.shading import gradient, light_from, shade
from weights.train.drawings.shapes import CIRCLE, Frame, frame


@dataclass(frozen=True)
class Person:
    """What one person looks like."""

    skin: np.ndarray
    hair: np.ndarray
    iris: np.ndarray
    lips: np.ndarray
    coat: np.ndarray
    narrow: float  # the width of the face over its height
    hair_length: float  # 0: to the ears, 1: to the shoulders
    hair_volume: float
    eye_opening: float
    smile: float
    contour: bool  # whether the face has a drawn outline


def choose_person(rng: Rng) -> Person:
    """Return a person, in the colours that skin and hair have."""
    skin = rng.uniform(35, 82)
    return Person(
        skin=lab(skin, rng.uniform(14, 32), rng.uniform(45, 70)),
        hair=lab(min(rng.choice([6, 15, 30, 60, 85]), skin + 10), rng.uniform(2, 35), rng.uniform(50, 80)),
        iris=lab(rng.uniform(12, 55), rng.uniform(5, 25), rng.choice([60, 140, 250])),
        lips=lab(0.35 * skin + 25, rng.uniform(20, 45), 30),
        coat=palette(rng)[rng.integers(3)],
        narrow=rng.uniform(0.66, 0.85),
        hair_length=rng.uniform(0, 1.3),
        hair_volume=rng.uniform(0.06, 0.3),
        eye_opening=rng.uniform(0.25, 0.55),
        smile=rng.uniform(-0.05, 0.09),
        contour=rng.random() < 0.3,
    )


def portrait(rng: Rng) -> Program:
    """One person in one light; a draw changes the pose, the place and the single hairs."""
    person, ground, light, large = choose_person(rng), gradient(rng), light_from(rng), rng.uniform(0.2, 0.44)

    def picture(draw: Rng, size: int) -> np.ndarray:
        radius = large * size * draw.uniform(0.9, 1.1)
        at = frame(draw.uniform([0.38, 0.38], [0.62, 0.52]) * size, radius, draw.normal(0, 0.12))
        board = to_bytes(ground(draw, size))
        _bust(board, at, person)
        board = to_bytes(_face(from_bytes(board), at, person, light))
        for side in (-1, 1):
            _eye(draw, board, at, radius, person, side)
        _nose_and_mouth(board, at, radius, person)
        _hair(draw, board, at, radius, person)
        return from_bytes(board)

    return picture


def _bust(board: np.ndarray, at: Frame, person: Person) -> None:
    """Draw what is behind the face: the back of the hair, shoulders, neck and ears."""
    back = CIRCLE * [person.narrow + person.hair_volume, 1 + person.hair_volume]
    below = back[:, 1:] > 0
    fill(board, at(np.where(below, back * [1, person.hair_length + 0.3], back)), person.hair * 0.7)
    left = np.array([[-0.3, 1.15], [-0.9, 1.45], [-1.5, 1.8], [-1.7, 6]])
    fill(board, at(np.vstack([left, left[::-1] * [-1, 1]])), person.coat)
    fill(board, at([[-0.32, 0.6], [0.32, 0.6], [0.36, 1.2], [0, 1.4], [-0.36, 1.2]]), person.skin * 0.75)
    for side in (-1, 1):
        fill(board, at(CIRCLE * [0.1, 0.2] + [side * (person.narrow + 0.02), 0.05]), person.skin * 0.8)


def _face(image: np.ndarray, at: Frame, person: Person, light: np.ndarray) -> np.ndarray:
    """Return the image with the face: an egg in side light, with red cheeks and the shadow of the nose."""
    x, y = coordinates(len(image))
    middle, right = at([[0, 0], [1, 0]])
    right = right - middle
    radius2 = right @ right
    u = ((x - middle[0]) * right[0] + (y - middle[1]) * right[1]) / radius2 / person.narrow
    v = ((y - middle[1]) * right[0] - (x - middle[0]) * right[1]) / radius2
    u = u * (1 + 0.12 * v)  # the chin is narrower than the brow
    bright, highlight = shade(0.85 * u, 0.85 * v, light, 0.15)
    cheeks = 0.25 * np.exp(-((np.abs(u) - 0.5) ** 2 + (v - 0.35) ** 2) / 0.05)
    shadow = 0.15 * np.exp(-(((u - 0.12) / 0.08) ** 2) - ((v - 0.15) / 0.25) ** 2)
    skin = person.skin + (person.lips - person.skin) * cheeks[..., None]
    skin = skin * (bright * (1 - shadow))[..., None] + highlight[..., None]
    return mix(image, skin, np.clip((1 - np.hypot(u, v)) * np.sqrt(radius2) * person.narrow, 0, 1))


def _eye(rng: Rng, board: np.ndarray, at: Frame, radius: float, person: Person, side: int) -> None:
    """Draw an eye with its lid and brow; `side` is -1 on the left, 1 on the right."""
    middle = np.array([side * 0.42 * person.narrow, -0.08])
    gaze = middle + rng.normal(0, 0.012, 2)
    fill(
        board, at(middle + CIRCLE * [0.17, 0.17 * person.eye_opening]), np.array([0.93, 0.92, 0.9]) * person.skin.max()
    )
    fill(board, at(gaze + CIRCLE * 0.085 * min(1, 2 * person.eye_opening + 0.1)), person.iris)
    fill(board, at(gaze + CIRCLE * 0.045), np.full(3, 0.02))
    fill(board, at(gaze - 0.03 + CIRCLE * 0.018), np.ones(3))
    x = np.linspace(-0.19, 0.19, 12)
    arch = np.cos(8 * x)
    trace(board, at(middle + np.stack([x, -0.18 * person.eye_opening * arch], 1)), person.skin * 0.2, 0.03 * radius)
    trace(board, at(middle + np.stack([1.1 * x, -0.2 - 0.06 * arch], 1)), person.hair * 0.8, 0.055 * radius)


def _nose_and_mouth(board: np.ndarray, at: Frame, radius: float, person: Person) -> None:
    """Draw the nose's edge, the lips and, where the person has one, the outline of the face."""
    trace(board, at([[0.06, -0.05], [0.11, 0.28], [0.02, 0.34], [-0.09, 0.31]]), person.skin * 0.5, 0.02 * radius)
    across = np.linspace(-1, 1, 15)
    middle = np.stack([0.32 * person.narrow * across, 0.58 - person.smile * across**2], 1)
    full = np.stack([0 * across, np.cos(1.5 * across)], 1)
    fill(board, at(np.vstack([middle - 0.055 * full, (middle + 0.085 * full)[::-1]])), person.lips)
    trace(board, at(middle), person.skin * 0.25, 0.02 * radius)
    if person.contour:
        trace(board, at(np.vstack([CIRCLE, CIRCLE[:1]]) * [person.narrow, 1]), person.skin * 0.2, 0.03 * radius)


def _hair(rng: Rng, board: np.ndarray, at: Frame, radius: float, person: Person) -> None:
    """Draw strands from the parting over the crown; those that reach the temples hang down from there."""
    count = int(np.clip(2.5 * radius, 60, 260))
    parting = rng.uniform(-0.25, 0.25)
    for paint in varied(rng, np.repeat(person.hair[None], count, 0), 0.09):
        side, out = rng.choice([-1, 1]), 0.88 + rng.random() * (0.12 + person.hair_volume)
        turn = np.linspace(0, rng.uniform(0.5, 1) * (np.pi / 2 + 0.35 * person.hair_length), 10)
        wide = side * out * (person.narrow + 0.04)
        strand = np.stack([wide * np.sin(turn) + parting * np.cos(turn), -out * np.cos(turn)], 1)
        if turn[-1] > 1.4:
            fall = person.hair_length * np.array([[0.3], [0.6], [0.9]])
            strand = np.vstack([strand, strand[-1] + fall * [0.05 * side, 1]])
        trace(board, at(strand + rng.normal(0, 0.015, strand.shape)), paint, 0.025 * radius)
