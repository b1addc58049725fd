"""What every drawing is made of: its types, its coordinates, and the way between numbers and bytes.

A *family* (`waves`, `portrait` …) takes random numbers and chooses a *program*: its colours, scales and layout. A
program takes other random numbers, for places and phases, and the side of a picture, and returns the picture. So two
pictures of one program resemble each other as two photographs of one wall do.
"""

from collections.abc import Callable

import cv2
import numpy as np

Rng = np.random.Generator
Program = Callable[[Rng, int], np.ndarray]  # (random numbers, side in pixels) → (side, side, 3) float32 RGB in [0, 1]
Family = Callable[[Rng], Program]

FRACTION_BITS = 4  # OpenCV takes coordinates as integers; with four bits after the point they are sixteenths of a pixel


def coordinates(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of each pixel, both (size, size) float32."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    return x, y


def log_uniform(rng: Rng, low: float, high: float) -> float:
    """Return a number between `low` and `high`; each octave between them is equally likely."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def plain(colour: np.ndarray, size: int) -> np.ndarray:
    """Return a picture of one colour, (size, size, 3) float32."""
    return np.tile(colour.astype(np.float32), (size, size, 1))


def to_bytes(picture: np.ndarray) -> np.ndarray:
    """Return a picture in [0, 1] as bytes; OpenCV smooths the edges of what it draws in bytes only."""
    return np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)


def from_bytes(board: np.ndarray) -> np.ndarray:
    """Return bytes as float32 in [0, 1]."""
    return board.astype(np.float32) / 255


def ink(colour: np.ndarray) -> list[int]:
    """Return a colour in [0, 1] as OpenCV wants it."""
    return [round(255 * min(max(float(channel), 0), 1)) for channel in colour]


def points(xy: np.ndarray) -> np.ndarray:
    """Return positions (…, 2) in pixels as OpenCV wants them with `shift=FRACTION_BITS`."""
    return np.round(xy * 2**FRACTION_BITS).astype(np.int32)


def fill(board: np.ndarray, outline: np.ndarray, colour: np.ndarray) -> None:
    """Fill the polygon `outline`, (n, 2) positions x, y, on a board of bytes."""
    cv2.fillPoly(board, [points(outline)], ink(colour), cv2.LINE_AA, FRACTION_BITS)


def trace(board: np.ndarray, path: np.ndarray, colour: np.ndarray, width: float) -> None:
    """Draw a line through `path`, (n, 2) positions x, y, on a board of bytes."""
    cv2.polylines(board, [points(path)], False, ink(colour), max(1, round(width)), cv2.LINE_AA, FRACTION_BITS)


def mix(below: np.ndarray, above: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return `below` where `share` (size, size) is 0, `above` where it is 1, and a mixture between."""
    return (below + (above - below) * share[..., None]).astype(np.float32)
