"""Transparent pictures: what the network sees instead, and how a result looks where one can see through it.

The network has three channels and none for alpha. A transparent pixel has no colour of its own (its file often has
black or white there), so it gets one: that of the visible pixels around it, the smoother the further away they are.
"""

import cv2
import numpy as np

_ROWS = 64  # of an image that are mixed at a time: between, the numbers are float32
_CONTINUED_SIDE = 512  # pixels of the longer side at which colours are continued
_OPAQUE = 255


def on_white(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Return the image (H, W, 3), uint8 or float32 in [0, 255], as it looks on white; alpha is (H, W) uint8."""
    return _over(image, alpha, np.float32(255))


def continued(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Return the image (H, W, 3) uint8 with its visible colours continued where alpha, (H, W) uint8, is small.

    From an alpha of 64 on, a pixel keeps its own colour; below, 8 bits hardly tell it. An image without a visible pixel
    becomes white.
    """
    seen = cv2.multiply(alpha, 4)  # 255 at most
    height, width = alpha.shape
    scale = min(1, _CONTINUED_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    on_black = cv2.resize(_over(image, seen, np.float32(0)), size, interpolation=cv2.INTER_AREA)
    small_seen = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)[..., None] / np.float32(_OPAQUE)
    fill = np.rint(_filled(on_black.astype(np.float32), small_seen)).astype(np.uint8)
    return _over(image, seen, cv2.resize(fill, (width, height), interpolation=cv2.INTER_LINEAR))


def _filled(colors: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return colours for all pixels, float32 (h, w, 3), by halving the image until all of it is seen.

    `seen` (h, w, 1) is from 0 to 1, and the colours are multiplied by it. What is missing comes from the image of half
    the size, where a pixel of which a quarter is seen counts as whole (Gortler et al., The Lumigraph, 1996, §3.4).
    """
    height, width = seen.shape[:2]
    if max(height, width) == 1 or seen.min() == 1:
        return np.where(seen > 0, colors / np.maximum(seen, 1e-6), np.float32(255))
    half = (width + 1) // 2, (height + 1) // 2
    half_seen = cv2.resize(seen, half, interpolation=cv2.INTER_AREA)[..., None]
    gain = np.minimum(4, 1 / np.maximum(half_seen, 1e-6))
    fewer = _filled(cv2.resize(colors, half, interpolation=cv2.INTER_AREA) * gain, half_seen * gain)
    return colors + (1 - seen) * cv2.resize(fewer, (width, height), interpolation=cv2.INTER_LINEAR)


def _over(image: np.ndarray, opacity: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Return the image (H, W, 3) over what is behind it, a level or (H, W, 3); `opacity` is (H, W) uint8."""
    mixed, behind = np.empty_like(image), np.broadcast_to(behind, image.shape)
    for top in range(0, len(image), _ROWS):
        rows = slice(top, top + _ROWS)
        share = opacity[rows, :, None] / np.float32(_OPAQUE)
        levels = image[rows] * share + behind[rows] * (1 - share)
        mixed[rows] = np.rint(levels) if image.dtype == np.uint8 else levels
    return mixed
