"""The pictures a run begins with: content, style and start image, read or drawn, at the size they are used."""

from dataclasses import dataclass

import numpy as np

from transfer.image import read_image, resize, resize_to
from transfer.recipes import Recipe
from transfer.sample_painting import painting
from transfer.sample_scene import scene
from transfer.settings import SAMPLE
from vgg.errors import InputError


@dataclass(frozen=True)
class Pictures:
    """uint8 RGB (H, W, 3) each; what the user should know of their sizes."""

    content_image: np.ndarray
    style_image: np.ndarray
    remarks: tuple[str, ...]


def load(content: str, style: str, size: int) -> Pictures:
    """Read (or draw, for `sample`) both pictures and bring their longer side to `size`, never enlarging.

    Raises:
        InputError: a file is no picture we can use.
    """
    images, remarks = [], []
    for kind, name, draw in (("content", content, scene), ("style", style, painting)):
        image = draw() if name == SAMPLE else read_image(name)
        height, width = image.shape[:2]
        try:
            images.append(resize(image, size))
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
        if max(height, width) < size:
            remarks.append(f"the {kind} picture has only {width}×{height} pixels and is used as it is, not enlarged")
    return Pictures(*images, tuple(remarks))


def start_image(recipe: Recipe, pictures: Pictures, mean_rgb: np.ndarray, seed: int) -> np.ndarray:
    """Where the optimiser starts: float32 RGB (H, W, 3) in [0, 255] of the content image's size.

    White noise is the mean colour plus N(0, 1) in pixel levels, as in the authors' code; a picture given by its path,
    or the style image, is stretched to the content image's size.
    """
    height, width = pictures.content_image.shape[:2]
    if recipe.init == "noise":
        noise = np.random.default_rng(seed).standard_normal((height, width, 3), np.float32)
        return mean_rgb + noise
    if recipe.init == "content":
        image = pictures.content_image
    elif recipe.init == "style":
        image = pictures.style_image
    else:
        image = read_image(recipe.init)
    return resize_to(image, height, width).astype(np.float32)
