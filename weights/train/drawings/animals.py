"""Animals: furry heads with ears, eyes, muzzle and whiskers; fishes and birds in swarms."""

import numpy as np

from weights.train.drawings.canvas import Program, Rng, fill, from_bytes, log_uniform, to_bytes, trace
from weights.train.drawings.dots import disc
from weights.train.drawings.palette import lab, palette, varied
from weights.train.drawings.shading import gradient
from weights.train.drawings.shapes import CIRCLE, outline, placed


def furry_head(rng: Rng) -> Program:
    """A cat's, dog's or owl's head: hairs run from the nose outward over a head with ears."""
    coat = lab(rng.uniform(15, 88), rng.uniform(2, 38), rng.uniform(50, 85))
    second = lab(rng.uniform(10, 95), rng.uniform(2, 25), rng.uniform(50, 85))
    iris = lab(rng.uniform(35, 80), rng.uniform(15, 65), rng.choice([70, 90, 130, 250]))
    ears, slit = rng.choice(["pointed", "round", "hanging"]), rng.random() < 0.5
    wide, stripes, whiskers = rng.uniform(0.85, 1.2), rng.integers(0, 9), rng.random() < 0.7
    ground, large, hair = gradient(rng), rng.uniform(0.22, 0.4), rng.uniform(0.1, 0.25)
    eye_size, eye_gap = rng.uniform(0.11, 0.22), rng.uniform(0.32, 0.48)

    def picture(draw: Rng, size: int) -> np.ndarray:
        board, radius = to_bytes(ground(draw, size)), large * size
        place, tilt = np.array([draw.uniform(0.35, 0.65), draw.uniform(0.4, 0.55)]) * size, draw.normal(0, 0.15)

        def at(shape: np.ndarray, middle: tuple[float, float] = (0, 0)) -> np.ndarray:
            return placed(np.asarray(shape, float) + middle, place, radius, tilt)

        fill(board, at(CIRCLE * [wide * 1.15, 1.5], (0, 1.6)), coat * 0.8)
        for side in (-1, 1):
            fill(board, at(_ear(ears, side)), coat * 0.85)
            fill(board, at(0.6 * (_ear(ears, side) - [side * 0.7, -0.9]), (side * 0.7, -0.85)), coat * 0.5 + [0.18, 0.1, 0.1])
        fill(board, at(CIRCLE * [wide, 0.95]), coat)
        _fur(draw, board, at, wide, hair, coat, second, stripes)
        for side in (-1, 1):
            _eye(board, at, (side * eye_gap * wide, -0.1), eye_size, iris, slit)
        _muzzle(draw, board, at, second, whiskers, radius)
        return from_bytes(board)

    return picture


def _ear(kind: str, side: int) -> np.ndarray:
    if kind == "pointed":
        return np.array([[0.25, -0.75], [0.8, -1.6], [1.0, -0.4]]) * [side, 1]
    if kind == "round":
        return CIRCLE * 0.38 + [side * 0.75, -0.8]
    return CIRCLE * [0.3, 0.65] + [side * 1.0, -0.1]


def _fur(rng: Rng, board: np.ndarray, at, wide: float, hair: float, coat: np.ndarray, second: np.ndarray, stripes: int) -> None:  # noqa: ANN001, E501
    """Draw hairs from outside inward; the second colour makes stripes around the head and a light muzzle."""
    count = 900
    angle, far = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.uniform(0, 1.05, count))
    order = np.argsort(-far)
    banded = np.clip(np.sin(stripes * angle) * 2 - 0.6, 0, 1) * (far > 0.45) if stripes else np.zeros(count)
    light = np.exp(-((far * np.cos(angle)) ** 2 + (far * np.sin(angle) - 0.45) ** 2) / 0.09)
    share = np.clip(banded + light, 0, 1)[:, None]
    paints = varied(rng, coat + (second - coat) * share, 0.07)
    for k in order:
        start = far[k] * np.array([wide * np.cos(angle[k]), 0.95 * np.sin(angle[k])])
        turn = angle[k] + rng.normal(0, 0.2)
        steps = np.linspace(0, hair, 4)[:, None] * np.array([np.cos(turn), np.sin(turn)]) + [[0, 0.3 * hair * (i / 3) ** 2] for i in range(4)]
        trace(board, at(start + steps), paints[k], 1 + 2 * hair)


