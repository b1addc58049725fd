"""Ellipses around faces, found by the detectors that OpenCV 4 came with; nothing is downloaded.

They are cascades of Haar features (Viola & Jones, "Rapid Object Detection using a Boosted Cascade of Simple Features",
CVPR 2001): one for faces from the front, one for faces in profile. OpenCV 5 has neither.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from transfer.masks.labels import INSIDE, OUTSIDE, Box, reduced
from vgg.errors import InputError

#: Longer side of the copy that is searched, in pixels: larger than for regions, so that small faces are seen.
LONGER_SIDE = 1024
#: How many overlapping finds make a face; OpenCV's usual 3 sees faces in leaves and bricks.
LEAST_FINDS = 6
#: Half axes of the ellipse as shares of the box's sides. The box is brows to mouth; the ellipse has hair and chin too.
HALF_AXES = 0.65, 0.85
FRONTAL, PROFILE = "haarcascade_frontalface_default.xml", "haarcascade_profileface.xml"


def by_faces(image: np.ndarray) -> np.ndarray:
    """Return `INSIDE` in an ellipse around each face, else `OUTSIDE`, uint8 (H, W).

    Raises:
        InputError: there is no face, or this OpenCV has no detectors.
    """
    faces = find_faces(image)
    if not faces:
        raise InputError(
            "no face found, expected one that is seen from the front or the side, upright and not small; draw a box "
            "around it with --by grabcut --box X,Y,WIDTH,HEIGHT"
        )
    labels = np.full(image.shape[:2], OUTSIDE, np.uint8)
    for x, y, width, height in faces:
        center = round(x + width / 2), round(y + height / 2)
        half_axes = round(HALF_AXES[0] * width), round(HALF_AXES[1] * height)
        cv2.ellipse(labels, center, half_axes, 0, 0, 360, INSIDE, cv2.FILLED)
    return labels


def find_faces(image: np.ndarray) -> Sequence[Box]:
    """Return a box in pixels of `image`, uint8 (H, W, 3), for each find; a face that both detectors see has two."""
    require_detectors()
    small = reduced(image, LONGER_SIDE)
    grey = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    scale, small_width = image.shape[0] / small.shape[0], small.shape[1]
    boxes: list[Box] = []
    # The detector of profiles knows faces that look to one side only.
    for file, mirrored in ((FRONTAL, False), (PROFILE, False), (PROFILE, True)):
        detector = cv2.CascadeClassifier(cv2.data.haarcascades + file)
        view = np.ascontiguousarray(grey[:, ::-1]) if mirrored else grey
        for x, y, width, height in detector.detectMultiScale(view, minNeighbors=LEAST_FINDS):
            left = small_width - x - width if mirrored else x
            boxes.append(tuple(round(float(value) * scale) for value in (left, y, width, height)))
    return boxes


def require_detectors() -> None:
    """Return if this OpenCV has face detectors; raises InputError if not."""
    if not hasattr(cv2, "CascadeClassifier"):
        raise InputError(
            f"--by faces: OpenCV {cv2.__version__} has no face detectors, expected version 4; get it with "
            "`.venv/bin/python -m pip install 'opencv-python<5'`, or use --by grabcut --box X,Y,WIDTH,HEIGHT"
        )
