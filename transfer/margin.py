"""A margin around the image that is trained with it and cut off at the end, so that the image itself has no frame.

A convolution of VGG-19 at an image's border sees zeros outside. No picture is like that: the zeros are an edge, which
the optimiser answers with stripes and a coloured rim. So content, style and start are continued beyond their edges by
reflection, the wider image is trained, and the frame appears in its margin, which nobody sees.

This departs from the paper, whose images end where the network does. Recipes have it as `Recipe.margin`.
"""

from dataclasses import replace

import numpy as np

from transfer.inputs.pictures import Pictures


def margin_of(wanted: int, pictures: Pictures) -> int:
    """Return how far content and style are continued: `wanted` pixels, or less if a reflection would not reach."""
    images = (pictures.content_image, *pictures.style_images)
    return min(wanted, *(side - 1 for image in images for side in image.shape[:2]))


def continued(image: np.ndarray, margin: int) -> np.ndarray:
    """Return (H, W, 3) → (H + 2·margin, W + 2·margin, 3), reflected at the edges, whose pixels are not repeated.

    A region's guide has no channels: (H, W) → (H + 2·margin, W + 2·margin).
    """
    around = ((margin, margin), (margin, margin), (0, 0))[: image.ndim]
    return np.pad(image, around, mode="reflect") if margin else image


def kept(image: np.ndarray, margin: int) -> np.ndarray:
    """Return the image without its margin: (H + 2·margin, W + 2·margin, 3) → (H, W, 3)."""
    return image[margin:-margin, margin:-margin] if margin else image


def widened(pictures: Pictures, margin: int) -> Pictures:
    """Return content, styles and regions continued by `margin` pixels."""
    return replace(
        pictures,
        content_image=continued(pictures.content_image, margin),
        style_images=tuple(continued(image, margin) for image in pictures.style_images),
        regions=tuple(region.changed(lambda guide: continued(guide, margin)) for region in pictures.regions),
        earlier=None if pictures.earlier is None else continued(pictures.earlier, margin),
    )
