"""Whose colours the result has: linear algebra on pixels, before the run and after it.

Gatys, Bethge, Hertzmann & Shechtman, "Preserving Color in Neural Artistic Style Transfer", arXiv:1606.05897 (2016), and
section 5 of Gatys et al., CVPR 2017. A style transfer takes over the style image's colours. There are two ways to
keep those of the content image, and one to keep them over large areas only:

    match       give the style image the content image's colours before the run. Each pixel x becomes A x + b,
                with which mean and covariance of its colours are those of the content image.
    luminance   run on luminance alone, and put the content's colours back after it. Before the run, the style's
                luminance gets the mean and the standard deviation of the content's.
    coarse      put the content's colours back after the run, both blurred: strokes keep the style's colours, and an
                object is no longer of several colours, as it may be with nearest neighbours (`transfer.neighbours`).

Many A are possible. With the square roots of both covariances, A = Σ_c^½ Σ_s^-½ ("Image Analogies", our `match`); with
Cholesky's factors, Σ = L Lᵀ, A = L_c L_s⁻¹ (`match-cholesky`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from transfer.recipes import Colors

if TYPE_CHECKING:
    from transfer.inputs import Images

#: Luminance Y of ITU-R BT.601, as in the paper's YIQ.
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
#: Added to the variance of each colour, in square levels: a grey picture's covariance has no inverse.
LEAST_VARIANCE = 1e-2
#: The standard deviation of the blur of `coarse`, as a share of the longer side.
COARSE = 0.03
#: How far the covariance of a matched style image may be from the content's, as a share of it, without a remark.
UNMATCHED = 0.05


def prepared(images: Images, colors: Colors) -> Images:
    """Return the images as the network shall see them, float32 and not clipped where they change."""
    content, styles = images.content_image, images.style_images
    if colors in ("style", "coarse"):
        return images
    if colors != "luminance":
        return replace(images, style_images=tuple(matched(style, content, ROOTS[colors]) for style in styles))
    init, earlier = images.init_image, images.earlier
    return replace(
        images,
        content_image=grey(luminance(content)),
        style_images=tuple(grey(matched_luminance(style, content)) for style in styles),
        init_image=None if init is None else grey(luminance(init)),
        earlier=None if earlier is None else np.dstack([grey(luminance(earlier[..., :3])), earlier[..., 3]]),
    )


def unmatched(style: np.ndarray, content: np.ndarray, colors: Colors) -> float:
    """Return how far the covariance of the matched style image is from the content's, as a share of that.

    It is 0 but for style images whose colours lie on a plane, on a line or in a point, such as grey ones: no linear
    map gives them more dimensions.
    """
    if colors not in ROOTS:
        return 0.0
    reached, aim = (np.cov(image.reshape(-1, 3).T) for image in (matched(style, content, ROOTS[colors]), content))
    aim += LEAST_VARIANCE * np.eye(3)
    return float(np.linalg.norm(reached - aim) / np.linalg.norm(aim))


def restored(image: np.ndarray, content_image: np.ndarray, colors: Colors) -> np.ndarray:
    """Return the result of a run, (H, W, 3) float32 in [0, 255], with the content's colours put back if so wanted.

    A pixel is its luminance Y and its chroma, the three differences R − Y, G − Y, B − Y. The chroma is the content's,
    exactly. Y is that of `image`, but no further up or down than leaves all three within [0, 255]. With `coarse`, only
    the blurred chroma is the content's.
    """
    if colors not in ("luminance", "coarse"):
        return image
    content = content_image.astype(np.float32)
    if colors == "coarse":
        change = content - image
        chroma = change - luminance(change)[..., None]
        return np.clip(image + cv2.GaussianBlur(chroma, (0, 0), COARSE * max(image.shape)), 0, 255)
    chroma = content - luminance(content)[..., None]  # (H, W, 3)
    y = np.clip(luminance(image), -chroma.min(axis=2), 255 - chroma.max(axis=2))
    return np.clip(y[..., None] + chroma, 0, 255)  # what is clipped here is rounding


def luminance(image: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) → (H, W)."""
    return image.astype(np.float32) @ LUMINANCE


def grey(plane: np.ndarray) -> np.ndarray:
    """Return (H, W) → (H, W, 3), the same in each channel."""
    return np.repeat(plane[..., None], 3, axis=2)


def matched_luminance(style: np.ndarray, content: np.ndarray) -> np.ndarray:
    """Return the style's luminance (H, W) with the mean and the standard deviation of the content's."""
    own, aim = luminance(style), luminance(content)
    return (own - own.mean()) * (aim.std() / max(own.std(), LEAST_VARIANCE**0.5)) + aim.mean()


def matched(style: np.ndarray, content: np.ndarray, root: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the style image with the mean and the covariance of the content's colours, (H, W, 3) float32.

    `root` finds an R with R Rᵀ = Σ; then A = R_c R_s⁻¹.
    """
    own, aim = (image.reshape(-1, 3).astype(np.float64) for image in (style, content))
    root_of_own, root_of_aim = (root(np.cov(pixels.T) + LEAST_VARIANCE * np.eye(3)) for pixels in (own, aim))
    transform = root_of_aim @ np.linalg.inv(root_of_own)
    return ((own - own.mean(axis=0)) @ transform.T + aim.mean(axis=0)).astype(np.float32).reshape(style.shape)


def square_root(covariance: np.ndarray) -> np.ndarray:
    """Return the symmetric square root of a covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values)) @ vectors.T


#: Finds an R with R Rᵀ = Σ, for the ways to match.
ROOTS = {"match": square_root, "match-cholesky": np.linalg.cholesky}
