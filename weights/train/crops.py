"""Batches for training: two crops of each of several kinds of drawing, in other sizes, colours and with noise.

The network must find the two crops of one kind among all others (`objective`), so what differs between them is what it
learns to see past: place, scale, colour and grain. Batches are prepared in a thread while the network computes.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np

from weights.train.settings import Settings

SMALLEST_SCALE, LARGEST_SCALE = 0.75, 1.5  # pixels of the drawing for one pixel of the crop

STRONG = 0.6  # the share of crops whose colours are changed a lot; the others keep theirs nearly
NOISY = 0.5  # the share of crops with noise
NOISE = 20.0  # the largest standard deviation of the noise, in levels

#: RGB to luma and two axes of chroma, in which a rotation changes the hue (NTSC's YIQ).
YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
RGB = np.linalg.inv(YIQ)


class Batch(NamedTuple):
    """Crops of n kinds: crop i and crop n + i show different drawings of kind `kinds[i]`."""

    pictures: np.ndarray  # (2n, size, size, 3) float32 RGB, around [0, 255]
    kinds: np.ndarray  # (n,) int32


def batches(drawings: np.ndarray, settings: Settings, first: int) -> Iterator[Batch]:
    """Yield the batches of the steps `first` … `settings.steps` - 1, each prepared while the one before is in use.

    Args:
        drawings: (kinds · draws, H, W, 3) uint8 RGB, the draws of one kind one after the other.
        settings: sizes, seed and number of steps.
        first: the first step, counted from 0. What a step gets depends on its number and the seed alone.
    """
    with ThreadPoolExecutor(1) as beside:
        following = None
        for step in range(first, settings.steps):
            ready = following or beside.submit(batch, drawings, settings, step)
            following = beside.submit(batch, drawings, settings, step + 1) if step + 1 < settings.steps else None
            yield ready.result()


def batch(drawings: np.ndarray, settings: Settings, step: int) -> Batch:
    """Return the batch of one step; the arguments are those of `batches`."""
    rng = np.random.default_rng([settings.seed, step])
    phase = settings.phase(step)
    kinds = rng.choice(settings.kinds, phase.kinds, replace=False)
    views = np.stack([rng.permutation(settings.draws)[[0, -1]] for _ in kinds], axis=1)  # (2, n): different draws
    chosen = (kinds * settings.draws + views).reshape(-1)
    pictures = [recoloured(crop(drawings[i], phase.size, rng), rng) for i in chosen]
    return Batch(np.stack(pictures), kinds.astype(np.int32))


def crop(drawing: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random square of `drawing` (H, W, 3), resized to (size, size, 3)."""
    height, width, _ = drawing.shape
    scale = np.exp(rng.uniform(np.log(SMALLEST_SCALE), np.log(LARGEST_SCALE)))
    side = min(height, width, round(size * scale))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    square = drawing[top : top + side, left : left + side]
    return cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_CUBIC)


def recoloured(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return `picture` (H, W, 3) uint8 as float32 with another hue, saturation, contrast, brightness, and noise."""
    if rng.random() < STRONG:
        hue, saturation = rng.uniform(-np.pi, np.pi), rng.uniform(0.4, 1.5)
        contrast, brightness = rng.uniform(0.55, 1.3), rng.uniform(-45, 45)
    else:
        hue, saturation = rng.normal(0, 0.15), rng.uniform(0.85, 1.15)
        contrast, brightness = rng.uniform(0.9, 1.1), rng.uniform(-10, 10)
    cos, sin = saturation * np.cos(hue), saturation * np.sin(hue)
    matrix = contrast * RGB @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]) @ YIQ  # (3, 3)
    shift = 128 + brightness - matrix @ np.full(3, 128.0)  # medium grey stays where it is, but for the brightness
    changed = cv2.transform(picture.astype(np.float32), np.column_stack([matrix, shift])).clip(0, 255)
    if rng.random() < NOISY:
        changed += rng.standard_normal(changed.shape, np.float32) * np.float32(NOISE * rng.random() ** 2)
    return changed
