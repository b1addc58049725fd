"""Parts of the content image that get styles of their own.

Gatys, Ecker, Bethge, Hertzmann & Shechtman, "Controlling Perceptual Factors in Neural Style Transfer", CVPR 2017,
section 4. A *guide* says how far each pixel belongs to a region, from 0 to 1. In a layer the maps are multiplied by the
guide before their Gram matrix is taken, so that it only knows of the positions inside:

    G = Σ_m T_m² F_m F_mᵀ,  with  Σ_m T_m² = 1
    E_l = Σ_r λ_r k Σ (G_r − A_r)²

λ_r is how much region r counts. The paper leaves it to its user. Here it is the region's share of all pixels that get a
style, so that a small region is painted as firmly as if it were a picture of its own, and no more so.

A region's strength leaves λ as it is, for a smaller λ would still force the whole painting's colours into the region,
and total variation would blur it. Regions that differ in strength only are one region. Where the strength is lower,
the content's positions count more (`layer_weights`).

A position of a layer sees more than its own pixels. So its T is the share of its own pixels that belong to the region,
times that share of all pixels it sees: it counts less and less towards the border, and outside it counts nothing. The
paper discusses two other ways. To count every position inside the region gives the border strokes of both sides; to
count only those that see nothing else leaves none in deep layers, which see 200 pixels. This is between the two.

Most runs have one region, `WHOLE`, and no guides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from vgg.layers import receptive_field

Change = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Region:
    """A part of the content image, and which of the style images it gets."""

    name: str = ""  # such as "white"; empty if it is everything
    weight: float = 1.0  # λ
    guide: np.ndarray | None = None  # (H, W) float32 of the content image; None: all of it
    shares: tuple[float, ...] = (1.0,)  # of each style image in the region's blend of Gram matrices, 1 in all
    style_guides: tuple[np.ndarray | None, ...] = (None,)  # which part of each style image is meant

    def changed(self, change: Change) -> "Region":
        """Return the region with all guides changed, such as made smaller."""
        guides = (self.guide, *self.style_guides)
        own, *others = (None if guide is None else change(guide) for guide in guides)
        return replace(self, guide=own, style_guides=tuple(others))


WHOLE = Region()


def keep_the_rest(image: np.ndarray, content_image: np.ndarray, regions: Sequence[Region]) -> np.ndarray:
    """Return the image, (H, W, 3) float32, with the content image's pixels in regions that get no style.

    At a region's border, where a pixel belongs to both sides, both are mixed.
    """
    if any(region.guide is None for region in regions):
        return image
    styled = np.clip(sum(region.guide for region in regions), 0, 1)[..., None]  # (H, W, 1)
    return np.float32(styled * image + (1 - styled) * content_image)


def layer_guide(guide: np.ndarray, layer: str, rows: int, columns: int) -> np.ndarray:
    """Return the guide T of a layer's rows × columns positions, float32 (rows, columns), with a mean square of 1.

    The mean square is 1, and not the sum, so that the formulas for Gram matrices divide by the number of positions as
    they always do. `guide` is (H, W); where nothing of it is left, T is 0.
    """
    field, shape = receptive_field(layer), (rows, columns)
    positions = _means(guide, shape, field.stride, 0, field.stride)
    positions *= _means(guide, shape, field.stride, field.before, field.size)
    mean_square = np.mean(np.square(positions))
    return np.float32(positions / np.sqrt(mean_square) if mean_square > 0 else positions)


def layer_weights(weights: np.ndarray, layer: str, rows: int, columns: int) -> np.ndarray:
    """Return what each of a layer's rows × columns positions counts: the mean of its own pixels in `weights` (H, W)."""
    stride = receptive_field(layer).stride
    return np.float32(_means(weights, (rows, columns), stride, 0, stride))


def _means(values: np.ndarray, shape: tuple[int, int], stride: int, before: int, size: int) -> np.ndarray:
    """Return the means of `values` (H, W) over the `size` pixels from i·stride − before each way, within the image."""
    sums = cv2.integral(values.astype(np.float32), sdepth=cv2.CV_64F)  # (H + 1, W + 1)
    edges = []
    for count, side in zip(shape, values.shape, strict=True):
        start = np.arange(count) * stride - before
        edges += [np.clip(start, 0, side - 1), np.clip(start + size, 1, side)]
    top, bottom, left, right = edges
    total = sums[np.ix_(bottom, right)] - sums[np.ix_(top, right)] - sums[np.ix_(bottom, left)]
    total += sums[np.ix_(top, left)]
    return total / np.outer(bottom - top, right - left)
