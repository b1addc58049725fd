"""From a picture to the number of each pixel's region, by OpenCV.

    by_color      k-means of the colours in Lab, where distances are about as large as they look
    by_luminance  k-means of the luminance: bands from dark to light
    by_grabcut    what stands out inside a box (Rother, Kolmogorov & Blake, "GrabCut", SIGGRAPH 2004)

They work on a reduced copy: regions are large, and k-means and GrabCut are slow. Then every pixel of the picture takes
the region that most of its neighbours are in. That leaves no single pixels and no stairs. The median of the numbers
would not do: between regions 0 and 2 it draws a line of region 1.

The same picture gives the same regions: OpenCV's random numbers start from the same seed each time.
"""

import cv2
import numpy as np

from transfer.colors import luminance
from vgg.errors import InputError
from vgg.tools.image import resize_to

Box = tuple[int, int, int, int]  # x and y of the upper left corner, width, height, in pixels
OUTSIDE, INSIDE = 0, 1

#: Longer side of the reduced copy, in pixels.
LONGER_SIDE = 512
#: How far the neighbours are that decide together: σ of a Gaussian, as a share of the longer side.
SMOOTHED_OVER = 1 / 128
#: k-means begins anew this often, from other centres, and keeps the best; each time it moves them this often.
ATTEMPTS, MOVES = 5, 50
GRABCUT_ROUNDS = 5


def by_color(image: np.ndarray, count: int) -> np.ndarray:
    """Return `count` regions of similar colours, uint8 (H, W), numbered from the darkest to the lightest.

    Args:
        image: uint8 (H, W, 3), RGB.
        count: 2 or more.

    Raises:
        InputError: the picture has fewer regions than that.
    """
    lab = cv2.cvtColor(reduced(image).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return _clustered(lab, count, image)


def by_luminance(image: np.ndarray, count: int) -> np.ndarray:
    """Return the same as `by_color`, but of luminance alone: bands from dark to light."""
    return _clustered(luminance(reduced(image))[..., None], count, image)


def by_grabcut(image: np.ndarray, box: Box) -> np.ndarray:
    """Return `INSIDE` for what stands out in the box from all that is around it, else `OUTSIDE`, uint8 (H, W).

    Raises:
        InputError: the box is not inside the picture, leaves nothing around it, or nothing in it stands out.
    """
    (height, width), (x, y, box_width, box_height) = image.shape[:2], box
    if x + box_width > width or y + box_height > height:
        raise InputError(
            f"the box {x},{y},{box_width},{box_height} ends at {x + box_width},{y + box_height}, outside the picture "
            f"of {width} × {height} pixels; expected X,Y,WIDTH,HEIGHT inside it"
        )
    in_box = np.zeros((height, width), np.float32)
    in_box[y : y + box_height, x : x + box_width] = 1
    small = reduced(image)
    may_be = reduced(in_box) >= 0.5
    if may_be.all() or not may_be.any():
        what = "leaves nothing around it" if may_be.all() else "is too small to see anything in it"
        raise InputError(
            f"the box {x},{y},{box_width},{box_height} in a picture of {width} × {height} pixels {what}; expected one "
            "that is a little larger than the object, with background around it"
        )
    state = np.where(may_be, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    cv2.setRNGSeed(1)
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    cv2.grabCut(bgr, state, None, np.empty(0), np.empty(0), GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = np.isin(state, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    labels = np.where(in_box > 0, _full_size(found, 2, image), OUTSIDE).astype(np.uint8)
    if not labels.any():
        raise InputError(
            f"nothing in the box {x},{y},{box_width},{box_height} stands out from what is around it; expected a box a "
            "little larger than one object"
        )
    return labels


def _clustered(values: np.ndarray, count: int, image: np.ndarray) -> np.ndarray:
    """Return the regions of `image` by k-means of `values`, float32 (h, w, C) of its reduced copy."""
    points = values.reshape(-1, values.shape[2])
    found = len(np.unique(points, axis=0))
    if found >= count:  # OpenCV cannot make more clusters than there are points
        cv2.setRNGSeed(1)
        enough = (cv2.TERM_CRITERIA_MAX_ITER, MOVES, 0)
        _, numbers, _ = cv2.kmeans(points, count, None, enough, ATTEMPTS, cv2.KMEANS_PP_CENTERS)
        labels = _full_size(numbers.reshape(values.shape[:2]), count, image)
        found = len(np.unique(labels))  # what was only single pixels is gone
    if found < count:
        few = f"or ask for fewer labels, {found} at most" if found > 1 else "such as one that is not all the same"
        raise InputError(f"regions found: {found}, expected {count}; choose another picture {few}")
    brightness = np.bincount(labels.ravel(), luminance(image).ravel()) / np.bincount(labels.ravel())
    return np.argsort(np.argsort(brightness)).astype(np.uint8)[labels]


def reduced(image: np.ndarray, longer_side: int = LONGER_SIDE) -> np.ndarray:
    """Return (H, W) or (H, W, C) with at most that many pixels on the longer side, in the same proportions."""
    scale = min(1.0, longer_side / max(image.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    return resize_to(image, height, width)


def _full_size(numbers: np.ndarray, count: int, image: np.ndarray) -> np.ndarray:
    """Return each pixel's label, uint8 (H, W) of `image`: the one that most of its neighbours have in `numbers`."""
    height, width = image.shape[:2]
    labels, most = np.zeros((height, width), np.uint8), np.full((height, width), -1, np.float32)
    for label in range(count):  # one by one, as the votes for all of them may not fit into the memory
        sigma = SMOOTHED_OVER * max(numbers.shape)
        votes = cv2.GaussianBlur((numbers == label).astype(np.float32), (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        votes = resize_to(votes, height, width)
        wins = votes > most
        labels[wins], most[wins] = label, votes[wins]
    return labels
