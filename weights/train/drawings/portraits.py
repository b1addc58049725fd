"""Heads and shoulders: a shaded oval with eyes, brows, nose, mouth and hair, before a ground of another program."""

import cv2
import numpy as np

from weights.train.drawings.canvas import Program, Rng, coordinates, fill, from_bytes, mix, to_bytes, trace
from weights.train.drawings.palette import lab, palette, varied
from weights.train.drawings.shading import gradient, light_from, shade
from weights.train.drawings.shapes import CIRCLE


def portrait(rng: Rng) -> Program:
    """One person in one light; a draw changes the pose, the place and the single hairs."""
    person = {
        "skin": lab(rng.uniform(35, 82), rng.uniform(12, 32), rng.uniform(45, 70)),
        "hair": lab(rng.choice([8, 20, 35, 65, 85]), rng.uniform(2, 35), rng.uniform(50, 80)),
        "eyes": lab(rng.uniform(15, 55), rng.uniform(5, 25), rng.choice([60, 140, 250])),
        "lips": lab(rng.uniform(35, 55), rng.uniform(20, 45), 30),
        "coat": palette(rng)[0],
        "narrow": rng.uniform(0.66, 0.85),
        "long": rng.uniform(0, 1.3),
        "thick": rng.uniform(0.06, 0.3),
        "open": rng.uniform(0.25, 0.55),
        "smile": rng.uniform(-0.05, 0.09),
        "contour": rng.random() < 0.3,
    }
    ground, light, large = gradient(rng), light_from(rng), rng.uniform(0.2, 0.42)

    def picture(draw: Rng, size: int) -> np.ndarray:
        radius = large * size * draw.uniform(0.9, 1.1)
        place = np.array([draw.uniform(0.38, 0.62), draw.uniform(0.38, 0.5)]) * size
        to = _pose(place, radius, draw.normal(0, 0.12))
        image = _head(ground(draw, size), to, person, light)
        board = to_bytes(image)
        _features(draw, board, to, radius, person)
        _hair(draw, board, to, radius, person)
        return from_bytes(board)

    return picture


def _pose(place: np.ndarray, radius: float, tilt: float):  # noqa: ANN202
    """Return the function from positions in the head (its half height is 1) to pixels."""
    cos, sin = np.cos(tilt), np.sin(tilt)
    return lambda xy: place + radius * np.asarray(xy, float) @ np.array([[cos, sin], [-sin, cos]])


def _head(image: np.ndarray, to, person: dict, light: np.ndarray) -> np.ndarray:  # noqa: ANN001
    """Return the ground with hair behind, shoulders, neck and the shaded oval of the face in front of it."""
    size, narrow = len(image), person["narrow"]
    board = to_bytes(image)
    back = CIRCLE * [narrow + person["thick"], 1.0 + person["thick"]]
    back = np.where(back[:, 1:] > 0, back * [1, person["long"] + 0.3], back)
    fill(board, to(back), person["hair"] * 0.7)
    shoulders = [[-0.3, 1.15], [0.3, 1.15], [0.9, 1.45], [1.5, 1.8], [1.7, 6], [-1.7, 6], [-1.5, 1.8], [-0.9, 1.45]]
    fill(board, to(shoulders), person["coat"])
    fill(board, to([[-0.32, 0.6], [0.32, 0.6], [0.36, 1.2], [0, 1.4], [-0.36, 1.2]]), person["skin"] * 0.75)
    image = from_bytes(board)
    x, y = coordinates(size)
    origin, right, down = to([0, 0]), to([1, 0]) - to([0, 0]), to([0, 1]) - to([0, 0])
    scale = right @ right
    dx, dy = x - origin[0], y - origin[1]
    u, v = (dx * right[0] + dy * right[1]) / scale / narrow, (dx * down[0] + dy * down[1]) / scale
    u = u * (1 + 0.12 * v)  # the chin is narrower than the brow
    bright, highlight = shade(0.85 * u, 0.85 * v, light, 0.15)
    cheeks = np.exp(-((np.abs(u) - 0.5) ** 2 + (v - 0.35) ** 2) / 0.05)[..., None] * (person["lips"] - person["skin"]) * 0.25
    skin = (person["skin"] + cheeks) * bright[..., None] + highlight[..., None]
    inside = np.clip((1 - np.hypot(u, v)) * np.sqrt(scale) * narrow, 0, 1)
    nose = np.exp(-(((u - 0.12) / 0.08) ** 2) - ((v - 0.15) / 0.25) ** 2) * 0.15
    return mix(image, skin * (1 - nose)[..., None], inside).astype(np.float32)


