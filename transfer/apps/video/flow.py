"""How frames hang together: the flow between them and where it can be trusted, plain areas, cuts, flicker.

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

**The clip decides.** In a plain area, such as a sky, any flow is as good as another: what moves before it drags the
flow along, and both inequalities fail where nothing is wrong. So a plain area moves as the camera does (`steadied`),
and there the inequalities do not count. Everywhere, the earlier frame of the clip, warped, has to look like the later
one (`agreement`), but for the light.

**Cuts.** Between frames of one scene the flows forward and backward agree nearly everywhere, even in a fast pan.
Between two scenes each of them is a guess of its own. Two things remain. In an even area, such as a sky, any flow
agrees with any other, so only pixels with texture count. And a change from a black picture to a scene leaves nothing
that could disagree, so a pixel also has to look like what it was traced to: by the correlation of small windows, which
does not change with brightness and contrast, so that a cloud before the sun is no cut. A flash that turns a frame white
looks like two; so a new scene begins only if a frame is cut off from each of the earlier frames at hand.
"""

import cv2
import numpy as np

#: Pixels that each side has at least when DIS looks at it: it refuses pictures that are hardly larger than its patches.
SMALLEST = 32
#: How far outside the outermost pixels' centres a pixel may come from: pixels are squares of this half width.
HALF_PIXEL = 0.5
WINDOW = 9  # pixels, the side of the windows that are correlated
TEXTURE = 2.0  # levels: the standard deviation in a window from which on it has texture
STEADY = 0.5  # pixels that a flow may be off the camera's and still be it
RIM = 0.1  # of the frame
UNLIKE = 8.0  # levels: by how much a place of the clip may be off its origin, and be the same
ALIKE = 0.5  # the correlation of two windows that look alike
#: The share of the pixels with texture that can be traced and look alike, below which there is a cut. Measured at
#: 256 × 192 and 192 × 144, with OpenCV 4.10 to 5.0: at most 0.065 between different scenes, at least 0.2 in pans of up
#: to a third of the width in one frame. In a faster pan so little can be traced that starting anew is no loss.
CONTINUED = 0.08


def flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return where each pixel of `first` is in `second`: first(x, y) looks like second((x, y) + flow(x, y)).

    Both are uint8 (H, W, 3) RGB or (H, W) grey, of any size down to one pixel; the flow is float32 (H, W, 2). It is the
    same from run to run and for every number of threads.
    """
    height, width = first.shape[:2]
    # Continued from its border, a frame moves there as the border does.
    around = ((0, max(SMALLEST - height, 0)), (0, max(SMALLEST - width, 0)))
    first_grey, second_grey = (np.pad(_grey(frame), around, mode="edge") for frame in (first, second))
    # MEDIUM, the most exact preset, stops at half the resolution. At the full one half the error is left, for twice the
    # time, which is still a hundredth of what a frame's steps take.
    estimator = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    estimator.setFinestScale(0)
    return np.ascontiguousarray(estimator.calc(first_grey, second_grey, None)[:height, :width])


def warped(image: np.ndarray, flow: np.ndarray, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Return the image as its flow moves it: the result at (x, y) is image((x, y) + flow(x, y)).

    The `interpolation` is OpenCV's. That by Lanczos' filter may go beyond the image's lowest and highest value.

    With the flow from a later frame back to an earlier one, this brings the earlier frame to where things are in the
    later one. What lies outside the image is continued from its border. The image is uint8 or float32, (H, W) or
    (H, W, up to 4); each side is below 32768, OpenCV's limit.

    The result is not exact. OpenCV 4 rounds the places to 1/32 of a pixel, and so does OpenCV 5 where the image has two
    channels, as a flow has. Of a uint8 image the result is rounded to whole levels, too.
    """
    x, y = _places(flow)
    return cv2.remap(image, x, y, interpolation, borderMode=cv2.BORDER_REPLICATE)


