"""What the student is trained on: random crops of images, in other sizes and colours, some blended, some with noise.

During a style transfer the network sees more than finished pictures: half-painted ones, noise, colours that no drawing
has. The student should agree with its teacher on these, too.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from weights.train.settings import Settings

SMALLEST_SCALE, LARGEST_SCALE = 0.6, 2.0  # pixels of the image for one pixel of the crop

RECOLOURED = 0.5  # the share of crops whose colours are changed a lot; the others keep theirs nearly
NOISY = 0.4  # the share of crops with noise
NOISE = 25.0  # the largest standard deviation of the noise, in levels
BLENDED = 0.15  # the share of crops that are mixed with another one

#: RGB to luma and two axes of chroma, in which a rotation changes the hue (NTSC's YIQ).
YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
RGB = np.linalg.inv(YIQ)


def batches(images: Sequence[np.ndarray], settings: Settings, first: int) -> Iterator[np.ndarray]:
    """Yield the batches of the steps `first` … `settings.steps` - 1, each prepared while the one before is in use.

    Args:
        images: arrays (H, W, 3) uint8 RGB, of any sizes.
        settings: sizes, seed and number of steps.
        first: the first step, counted from 0. What a step gets depends on its number and the seed alone.
    """
    with ThreadPoolExecutor(1) as beside:
        following = None
        for step in range(first, settings.steps):
            ready = following or beside.submit(batch, images, settings, step)
            following = beside.submit(batch, images, settings, step + 1) if step + 1 < settings.steps else None
            yield ready.result()


def batch(images: Sequence[np.ndarray], settings: Settings, step: int) -> np.ndarray:
    """Return the crops of one step, (count, size, size, 3) float32 RGB, around [0, 255]."""
    rng = np.random.default_rng([settings.seed, step])
    size, count = settings.crops[rng.integers(len(settings.crops))]
    chosen = rng.choice(len(images), count, replace=count > len(images))
    crops = [recoloured(crop(images[i], size, rng), rng) for i in chosen]
    for i in np.flatnonzero(rng.random(count) < BLENDED):
        share = rng.random()
        crops[i] = share * crops[i] + (1 - share) * crops[i - 1]
    return np.stack(crops).astype(np.float32)


def crop(image: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random square of `image` (H, W, 3), resized to (size, size, 3), at times mirrored."""
    height, width, _ = image.shape
    scale = np.exp(rng.uniform(np.log(SMALLEST_SCALE), np.log(LARGEST_SCALE)))
    side = min(height, width, round(size * scale))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    square = np.ascontiguousarray(image[top : top + side, left : left + side][:, :: rng.choice((1, -1))])
    return cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_CUBIC)


def recoloured(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return `image` (H, W, 3) uint8 as float32 with another hue, saturation, contrast, brightness, and noise."""
    if rng.random() < RECOLOURED:
        hue, saturation = rng.uniform(-np.pi, np.pi), rng.uniform(0.4, 1.5)
        contrast, brightness = rng.uniform(0.55, 1.3), rng.uniform(-45, 45)
    else:
        hue, saturation = rng.normal(0, 0.15), rng.uniform(0.85, 1.15)
        contrast, brightness = rng.uniform(0.9, 1.1), rng.uniform(-10, 10)
    cos, sin = saturation * np.cos(hue), saturation * np.sin(hue)
    matrix = contrast * RGB @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]) @ YIQ  # (3, 3)
    shift = 128 + brightness - matrix @ np.full(3, 128.0)  # medium grey stays where it is, but for the brightness
    changed = cv2.transform(image.astype(np.float32), np.column_stack([matrix, shift])).clip(0, 255)
    if rng.random() < NOISY:
        changed += rng.standard_normal(changed.shape, np.float32) * np.float32(NOISE * rng.random() ** 2)
    return changed
