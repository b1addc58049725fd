"""Where each pixel of a frame comes from, and where that can be trusted.

The method is that of Ruder, Dosovitskiy & Brox, "Artistic style transfer for videos" (arXiv:1604.08610, GCPR 2016),
section 4.2. With w the flow from the earlier frame to the later one, forward, and ŵ = (û, v̂) the flow from the later
frame back to the earlier one:

    forward flow, warped        w̃(x, y) = w((x, y) + ŵ(x, y))                        Eq. 4
    disocclusion where          |w̃ + ŵ|² > 0.01 (|w̃|² + |ŵ|²) + 0.5                  Eq. 5
    motion boundary where       |∇û|² + |∇v̂|² > 0.01 |ŵ|² + 0.002                    Eq. 6

The weight c of a pixel of the later frame is 0 in both cases and 1 elsewhere. The two inequalities are those of
Sundaram, Brox & Keutzer (ECCV 2010). Two rules are ours. A pixel that comes from outside the frame has c = 0. And so
has the neighbour of any pixel with c = 0: at an edge the flow is smeared, and a colour is a blend of both sides, so
that without this a quarter of all hidden pixels would be trusted (`tests/transfer/video/test_optical_flow.py`).

Flows are arrays (H, W, 2), float32: pixels to the right and pixels down. The flow itself is OpenCV's DIS (Kroeger,
Timofte, Dai & Van Gool, "Fast optical flow using dense inverse search", ECCV 2016).
"""

import cv2
import numpy as np

#: Pixels that each side has at least when DIS looks at it: it refuses pictures that are hardly larger than its patches.
SMALLEST = 32
#: How far outside the outermost pixels' centres a pixel may come from: pixels are squares of this half width.
HALF_PIXEL = 0.5


def flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return where each pixel of `first` is in `second`: first(x, y) looks like second((x, y) + flow(x, y)).

    The result is the same from run to run and for every number of threads.

    Args:
        first: uint8 (H, W, 3) RGB or (H, W) grey, of any size down to one pixel.
        second: of the same shape.

    Returns:
        float32 (H, W, 2), pixels to the right and down.
    """
    height, width = first.shape[:2]
    # Continued from its border, a frame moves there as the border does.
    around = ((0, max(SMALLEST - height, 0)), (0, max(SMALLEST - width, 0)))
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) if frame.ndim == 3 else frame for frame in (first, second)]
    first_grey, second_grey = (np.pad(grey, around, mode="edge") for grey in greys)
    # MEDIUM, the most exact preset, stops at half the resolution. At the full one half the error is left, for twice the
    # time, which is still a hundredth of what a frame's steps take.
    estimator = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    estimator.setFinestScale(0)
    return np.ascontiguousarray(estimator.calc(first_grey, second_grey, None)[:height, :width])


def warped(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Return the image as its flow moves it: the result at (x, y) is image((x, y) + flow(x, y)), bilinear.

    With the flow from a later frame back to an earlier one, this brings the earlier frame to where things are in the
    later one. What lies outside the image is continued from its border.

    The result is not exact. OpenCV 4 rounds the places to 1/32 of a pixel, and so does OpenCV 5 where the image has two
    channels, as a flow has. Of a uint8 image the result is rounded to whole levels, too.

    Args:
        image: uint8 or float32, (H, W) or (H, W, up to 4); each side below 32768, OpenCV's limit.
        flow: (H, W, 2).
    """
    x, y = _places(flow)
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def weights(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Return c, float32 (H, W): 1 where a pixel of the later frame can be traced to the earlier one, else 0.

    Args:
        forward: the flow from the earlier frame to the later one, (H, W, 2).
        backward: the flow from the later frame to the earlier one.
    """
    trusted = came_from_inside(backward) & ~disoccluded(forward, backward) & ~motion_boundary(backward)
    # Outside the frame `cv2.erode` puts what changes nothing.
    return cv2.erode(trusted.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)


def disoccluded(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Return where the later frame shows what the earlier one did not, by Eq. 5: bool (H, W)."""
    there = warped(forward, backward)  # w̃, Eq. 4
    return _squares(there + backward) > 0.01 * (_squares(there) + _squares(backward)) + 0.5


def motion_boundary(backward: np.ndarray) -> np.ndarray:
    """Return where two motions meet, by Eq. 6: bool (H, W)."""
    steps = np.zeros(backward.shape[:2], np.float32)
    for axis in (0, 1):
        if backward.shape[axis] > 1:
            steps += _squares(np.gradient(backward, axis=axis))
    return steps > 0.01 * _squares(backward) + 0.002


def came_from_inside(backward: np.ndarray) -> np.ndarray:
    """Return where a pixel was inside the earlier frame: bool (H, W)."""
    (height, width), (x, y) = backward.shape[:2], _places(backward)
    inside = (x >= -HALF_PIXEL) & (x <= width - 1 + HALF_PIXEL)
    return inside & (y >= -HALF_PIXEL) & (y <= height - 1 + HALF_PIXEL)


def _places(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of (x, y) + flow(x, y), float32 (H, W) each."""
    y, x = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    return x + flow[..., 0], y + flow[..., 1]


def _squares(vectors: np.ndarray) -> np.ndarray:
    """Return |v|² of each vector: (H, W, 2) → (H, W)."""
    return np.sum(np.square(vectors), axis=2)