def weights(forward: np.ndarray, backward: np.ndarray, is_plain: np.ndarray | None = None) -> np.ndarray:
    """Return c, float32 (H, W): 1 where a pixel of the later frame can be traced to the earlier one, else 0.

    The flow `forward` leads from the earlier frame to the later one, (H, W, 2), `backward` the other way. Where
    `is_plain`, bool (H, W), they need not agree.
    """
    trusted = ~disoccluded(forward, backward) & ~motion_boundary(backward)
    trusted = came_from_inside(backward) & (trusted if is_plain is None else trusted | is_plain)
    # Outside the frame `cv2.erode` puts what changes nothing.
    return cv2.erode(trusted.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)


def plain(image: np.ndarray) -> np.ndarray:
    """Return where an image, uint8 (H, W, 3), has no texture, as in a sky, bool (H, W): there any flow fits."""
    grey = np.float32(_grey(image))
    return _window_mean(grey * grey) - _window_mean(grey) ** 2 < TEXTURE**2


def camera_motion(content: np.ndarray, before: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Return the turn, zoom and shift, (3, 3), by which all that stands still got to an earlier frame, (H, W, 3) both.

    (x, y, 1) → the place there. It is what most of the flow `backward`, (H, W, 2), does where there is texture. That
    has to reach two sides of the frame, and to explain the clip better than a tripod: what moves before a plain sky is
    no camera.
    """
    (height, width), still = content.shape[:2], np.eye(3)
    sampled = np.zeros((height, width), bool)
    sampled[::2, ::2] = ~plain(content)[::2, ::2]
    places = np.argwhere(sampled)[:, ::-1].astype(np.float64)
    if len(places) < 3:
        return still
    moved = places + backward[sampled]
    found, inliers = cv2.estimateAffinePartial2D(places, moved, method=cv2.RANSAC, ransacReprojThreshold=STEADY)
    if found is None:
        return still
    x, y = (places[inliers.ravel() > 0] / [width, height]).T
    sides = sum(bool(np.any(place < RIM)) for place in (x, 1 - x, y, 1 - y))
    camera = np.vstack([found, [0, 0, 1]])
    ways = (moving(each, (height, width)) for each in (still, camera))
    errors = [np.minimum(_off(content, warped(before, way)), UNLIKE).mean() for way in ways]
    return camera if sides > 1 and errors[0] > 1.1 * errors[1] + 0.05 else still


def moving(camera: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the flow, float32 (H, W, 2), of a frame of that shape in which all moves as `camera_motion` says."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    places = np.stack([x, y, np.ones_like(x)], axis=-1)
    return np.float32(places @ (camera - np.eye(3))[:2].T)


def steadied(content: np.ndarray, before: np.ndarray, backward: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """Return the flow `backward`, (H, W, 2), with that of the camera where a plain area does as the camera does.

    Something that moves before a plain sky drags the flow around it along, because there any flow is as good as
    another. So a plain area that reaches the rim of the frame, as a sky does, moves with the camera as a whole, up to
    what stands before it; and so does another one most of which does.
    """
    fits = agreement(content, warped(before, camera)) > 0
    _, areas = cv2.connectedComponents(np.uint8(plain(content) & fits), connectivity=4)
    is_steady = np.sqrt(_squares(backward - camera)) < STEADY
    shares = np.bincount(areas.ravel(), is_steady.ravel()) / np.maximum(np.bincount(areas.ravel()), 1)
    shares[np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]])] = 1
    shares[0] = 0  # what is not plain
    around = cv2.dilate(np.uint8(shares[areas] > 0.5), np.ones((2 * WINDOW - 1, 2 * WINDOW - 1), np.uint8)) > 0
    return np.where((around & fits)[..., None], camera, backward)


def agreement(content: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Return how well a frame looks like an earlier one brought to it, both (H, W, 3): 1 alike, 0 not, (H, W).

    At an edge a small part of a pixel is a large step of colour, so there more is allowed. Cameras change the exposure
    while they film, so the earlier frame is first made as bright as the later one.
    """
    grey, kernel, near = np.float32(_grey(content)), np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)
    steps = cv2.dilate(grey, near) - cv2.erode(grey, near)
    off = np.minimum(*(_off(content, image) for image in (moved, _as_bright(moved, content))))
    alike = np.clip(2 - cv2.blur(off, (3, 3)) / (UNLIKE + steps / 3), 0, 1)
    return cv2.erode(alike, kernel)


