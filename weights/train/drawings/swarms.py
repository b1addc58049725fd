"""Whole animals, many of a kind: fishes, birds, and four-legged ones on a meadow."""

from collections.abc import Callable

import numpy as np

from weights.train.drawings.canvas import Program, Rng, fill, from_bytes, log_uniform, to_bytes, trace
from weights.train.drawings.palette import lab, palette, varied
from weights.train.drawings.scenes import landscape
from weights.train.drawings.shading import gradient
from weights.train.drawings.shapes import CIRCLE, Frame, frame, outline

Creature = Callable[[Rng, np.ndarray, Frame, float], None]  # draws one on a board, in a frame, of a radius in pixels


def swarm(rng: Rng) -> Program:
    """Fishes or birds of one kind, in about the same direction, in water or air."""
    colours, ground, large = palette(rng), gradient(rng), log_uniform(rng, 12, 70)
    one = (_fish, _bird)[rng.integers(2)](rng, colours)
    heading = rng.normal(0, 0.6)

    def picture(draw: Rng, size: int) -> np.ndarray:
        board = to_bytes(ground(draw, size))
        for _ in range(int(np.clip(0.5 * (size / large) ** 2, 3, 60))):
            radius = large * draw.uniform(0.6, 1.3)
            one(draw, board, frame(draw.uniform(0, size, 2), radius, heading + draw.normal(0, 0.25)), radius)
        return from_bytes(board)

    return picture


def herd(rng: Rng) -> Program:
    """One to six four-legged animals of one kind in a landscape; those in front are larger and lower."""
    ground, one, count, large = landscape(rng), _four_legged(rng), int(rng.integers(1, 7)), rng.uniform(0.08, 0.2)

    def picture(draw: Rng, size: int) -> np.ndarray:
        board = to_bytes(ground(draw, size))
        for near in np.sort(draw.uniform(0.5, 1, count)):
            radius = large * size * (2 * near - 0.4)
            side = draw.choice([-1, 1])
            at = frame(np.array([draw.uniform(0.1, 0.9), 0.15 + 0.65 * near]) * size, radius, draw.normal(0, 0.04))
            one(draw, board, lambda xy, at=at, side=side: at(np.asarray(xy) * [side, 1]), radius)
        return from_bytes(board)

    return picture


def _fish(rng: Rng, colours: np.ndarray) -> Creature:
    narrow, stripes = rng.uniform(0.25, 0.6), int(rng.integers(0, 6))

    def one(draw: Rng, board: np.ndarray, at: Frame, radius: float) -> None:
        body, fin = varied(draw, colours[[1, 2]], 0.06)
        fill(board, at([[-0.6, 0], [-1.1, 0.4], [-1.0, 0], [-1.1, -0.4]]), fin)
        fill(board, at([[0.2, -0.7 * narrow], [-0.3, -1.2 * narrow], [-0.4, -0.5 * narrow]]), fin)
        fill(board, at(CIRCLE * [0.8, 0.8 * narrow]), body)
        for x in np.linspace(-0.5, 0.4, stripes):
            trace(board, at([[x, -0.55 * narrow], [x - 0.06, 0.55 * narrow]]), fin * 0.7, 0.05 * radius)
        fill(board, at(0.09 * CIRCLE + [0.55, -0.12 * narrow]), np.ones(3))
        fill(board, at(0.05 * CIRCLE + [0.57, -0.12 * narrow]), np.zeros(3))

    return one


def _bird(rng: Rng, colours: np.ndarray) -> Creature:
    span, sweep = rng.uniform(0.7, 1.3), rng.uniform(0.1, 0.6)

    def one(draw: Rng, board: np.ndarray, at: Frame, radius: float) -> None:
        body, feathers = varied(draw, colours[[1, 2]], 0.06)
        beat = draw.uniform(0.5, 1)
        for side in (-1, 1):
            wing = [[0.3, 0], [0.35 - sweep, 0.6], [-sweep, span], [-0.1 - sweep, 0.7 * span], [-0.3, 0]]
            fill(board, at(np.array(wing) * [1, side * beat]), feathers * (1 if side > 0 else 0.8))
        fill(board, at([[-0.6, 0], [-0.95, 0.18], [-0.95, -0.18]]), feathers)
        fill(board, at(0.75 * outline(draw, "leaf", 0.28, 5)), body)
        fill(board, at(0.13 * CIRCLE + [0.6, 0]), body)
        fill(board, at([[0.7, 0.05], [0.85, 0], [0.7, -0.05]]), lab(70, 50, 75))

    return one


def _four_legged(rng: Rng) -> Creature:
    """Choose a horse, cow, dog or something between them, seen from the side."""
    coat = lab(rng.uniform(10, 85), rng.uniform(2, 35), rng.uniform(50, 80))
    marks = lab(rng.uniform(10, 95), rng.uniform(2, 15), 70)
    legs, stout, neck, raised = rng.uniform(0.5, 1), rng.uniform(0.3, 0.5), rng.uniform(0.2, 0.8), rng.uniform(0.1, 0.9)
    head, spots, tail = rng.uniform(0.18, 0.28), int(rng.choice([0, 6])), rng.uniform(0.3, 0.9)

    def one(draw: Rng, board: np.ndarray, at: Frame, radius: float) -> None:
        thick = 0.18 * radius
        for x, light in ((-0.55, 0.7), (0.5, 0.7), (-0.7, 1), (0.62, 1)):
            foot = x + draw.normal(0, 0.08)
            trace(board, at([[x, 0.1], [(x + foot) / 2 + 0.04, legs / 2], [foot, legs]]), coat * light, thick)
        trace(board, at([[-0.85, -0.1], [-1.05, 0.1 * tail], [-1.1, tail]]), coat * 0.7, 0.4 * thick)
        chin = np.array([0.75 + neck * np.cos(raised), -0.1 - neck * np.sin(raised)])
        throat, nape = chin + np.array([[0.1, 0.12], [-0.1, -0.15]])
        fill(board, at([[0.45, -0.8 * stout], [0.85, 0.1], throat, nape]), coat)
        fill(board, at(CIRCLE * [0.9, stout]), coat)
        for _ in range(spots):
            fill(board, at(draw.uniform([-0.6, -0.15], [0.6, 0.1]) + 0.17 * outline(draw, "blob", 1, 5)), marks)
        fill(board, at(chin + [0.12, 0.03] + CIRCLE * [1.5 * head, head]), coat)
        fill(board, at(chin + np.array([[-0.1, -0.8 * head], [-0.05, -2 * head], [0.1, -0.8 * head]])), coat * 0.8)
        fill(board, at(chin + [0.15, -0.04] + 0.035 * CIRCLE), np.zeros(3))

    return one