def _features(rng: Rng, board: np.ndarray, to, radius: float, person: dict) -> None:  # noqa: ANN001
    """Draw eyes, brows, nose, ears' side and mouth."""
    narrow, dark = person["narrow"], person["skin"] * 0.4
    look = rng.normal(0, 0.02, 2)
    for side in (-1, 1):
        eye = np.array([side * 0.42 * narrow, -0.08])
        fill(board, to(eye + CIRCLE * [0.17, 0.17 * person["open"]]), np.array([0.93, 0.92, 0.9]) * person["skin"].max())
        fill(board, to(eye + look + CIRCLE * 0.085 * min(1, 2 * person["open"] + 0.1)), person["eyes"])
        fill(board, to(eye + look + CIRCLE * 0.045), np.array([0.02, 0.02, 0.02]))
        fill(board, to(eye + look + [-0.03, -0.03] + CIRCLE * 0.018), np.ones(3))
        lid = eye + np.stack([np.linspace(-0.19, 0.19, 12), -0.18 * person["open"] * np.cos(np.linspace(-1.5, 1.5, 12))], 1)
        trace(board, to(lid), dark * 0.5, 0.03 * radius)
        brow = eye + [0, -0.2] + np.stack([np.linspace(-0.2, 0.2, 9), -0.06 * np.cos(np.linspace(-1.2, 1.4, 9))], 1)
        trace(board, to(brow), person["hair"] * 0.8, 0.055 * radius)
    trace(board, to([[0.06, -0.05], [0.11, 0.28], [0.02, 0.34], [-0.09, 0.31]]), dark * 1.3, 0.02 * radius)
    x = np.linspace(-0.24, 0.24, 15)
    middle = np.stack([x * narrow / 0.75, 0.58 - person["smile"] * (x / 0.24) ** 2], 1)
    lips = np.vstack([middle - [0, 0.055] * np.cos(x[:, None] / 0.24 * 1.5), (middle + [0, 0.085] * np.cos(x[:, None] / 0.24 * 1.5))[::-1]])
    fill(board, to(lips), person["lips"] * person["skin"].max())
    trace(board, to(middle), dark * 0.6, 0.02 * radius)
    if person["contour"]:
        trace(board, to(np.vstack([CIRCLE, CIRCLE[:1]]) * [narrow, 1]), dark * 0.5, 0.03 * radius)


def _hair(rng: Rng, board: np.ndarray, to, radius: float, person: dict) -> None:  # noqa: ANN001
    """Draw strands from the parting over the crown, down to the hair's length on both sides."""
    count = int(np.clip(radius * 2.5, 60, 260))
    reach, narrow, thick = person["long"], person["narrow"], person["thick"]
    paints = varied(rng, np.repeat(person["hair"][None], count, 0), 0.09)
    parting = rng.uniform(-0.25, 0.25)
    for paint in paints:
        side, layer = rng.choice([-1, 1]), rng.uniform(0, 1)
        turn = np.linspace(0, rng.uniform(0.5, 1) * (np.pi / 2 + 0.35 * reach), 10)
        out = 0.88 + layer * (0.12 + thick)
        strand = np.stack([side * out * (narrow + 0.04) * np.sin(turn) + parting * np.cos(turn), -out * np.cos(turn)], 1)
        strand = np.vstack([strand, strand[-1:] + np.linspace(0, 0.9 * reach * (turn[-1] > 1.4), 4)[1:, None] * [0.05 * side, 1]])
        trace(board, to(strand + rng.normal(0, 0.015, strand.shape)), paint, max(1, 0.025 * radius))
