"""Smooth random fields: the ground of clouds, of warped patterns, and of every colour that changes slowly.

A field has one number for each pixel, (size, size) float32, about normally distributed with mean 0 and deviation 1.
"""

import cv2
import numpy as np

from weights.train.drawings.canvas import Rng, coordinates


def smooth(rng: Rng, size: int, blobs: float) -> np.ndarray:
    """Return a field with about `blobs` light and dark blobs along a side."""
    grains = max(2, round(blobs)) + 3
    field = cv2.resize(
        rng.standard_normal((grains, grains)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC
    )
    return standard(field)


def fractal(rng: Rng, size: int, blobs: float, octaves: int = 5, gain: float = 0.5) -> np.ndarray:
    """Return a sum of fields, each with twice as many blobs as the one before and `gain` times as strong.

    With gain 1 the power falls with the square of the frequency, as in photographs (Field 1987); with 0.5 with the
    fourth power, as in soft clouds.
    """
    field = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        if blobs * 2**octave <= size / 2:
            field += gain**octave * smooth(rng, size, blobs * 2**octave)
    return standard(field)


def standard(field: np.ndarray) -> np.ndarray:
    """Return the field with mean 0 and deviation 1."""
    return (field - field.mean()) / (field.std() + 1e-6)


def spread(field: np.ndarray) -> np.ndarray:
    """Return the field stretched to [0, 1]; a hundredth of it is clipped at each end."""
    low, high = np.percentile(field[::4, ::4], (1, 99))
    return np.clip((field - low) / (high - low + 1e-6), 0, 1).astype(np.float32)


def slopes(field: np.ndarray, blur: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how fast a blurred field grows along x and along y."""
    blurred = cv2.GaussianBlur(field, (0, 0), blur)
    return cv2.Sobel(blurred, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(blurred, cv2.CV_32F, 0, 1) / 8


def look_up(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the picture's values at positions x, y in pixels; beyond its border it is mirrored."""
    x, y = x.astype(np.float32), y.astype(np.float32)
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def warp(rng: Rng, picture: np.ndarray, distance: float, blobs: float) -> np.ndarray:
    """Return the picture with its pixels moved by about `distance` pixels, smoothly."""
    size = len(picture)
    x, y = coordinates(size)
    return look_up(picture, x + distance * smooth(rng, size, blobs), y + distance * smooth(rng, size, blobs))