def _as_bright(image: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return an image with brightness and contrast of another one, (H, W, 3) both, fitted where they are alike."""
    levels, wanted = (np.float32(each)[::3, ::3].ravel() for each in (image, like))
    gain, offset = 1.0, np.median(wanted - levels)
    for _ in range(3):
        fits = np.abs(gain * levels + offset - wanted) < 3 * UNLIKE
        if fits.sum() > 2 and np.std(levels[fits]) > TEXTURE:
            gain, offset = np.polyfit(levels[fits], wanted[fits], 1)
    return np.float32(gain) * np.float32(image) + np.float32(offset)


def disoccluded(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Return where the later frame shows what the earlier one did not, by Eq. 5: bool (H, W)."""
    moved = warped(forward, backward)  # w̃, Eq. 4
    return _squares(moved + backward) > 0.01 * (_squares(moved) + _squares(backward)) + 0.5


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


def continuity(earlier: np.ndarray, later: np.ndarray, backward: np.ndarray, weights: np.ndarray) -> float:
    """Return the share of the pixels with texture that were traced and look alike; 1 if there is no texture at all.

    Below `CONTINUED` the frame `later` begins another scene than `earlier`; both are as in `flow`. The flow `backward`
    leads from `later` to `earlier`, (H, W, 2); `weights` are c at the pixels of `later`, (H, W).
    """
    now, before = np.float32(_grey(later)), warped(np.float32(_grey(earlier)), backward)
    mean, mean_before = _window_mean(now), _window_mean(before)
    variance, variance_before = _window_mean(now * now) - mean**2, _window_mean(before * before) - mean_before**2
    covariance = _window_mean(now * before) - mean * mean_before
    textured = np.maximum(variance, variance_before) > TEXTURE**2
    if not textured.any():
        return 1.0
    # At least 1: of a window without any texture, the correlation would be one of rounding errors.
    alike = covariance > ALIKE * np.sqrt(np.maximum(variance, 1) * np.maximum(variance_before, 1))
    return float(np.mean((weights * alike)[textured]))


def flicker(result: np.ndarray, before: np.ndarray, backward: np.ndarray, weights: np.ndarray) -> float:
    """Return how much a film flickers: Σ c (x − w)² / Σ c over all values, in pixel levels squared.

    This is the temporal loss (Eq. 7 of the paper) as a mean over the pixels that can be traced, so that frames with
    much and with little motion can be compared; nan if no pixel can. The image made of a frame is x, (H, W, 3) in
    [0, 255]; w is that of the frame before it, warped by the flow `backward`, (H, W, 2), of the film itself and not of
    the results; `weights` are c, (H, W).
    """
    steps = np.float64(result) - warped(np.float32(before), backward)
    total = 3 * np.sum(weights, dtype=np.float64)
    return float(np.sum(weights[..., None] * steps**2) / total) if total else float("nan")


def _grey(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) if frame.ndim == 3 else frame


def _off(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return by how many levels two images (H, W, 3) differ at most, float32 (H, W)."""
    return np.maximum.reduce(cv2.split(cv2.absdiff(np.float32(first), np.float32(second))))


def _window_mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of the window around each pixel, (H, W) → (H, W)."""
    return cv2.boxFilter(values, -1, (WINDOW, WINDOW))


def _places(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of (x, y) + flow(x, y), float32 (H, W) each."""
    y, x = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    return x + flow[..., 0], y + flow[..., 1]


def _squares(vectors: np.ndarray) -> np.ndarray:
    """Return |v|² of each vector: (H, W, 2) → (H, W)."""
    return np.sum(np.square(vectors), axis=2)
