"""Draws the pictures from which filters are learned: opaque shapes of all sizes cover each other like dead leaves.

Lee, Mumford & Huang 2001 ("Occlusion models for natural images") show that such pictures share the statistics of
photographs: they have edges and flat areas, and look the same at every scale, because the radii follow a power law.
Baradad et al. 2021 ("Learning to see by looking at noise") learn useful features from them.
"""

import cv2
import numpy as np

LEAVES = 1500
SMALLEST, LARGEST = 3, 160  # radii in pixels
TEXTURED = 0.6  # the share of leaves that carry stripes; the others are plain


def dead_leaves(seed: int, size: int = 512) -> np.ndarray:
    """Return a picture (size, size, 3), float32 RGB in [0, 255]; with odd seeds it is slightly out of focus."""
    rng = np.random.default_rng(seed)
    image = np.zeros((size, size, 3), np.float32)
    for _ in range(LEAVES):
        radius = min(LARGEST, SMALLEST + 5 * rng.pareto(1.1))
        x, y = rng.uniform(0, size, 2)
        left, top = max(0, int(x - radius - 1)), max(0, int(y - radius - 1))
        right, bottom = min(size, int(x + radius + 2)), min(size, int(y + radius + 2))
        alpha = _outline(rng, x - left, y - top, radius, right - left, bottom - top)
        leaf = _surface(rng, left, top, right, bottom)
        below = image[top:bottom, left:right]
        image[top:bottom, left:right] = below + (leaf - below) * alpha
    return cv2.GaussianBlur(image, (0, 0), 1.2) if seed % 2 else image


def _outline(rng: np.random.Generator, x: float, y: float, radius: float, width: int, height: int) -> np.ndarray:
    """Return how much of each pixel a tilted ellipse or box around (x, y) covers, (height, width, 1) in [0, 1]."""
    mask = np.zeros((height, width), np.uint8)
    narrow = max(1.0, radius * rng.uniform(0.12, 1))
    tilt = rng.uniform(0, 180)
    if rng.random() < 2 / 3:
        cv2.ellipse(mask, (int(x), int(y)), (int(radius), int(narrow)), tilt, 0, 360, 255, -1, cv2.LINE_AA)
    else:
        corners = cv2.boxPoints(((x, y), (2 * radius, 2 * narrow), tilt))
        cv2.fillPoly(mask, [corners.astype(np.int32)], 255, cv2.LINE_AA)
    return mask[..., None].astype(np.float32) / 255


def _surface(rng: np.random.Generator, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """Return the colours of a leaf, (bottom - top, right - left, 3): stripes between two colours, or one colour."""
    colour = rng.uniform(0, 255, 3)
    other = np.clip(colour + rng.normal(0, 60, 3), 0, 255)
    angle, phase = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
    frequency = np.exp(rng.uniform(np.log(0.03), np.log(1.2)))  # radians per pixel: periods of 5 to 200 pixels
    if rng.random() > TEXTURED:
        frequency = 0.0
    y, x = np.mgrid[top:bottom, left:right]
    stripes = 0.5 + 0.5 * np.sin(frequency * (x * np.cos(angle) + y * np.sin(angle)) + phase)
    return (colour + (other - colour) * stripes[..., None]).astype(np.float32)