def _eye(board: np.ndarray, at, middle: tuple[float, float], radius: float, iris: np.ndarray, slit: bool) -> None:  # noqa: ANN001
    fill(board, at(CIRCLE * radius * [1.25, 1.15], middle), np.array([0.05, 0.04, 0.04]))
    fill(board, at(CIRCLE * radius, middle), iris)
    fill(board, at(CIRCLE * radius * [0.25 if slit else 0.55, 0.85 if slit else 0.55], middle), np.array([0.02, 0.02, 0.02]))
    fill(board, at(CIRCLE * radius * 0.18 - radius * 0.3, middle), np.ones(3))


def _muzzle(rng: Rng, board: np.ndarray, at, second: np.ndarray, whiskers: bool, radius: float) -> None:  # noqa: ANN001
    dark = np.array([0.12, 0.08, 0.08])
    fill(board, at([[-0.14, 0.28], [0.14, 0.28], [0, 0.43]]), dark + [0.25, 0.1, 0.1])
    for side in (-1, 1):
        turn = np.linspace(0, np.pi * 0.9, 9)
        trace(board, at(np.stack([side * (0.13 - 0.13 * np.cos(turn)), 0.5 + 0.1 * np.sin(turn)], 1)), dark, 0.025 * radius)
        for _ in range(5 * whiskers):
            start, end = [side * 0.22, 0.45 + rng.normal(0, 0.05)], [side * rng.uniform(0.9, 1.4), 0.45 + rng.normal(0, 0.22)]
            trace(board, at([start, np.add(start, end) / 2 - [0, 0.06], end]), np.clip(second + 0.3, 0, 1), 1)


def swarm(rng: Rng) -> Program:
    """Fishes or birds of one kind, mostly in one direction, in water or air."""
    colours, ground, large = palette(rng), gradient(rng), log_uniform(rng, 12, 70)
    bird, narrow, stripes, heading = rng.random() < 0.4, rng.uniform(0.25, 0.6), int(rng.integers(0, 6)), rng.normal(0, 0.6)

    def picture(draw: Rng, size: int) -> np.ndarray:
        board = to_bytes(ground(draw, size))
        for _ in range(int(np.clip(0.5 * (size / large) ** 2, 3, 60))):
            place, radius = draw.uniform(0, size, 2), large * draw.uniform(0.6, 1.3)
            angle = heading + draw.normal(0, 0.25)
            body, fin = varied(draw, colours[[1, 2]], 0.06)
            wing = [[0.3, 0], [-0.3, 0.9], [-0.5, 0.8], [-0.3, 0]] if bird else [[-0.6, 0], [-1.1, 0.4], [-1.0, 0], [-1.1, -0.4]]
            fill(board, placed(np.array(wing), place, radius, angle), fin)
            if bird:
                fill(board, placed(np.array(wing) * [1, -1], place, radius, angle), fin * 0.8)
            fill(board, placed(outline(draw, "leaf" if bird else "ellipse", 0.5 * narrow if bird else narrow, 5) * 0.8, place, radius, angle), body)
            for k in range(stripes):
                x = 0.4 - 0.9 * k / stripes
                trace(board, placed(np.array([[x, -0.6 * narrow], [x - 0.05, 0.6 * narrow]]), place, radius, angle), fin * 0.7, 0.05 * radius)
            eye = placed(np.array([[0.55, -0.12 * narrow]]), place, radius, angle)[0]
            disc(board, eye, max(1, 0.07 * radius), np.ones(3))
            disc(board, eye, max(0.6, 0.04 * radius), np.zeros(3))
        return from_bytes(board)

    return picture
