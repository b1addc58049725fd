"""Scene cuts: is a frame the continuation of an earlier one, or the first of another scene?

The flow between two frames is computed anyway, and says most of it. Between frames of one scene the flows forward and
backward agree nearly everywhere, even in a fast pan. Between two scenes each of them is a guess of its own, and they
agree by chance only. Two things remain. In an even area, such as a sky or the black bars of a wide film, any flow
agrees with any other, so only pixels with texture count. And a change from a black picture to a scene leaves nothing
that could disagree, so a pixel also has to look like what it was traced to.

"Look like" is the correlation of small windows, which does not change with brightness and contrast: a photographer's
flash or a cloud before the sun is no cut. A flash that turns a frame white is one, and so is the frame after it, if
only neighbours are compared. Compared with the frame before the flash, the frame after it is none. So a new scene
begins only if a frame is cut off from each of the earlier frames at hand.
"""

import cv2
import numpy as np

from transfer.video.flow import warped

WINDOW = 9  # pixels, the side of the windows that are correlated
TEXTURE = 2.0  # levels: the standard deviation in a window from which on it has texture
ALIKE = 0.5  # the correlation of two windows that look alike
#: The share of the pixels with texture that can be traced and look alike, below which there is a cut. Measured at
#: 256 × 192 and 192 × 144, with OpenCV 4.10 to 5.0: at most 0.065 between different scenes, at least 0.2 in pans of up
#: to a third of the width in one frame. In a faster pan so little can be traced that starting anew is no loss.
CONTINUED = 0.08


def is_cut(earlier: np.ndarray, later: np.ndarray, backward: np.ndarray, weights: np.ndarray) -> bool:
    """Return whether `later` belongs to another scene than `earlier`.

    Args:
        earlier: a frame, uint8 (H, W, 3) RGB or (H, W) grey.
        later: another, of the same shape.
        backward: the flow from `later` to `earlier`, (H, W, 2).
        weights: c at the pixels of `later`, (H, W), as `transfer.video.flow.weights` gives them.
    """
    return continuity(earlier, later, backward, weights) < CONTINUED


def continuity(earlier: np.ndarray, later: np.ndarray, backward: np.ndarray, weights: np.ndarray) -> float:
    """Return the share of the pixels with texture that were traced and look alike; 1 if there is no texture at all.

    The arguments are those of `is_cut`.
    """
    now, before = _grey(later), warped(_grey(earlier), backward)
    here, there = _mean(now), _mean(before)
    variance, variance_before = _mean(now * now) - here**2, _mean(before * before) - there**2
    covariance = _mean(now * before) - here * there
    textured = np.maximum(variance, variance_before) > TEXTURE**2
    if not textured.any():
        return 1.0
    # At least 1: of a window without any texture, the correlation would be one of rounding errors.
    alike = covariance > ALIKE * np.sqrt(np.maximum(variance, 1) * np.maximum(variance_before, 1))
    return float(np.mean((weights * alike)[textured]))


def _grey(frame: np.ndarray) -> np.ndarray:
    return np.float32(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) if frame.ndim == 3 else frame)


def _mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of the window around each pixel, (H, W) → (H, W)."""
    return cv2.boxFilter(values, -1, (WINDOW, WINDOW))
