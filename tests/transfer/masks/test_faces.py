"""Ellipses around faces. No photograph is in this repository, so a detector of our own stands in for OpenCV's."""

import cv2
import numpy as np
import pytest

from mask_command import X, Y, refused, saved
from transfer.masks.faces import FRONTAL, PROFILE, by_faces
from vgg.errors import InputError


class Detector:
    """Sees the box of the brightest pixels, with the cascade `file` that it is asked for only."""

    file = FRONTAL

    def __init__(self, path):
        self.asked = path.endswith(self.file)

    def detectMultiScale(self, view, **options):
        y, x = np.nonzero(view == view.max())
        # Only to the left half, as the real one sees profiles to one side only; of nothing, as an empty tuple.
        if not self.asked or (self.file == PROFILE and x.mean() > view.shape[1] / 2):
            return ()
        return np.array([[x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1]], np.int32)


@pytest.fixture
def detector(monkeypatch):
    monkeypatch.setattr(cv2, "CascadeClassifier", Detector, raising=False)
    monkeypatch.setattr(cv2.data, "haarcascades", "", raising=False)
    return lambda file: monkeypatch.setattr(Detector, "file", file)


def picture(left: int, top: int, times: int = 1) -> np.ndarray:
    """Dark, with a bright box of 12 × 10 pixels, (48, 64, 3), each `times` as large."""
    bright = (left <= X) & (left + 12 > X) & (top <= Y) & (top + 10 > Y)
    image = np.where(bright, 255, 20).astype(np.uint8)[..., None].repeat(3, axis=2)
    return np.kron(image, np.ones((times, times, 1), np.uint8))


@pytest.mark.parametrize("file", [FRONTAL, PROFILE])
@pytest.mark.parametrize("left", [10, 40])  # for the profile, seen in the picture and in its mirror image
@pytest.mark.parametrize("times", [1, 20])  # found in the picture, and in a reduced copy of one of 1280 pixels
def test_an_ellipse_around_the_face(detector, file, left, times):
    detector(file)
    labels = by_faces(picture(left, 20, times))
    assert labels.shape == (48 * times, 64 * times)
    y, x = np.mgrid[: 48 * times, : 64 * times] / times
    ellipse = ((x - left - 6) / (0.65 * 12)) ** 2 + ((y - 25) / (0.85 * 10)) ** 2 <= 1
    assert (ellipse & (labels == 1)).sum() > 0.9 * (ellipse | (labels == 1)).sum()
    assert labels[25 * times, (left + 6) * times] and not labels[0, 0]


def test_no_face(tmp_path, capfd, detector):
    detector("of something else")
    assert "no face found" in refused([saved(tmp_path, picture(10, 20)), "--by", "faces"], capfd, tmp_path)


def test_without_detectors_it_says_how_to_get_them(tmp_path, capfd, monkeypatch):
    monkeypatch.delattr(cv2, "CascadeClassifier", raising=False)
    line = refused([str(tmp_path / "not even looked for.png"), "--by", "faces"], capfd, tmp_path)
    assert "has no face detectors, expected version 4; get it with `.venv/bin/python -m pip install" in line


@pytest.mark.skipif(not hasattr(cv2, "CascadeClassifier"), reason="OpenCV 5 came without detectors")
def test_the_real_detectors_see_no_face_in_a_box():
    with pytest.raises(InputError, match="no face found"):
        by_faces(picture(10, 20))
