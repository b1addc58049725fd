"""The pictures a run begins with: content, style and start image, read or drawn, at the size they are used."""

from dataclasses import dataclass

import numpy as np

from transfer.command.options import SAMPLE
from transfer.inputs.sample_painting import painting
from transfer.inputs.sample_scene import scene
from transfer.recipe.choices import Noise
from vgg.errors import InputError
from vgg.image.file import read_image, resize, resize_to


@dataclass(frozen=True)
class Pictures:
    """uint8 RGB (H, W, 3) each, and what the user should know of their sizes."""

    content_image: np.ndarray
    style_image: np.ndarray
    init_image: np.ndarray | None  # None for the start "noise"
    remarks: tuple[str, ...]


def load(content: str, style: str, init: str, size: int) -> Pictures:
    """Read (or draw, for `sample`) the pictures and bring their longer side to `size`, never enlarging.

    The start image is stretched to the content image's size; `init` is "content", "style", "noise" or a path.

    Raises:
        InputError: a file is no picture we can use.
    """
    images, remarks = [], []
    for kind, name, draw in (("content", content, scene), ("style", style, painting)):
        width = min(max(size, 768), 4096)  # no smaller than looks good, no larger than is drawn soon; resized below
        image = draw(width * 3 // 4, width) if name == SAMPLE else read_image(name)
        height, width = image.shape[:2]
        try:
            images.append(resize(image, size))
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
        if max(height, width) < size:
            remarks.append(f"the {kind} picture has only {width}×{height} pixels and is used as it is, not enlarged")
    content_image, style_image = images
    if init == "noise":
        return Pictures(content_image, style_image, None, tuple(remarks))
    init_image = {"content": content_image, "style": style_image}.get(init)
    if init_image is None:
        init_image = read_image(init)
    init_image = resize_to(init_image, *content_image.shape[:2])
    return Pictures(content_image, style_image, init_image, tuple(remarks))


def start_image(pictures: Pictures, mean_rgb: np.ndarray, seed: int, noise: Noise, noise_share: float) -> np.ndarray:
    """Where the optimiser starts: float32 RGB (H, W, 3) in [0, 255] of the content image's size.

    Noise is around the mean colour, as in the authors' later code; of a picture, `noise_share` is replaced by noise.
    """
    if pictures.init_image is not None and not noise_share:
        return pictures.init_image.astype(np.float32)
    rng, shape = np.random.default_rng(seed), pictures.content_image.shape
    if noise.kind == "normal":
        noise_image = mean_rgb + noise.level * rng.standard_normal(shape, np.float32)
    else:
        noise_image = mean_rgb + rng.uniform(-noise.level, noise.level, shape).astype(np.float32)
    if pictures.init_image is None:
        return noise_image
    return np.float32(1 - noise_share) * pictures.init_image + np.float32(noise_share) * noise_image
