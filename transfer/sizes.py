"""The images of a run at each of its sizes, and with a margin around them. Both depart from the paper.

Coarse to fine: train a small image first; the result, enlarged, is where the next size starts. A layer sees a fixed
number of pixels. In a large image it therefore knows only small strokes, and a large form changes only in steps that
pass through many pixels. In a small image the layer sees large forms, they change in few steps, and an evaluation takes
less time. Gatys et al. make their large images like this in "Controlling Perceptual Factors in Neural Style Transfer",
CVPR 2017.

A margin is trained with the image and cut off at the end, so that the image itself has no frame. At an image's border a
convolution of VGG-19 sees zeros outside. No image is like that: the zeros are an edge, which the optimiser answers
with stripes and a coloured rim. So content, style and start are continued beyond their edges by reflection, the wider
image is trained, and the frame appears in its margin, which nobody sees. Recipes have it as `Recipe.margin`.
"""

from dataclasses import replace

import numpy as np

from transfer.inputs import Images
from transfer.recipes import Recipe
from vgg.layers import SMALLEST_SIDE
from vgg.tools.image import resize, resize_to

#: The last size passed through is at most this share of the final one; a closer one would not be worth its steps.
LARGEST_SHARE = 0.75


def scales_of(images: Images, recipe: Recipe) -> list[Images]:
    """Return the images at each size, from the coarsest to their own; content and style shrink by the same factor."""
    sides = [side for image in (images.content_image, *images.style_images) for side in image.shape[:2]]
    factors = [size / max(sides[:2]) for size in sorted(set(recipe.scales))]
    smaller = [factor for factor in factors if SMALLEST_SIDE / min(sides) <= factor <= LARGEST_SHARE]
    return [*(_shrunk(images, factor) for factor in smaller), images]


def _shrunk(images: Images, factor: float) -> Images:
    def smaller(image: np.ndarray) -> np.ndarray:
        """Return an image (H, W, 3), or a guide (H, W), made smaller by the factor."""
        return resize(image, round(factor * max(image.shape[:2])))

    content_image = smaller(images.content_image)

    def like_content(image: np.ndarray | None) -> np.ndarray | None:
        return None if image is None else resize_to(image, *content_image.shape[:2])

    return replace(
        images,
        content_image=content_image,
        style_images=tuple(smaller(image) for image in images.style_images),
        regions=tuple(region.changed(smaller) for region in images.regions),
        init_image=like_content(images.init_image),
        content_weights=like_content(images.content_weights),
        earlier=like_content(images.earlier),
    )


def margin_of(margin: int, images: Images) -> int:
    """Return how far content and style are continued: `margin` pixels, or fewer if a reflection would not reach."""
    both = (images.content_image, *images.style_images)
    return min(margin, *(side - 1 for image in both for side in image.shape[:2]))


def with_margin(image: np.ndarray, margin: int) -> np.ndarray:
    """Return (H, W, 3) → (H + 2·margin, W + 2·margin, 3), reflected at the edges, whose pixels are not repeated.

    A region's guide has no channels: (H, W) → (H + 2·margin, W + 2·margin).
    """
    around = ((margin, margin), (margin, margin), (0, 0))[: image.ndim]
    return np.pad(image, around, mode="reflect") if margin else image


def without_margin(image: np.ndarray, margin: int) -> np.ndarray:
    """Return the image without its margin: (H + 2·margin, W + 2·margin, 3) → (H, W, 3)."""
    return image[margin:-margin, margin:-margin] if margin else image


def widened(images: Images, margin: int) -> Images:
    """Return content, styles and regions continued by `margin` pixels."""

    def wider(image: np.ndarray | None) -> np.ndarray | None:
        return None if image is None else with_margin(image, margin)

    return replace(
        images,
        content_image=wider(images.content_image),
        style_images=tuple(wider(image) for image in images.style_images),
        regions=tuple(region.changed(wider) for region in images.regions),
        earlier=wider(images.earlier),
        content_weights=wider(images.content_weights),
    )
