"""Whatever a file stores becomes RGB in [0, 255], upright."""

import struct
import unicodedata
import zlib

import cv2
import numpy as np
import pytest

from image_files import (
    CMYK_JPEG,
    GIF,
    STORED,
    encoded,
    exif,
    jpeg_with,
    png,
    png_chunk,
    png_of,
    read_bytes,
    tiff,
    webp_with,
)
from vgg.tools.image import read_image

# Colours and transparency.


@pytest.mark.parametrize("ending", [".png", ".webp", ".tif", ".bmp"])
def test_colours_come_in_rgb_order(tmp_path, ending):
    options = (cv2.IMWRITE_WEBP_QUALITY, 101) if ending == ".webp" else ()
    np.testing.assert_array_equal(read_bytes(tmp_path, encoded(ending, STORED, *options)), STORED)


def test_grey_becomes_rgb(tmp_path):
    grey = np.arange(16 * 24, dtype=np.uint8).reshape(16, 24)
    for data in (png_of(grey), tiff(grey), tiff(255 - grey, photometric=0)):
        np.testing.assert_array_equal(read_bytes(tmp_path, data), np.dstack([grey] * 3))


def test_16_bits_are_rounded_to_8(tmp_path):
    # 65535 is 255, so that a step is 257 wide; dropping the low byte would give 0 for 129.
    levels = np.array([[0, 128, 129, 25700, 25700 + 129, 65535]], np.uint16)
    expected = [[0, 0, 1, 100, 101, 255]]
    for data in (png_of(levels), tiff(levels), tiff(levels, ">"), png_of(np.dstack([levels] * 3))):
        np.testing.assert_array_equal(read_bytes(tmp_path, data)[..., 1], expected)


def test_transparency_is_laid_on_white(tmp_path):
    # 128/255 of red: 255, 255 − 128 = 127. A fifth of (100, 50, 0): 20 + 204, 10 + 204, 204.
    rgba = np.array([[[255, 0, 0, 128], [100, 50, 0, 51], [9, 9, 9, 0], [1, 2, 3, 255]]], np.uint8)
    expected = [[[255, 127, 127], [224, 214, 204], [255, 255, 255], [1, 2, 3]]]
    wide = rgba.astype(np.uint16) * 257
    for data in (png_of(rgba), png_of(wide), tiff(wide, extra=2)):
        np.testing.assert_array_equal(read_bytes(tmp_path, data), expected)
    # libtiff itself rounds colour × alpha first.
    assert np.abs(read_bytes(tmp_path, tiff(rgba, extra=2)).astype(int) - expected).max() <= 1


def test_premultiplied_tiff(tmp_path):
    rgba = np.array([[[128, 0, 0, 128], [20, 10, 0, 51], [0, 0, 0, 0], [1, 2, 3, 255]]], np.uint8)
    expected = [[[255, 127, 127], [224, 214, 204], [255, 255, 255], [1, 2, 3]]]
    for data in (tiff(rgba, extra=1), tiff(rgba.astype(np.uint16) * 257, extra=1)):
        np.testing.assert_array_equal(read_bytes(tmp_path, data), expected)


def test_grey_with_alpha(tmp_path):
    grey_alpha = np.array([[[100, 51], [7, 0], [7, 255]]], np.uint8)  # a fifth of 100 on white: 20 + 204
    for data in (png_of(grey_alpha), png_of(grey_alpha.astype(np.uint16) * 257)):
        np.testing.assert_array_equal(read_bytes(tmp_path, data)[0, :, 0], [224, 255, 7])


def test_palette(tmp_path):
    palette = (b"PLTE", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255]))
    rows = [bytes([0, 1, 2])]
    np.testing.assert_array_equal(
        read_bytes(tmp_path, png(rows, 3, 8, 3, palette)), [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
    )
    see_through = (b"tRNS", bytes([0, 51]))  # the first entry wholly, the second to four fifths
    np.testing.assert_array_equal(
        read_bytes(tmp_path, png(rows, 3, 8, 3, palette, see_through)), [[[255] * 3, [204, 255, 204], [0, 0, 255]]]
    )


@pytest.mark.parametrize(
    "row, depth, key, expected",
    [
        (bytes([10, 20, 30]), 8, 20, [10, 255, 30]),
        (bytes([0b00011000]), 2, 1, [0, 255, 170]),  # levels 0, 1, 2 of 0 … 3
        (struct.pack(">3H", 0, 257 * 9, 65535), 16, 257 * 9, [0, 255, 255]),
    ],
)
def test_grey_level_that_means_transparent(tmp_path, row, depth, key, expected):
    data = png([row], 3, depth, 0, (b"tRNS", struct.pack(">H", key)))
    np.testing.assert_array_equal(read_bytes(tmp_path, data)[0, :, 0], expected)


def test_cmyk(tmp_path):
    image = read_bytes(tmp_path, CMYK_JPEG).astype(int)
    assert np.abs(image[:, :6] - [255, 0, 0]).max() <= 4
    assert np.abs(image[:, 10:] - [163, 204, 204]).max() <= 4  # (1 − C)(1 − K): 0.8 · 0.8 · 255, 0.8 · 255
    cmyk = np.array([[[0, 255, 255, 0], [51, 0, 0, 51]]], np.uint8)
    image = read_bytes(tmp_path, tiff(cmyk, photometric=5)).astype(int)
    assert np.abs(image - [[[255, 0, 0], [163, 204, 204]]]).max() <= 1


def test_first_frame_of_a_gif(tmp_path):
    red, green, blue = [255, 0, 0], [0, 255, 0], [0, 0, 255]
    np.testing.assert_array_equal(read_bytes(tmp_path, GIF), [[red, green, blue], [blue, green, red]])


@pytest.mark.parametrize("name", ["with space.png", "Grüße 東京 🎨.png", "no_ending", "'quoted'.jpg"])
def test_any_file_name(tmp_path, name):
    path = tmp_path / unicodedata.normalize("NFC", name)
    path.write_bytes(png_of(STORED))
    np.testing.assert_array_equal(read_image(path), STORED)
    np.testing.assert_array_equal(read_image(str(path)), STORED)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1)])
def test_any_shape(tmp_path, shape):
    assert read_bytes(tmp_path, png_of(np.full((*shape, 3), 7, np.uint8))).shape == (*shape, 3)


# What a camera turned.


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
        "png, behind its pixels": png_of(STORED)[:-12]
        + png_chunk(b"eXIf", exif(orientation))
        + png_chunk(b"IEND", b""),
        "png, with a long text": png_of(
            STORED, (b"zTXt", b"a\0\0" + zlib.compress(bytes(2_000_000))), (b"eXIf", exif(orientation))
        ),
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
