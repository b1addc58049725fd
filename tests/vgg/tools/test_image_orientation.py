"""A camera's rotation and mirroring, as Exif stores it in each format, is undone."""

import cv2
import numpy as np
import pytest

from image_files import STORED, encoded, exif, jpeg_with, png_of, read_bytes, tiff, webp_with


def upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """What Exif 2.3 asks the viewer to do with the stored picture."""
    return {
        1: stored,
        2: np.fliplr(stored),
        3: np.rot90(stored, 2),
        4: np.flipud(stored),
        5: stored.transpose(1, 0, 2),
        6: np.rot90(stored, -1),  # a quarter turn clockwise
        7: np.rot90(stored.transpose(1, 0, 2), 2),
        8: np.rot90(stored, 1),
    }[orientation]


def test_orientations_differ():
    pictures = [upright(STORED, orientation).tobytes() for orientation in range(1, 9)]
    assert len(set(pictures)) == 8


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", "<>")
def test_jpeg_is_turned_upright(tmp_path, orientation, order):
    full_colour = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    jpeg = encoded(".jpg", STORED, cv2.IMWRITE_JPEG_QUALITY, 100, *full_colour)
    image = read_bytes(tmp_path, jpeg_with(b"Exif\0\0" + exif(orientation, order), jpeg))
    np.testing.assert_allclose(image, upright(STORED, orientation), atol=3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_lossless_formats_are_turned_upright(tmp_path, orientation):
    files = {
        "png": png_of(STORED, (b"eXIf", exif(orientation))),
        "webp": webp_with(exif(orientation), STORED),
        "webp, prefixed": webp_with(b"Exif\0\0" + exif(orientation), STORED),
        "tiff": tiff(STORED, orientation=orientation),
        "tiff, big-endian": tiff(STORED, ">", orientation=orientation),
    }
    for name, data in files.items():
        np.testing.assert_array_equal(read_bytes(tmp_path, data), upright(STORED, orientation), err_msg=name)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_transparent_picture_is_turned_upright(tmp_path, orientation):
    alpha = np.zeros((16, 24, 1), np.uint8)
    alpha[:8] = 255
    on_white = STORED.copy()
    on_white[8:] = 255
    rgba = np.dstack([STORED, alpha])
    for data in (png_of(rgba, (b"eXIf", exif(orientation))), tiff(rgba, extra=2, orientation=orientation)):
        np.testing.assert_array_equal(read_bytes(tmp_path, data), upright(on_white, orientation))


@pytest.mark.parametrize(
    "damage", [exif(0), exif(9), b"", b"MM\0*", exif(6)[:20], b"junk" * 9, b"MM\0*\xff\xff\xff\xff"]
)
def test_damaged_exif_is_ignored(tmp_path, damage):
    np.testing.assert_array_equal(read_bytes(tmp_path, png_of(STORED, (b"eXIf", damage))), STORED)
