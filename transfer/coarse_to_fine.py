"""Coarse to fine: train a small image first; the result, enlarged, is where the next size starts.

A layer sees a fixed number of pixels. In a large image it therefore knows only small strokes, and a large form changes
only in steps that pass through many pixels. In a small image the layer sees large forms, they change in few steps,
and an evaluation takes less time. Gatys et al. make their large images like this in "Controlling Perceptual Factors in
Neural Style Transfer", CVPR 2017.
"""

from dataclasses import replace

import numpy as np

from transfer.inputs.pictures import Pictures
from transfer.recipe.choices import Recipe
from vgg.layers import SMALLEST_SIDE
from vgg.tools.image import resize, resize_to

#: The last size passed through is at most this share of the final one; a closer one would not be worth its steps.
LARGEST_SHARE = 0.75


def scales_of(pictures: Pictures, recipe: Recipe) -> list[Pictures]:
    """Return the pictures at each size, from the coarsest to their own; content and style shrink by the same factor."""
    sides = [side for image in (pictures.content_image, *pictures.style_images) for side in image.shape[:2]]
    factors = [size / max(sides[:2]) for size in sorted(set(recipe.scales))]
    smaller = [factor for factor in factors if SMALLEST_SIDE / min(sides) <= factor <= LARGEST_SHARE]
    return [*(_shrunk(pictures, factor) for factor in smaller), pictures]


def _shrunk(pictures: Pictures, factor: float) -> Pictures:
    def smaller(image: np.ndarray) -> np.ndarray:
        """Return an image (H, W, 3), or a guide (H, W), made smaller by the factor."""
        return resize(image, round(factor * max(image.shape[:2])))

    content_image = smaller(pictures.content_image)
    init_image, earlier = (
        None if image is None else resize_to(image, *content_image.shape[:2])
        for image in (pictures.init_image, pictures.earlier)
    )
    return replace(
        pictures,
        content_image=content_image,
        style_images=tuple(smaller(image) for image in pictures.style_images),
        regions=tuple(region.changed(smaller) for region in pictures.regions),
        init_image=init_image,
        earlier=earlier,
    )
