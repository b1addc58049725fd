"""Pictures cut to the square in their middle, so that all pictures of a folder have one shape."""

from pathlib import Path

import numpy as np

from transfer.machine import usable_bytes
from transfer.recipe.choices import Crop
from vgg.tools.image import read_image


def cropped(image: np.ndarray, crop: Crop) -> np.ndarray:
    """Return the picture (H, W, 3), or the square of its shorter side in its middle."""
    if crop == "none":
        return image
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def read_cropped(path: Path | str, crop: Crop) -> np.ndarray:
    """Return what `vgg.tools.image.read_image` does within this machine's memory, cropped."""
    return cropped(read_image(path, usable_bytes()), crop)
