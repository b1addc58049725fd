"""What is seen of regions: the label picture, their names with their shares, and a preview.

Region 0 is black, 1 white, 2 red … in the order of `transfer.inputs.masks.NAMES`.
"""

import cv2
import numpy as np

from transfer.inputs.region_names import NAMES
from vgg.tools.image import resize_to

#: As many regions as there are colours with a name.
MOST_REGIONS = len(NAMES)
#: Longer side of the preview in pixels, and how much of the region's colour its pixels have.
PREVIEW_SIDE, TINT = 800, 0.5
_FONT, _FONT_SIZE, _MARGIN = cv2.FONT_HERSHEY_SIMPLEX, 0.75, 4


def label_picture(labels: np.ndarray) -> np.ndarray:
    """Return the labels (H, W) as the colours that stand for them, uint8 (H, W, 3)."""
    return np.array(list(NAMES.values()), np.uint8)[labels]


def shares(labels: np.ndarray) -> dict[str, float]:
    """Return the share of the pixels of each region that there is, by its name; they add up to 1."""
    counts = np.bincount(labels.ravel(), minlength=MOST_REGIONS)
    return {name: float(count) / labels.size for name, count in zip(NAMES, counts, strict=True) if count}


def preview(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the picture, each region tinted in its colour and its name written where it is widest.

    Args:
        image: uint8 (H, W, 3), RGB.
        labels: (H, W).

    Returns:
        uint8 (·, ·, 3), `PREVIEW_SIDE` on its longer side.
    """
    scale = PREVIEW_SIDE / max(labels.shape)
    height, width = (max(1, round(side * scale)) for side in labels.shape)
    shown = resize_to((1 - TINT) * image.astype(np.float32) + TINT * label_picture(labels), height, width)
    shown = np.clip(np.rint(shown), 0, 255).astype(np.uint8)
    labels = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)
    for label, name in enumerate(NAMES):
        where = (labels == label).astype(np.uint8)
        if where.any():
            _write(shown, name, where)
    return shown


def _write(shown: np.ndarray, name: str, where: np.ndarray) -> None:
    """Write the name into `shown`, centred in the widest part of the region, but not beyond the picture's border."""
    # With a border around it, a place beside the picture's edge does not count as wide.
    inside = cv2.distanceTransform(cv2.copyMakeBorder(where, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)
    y, x = np.unravel_index(np.argmax(inside), inside.shape)
    (width, ascent), descent = cv2.getTextSize(name, _FONT, _FONT_SIZE, 1)
    height = ascent + descent
    left = max(_MARGIN, min(int(x) - width // 2, shown.shape[1] - width - _MARGIN))
    top = max(_MARGIN, min(int(y) - height // 2, shown.shape[0] - height - _MARGIN))
    # White with a black rim shows on every colour. Thicker letters would be wider ones, no rim, in OpenCV 5.
    rim = [(right, down, (0, 0, 0)) for right in (-1, 0, 1) for down in (-1, 0, 1)]
    for right, down, color in (*rim, (0, 0, (255, 255, 255))):
        place = left + right, top + ascent + down
        cv2.putText(shown, name, place, _FONT, _FONT_SIZE, color, 1, cv2.LINE_AA)
