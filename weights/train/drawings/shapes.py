"""Outlines of simple shapes, as polygons that fit into the unit circle: (n, 2) positions x, y."""

from collections.abc import Callable

import numpy as np

from weights.train.drawings.canvas import Rng

Frame = Callable[
    [np.ndarray | list], np.ndarray
]  # positions (n, 2) in a body, its radius being 1 → positions in pixels

NAMES = ("ellipse", "box", "polygon", "star", "leaf", "crescent", "blob", "drop", "curl")
TURN = np.linspace(0, 2 * np.pi, 48, endpoint=False)
CIRCLE = np.stack([np.cos(TURN), np.sin(TURN)], 1)


def outline(rng: Rng, name: str, narrow: float, corners: int) -> np.ndarray:
    """Return the outline of a shape; `narrow` is its height over its width, `corners` counts a star's or polygon's."""
    if name == "box":
        return np.array([[-1, -narrow], [1, -narrow], [1, narrow], [-1, narrow]]) / np.sqrt(1 + narrow**2)
    if name == "polygon":
        return CIRCLE[:: len(CIRCLE) // corners] * [1, narrow]
    if name == "star":
        angle = np.arange(2 * corners) * np.pi / corners
        radius = np.where(np.arange(2 * corners) % 2, 0.45, 1)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    if name == "leaf":
        return np.stack([np.cos(TURN), narrow * np.sin(TURN) * np.abs(np.sin(TURN))], 1)
    if name == "drop":
        return np.stack([np.cos(TURN), narrow * np.sin(TURN) * (1 - np.cos(TURN)) / 1.3], 1)
    if name == "crescent":
        outer = CIRCLE[: len(CIRCLE) // 2 + 1]
        return np.vstack([outer, outer[::-1] * [1, 0.9 * (1 - narrow)]])
    if name == "curl":
        angle = np.linspace(0, 3.5 * np.pi, 40)
        line = (angle / angle[-1])[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
        return np.vstack([line, 0.82 * line[::-1]])
    if name == "blob":
        bumps = sum(rng.normal(0, 0.25 / k) * np.cos(k * TURN + rng.uniform(0, 2 * np.pi)) for k in range(2, 6))
        return CIRCLE * np.clip(0.75 + bumps, 0.3, 1)[:, None]
    return CIRCLE * [1, narrow]


def frame(place: np.ndarray, radius: float, angle: float) -> Frame:
    """Return the function that enlarges positions to `radius`, turns them by `angle` (radians) and moves them."""
    cos, sin = np.cos(angle), np.sin(angle)
    turn = radius * np.array([[cos, sin], [-sin, cos]])
    return lambda xy: np.asarray(xy, float) @ turn + place
