"""What one can see through: colours continued for the network, white behind it for who looks, alpha in the result."""

import io

import numpy as np
import PIL.Image
import pytest

from image_files import STORED, png_of, tiff
from vgg.tools.image import encode, read_image, read_picture
from vgg.tools.transparency import continued, on_white

RED, BLUE = [200, 20, 10], [10, 30, 220]


def columns(*colors: list[int], width: int = 20) -> np.ndarray:
    return np.uint8([colors]).repeat(32, axis=0).repeat(width, axis=1)


def test_one_colour_fills_everything_whatever_is_hidden():
    image, alpha = columns(RED, [255, 255, 255], [0, 255, 0]), columns([255], [0], [0])[..., 0]
    filled = continued(image, alpha)
    assert (filled.dtype, filled.shape) == (np.uint8, image.shape)
    assert np.abs(filled.astype(int) - RED).max() <= 1


def test_colours_go_over_into_each_other_and_visible_pixels_stay():
    noise = np.random.default_rng(0).integers(-9, 10, (32, 1, 1))
    image = (columns(RED, [255] * 3, [255] * 3, BLUE).astype(int) + noise).clip(0, 255).astype(np.uint8)
    alpha = columns([255], [0], [0], [64])[..., 0]
    filled = continued(image, alpha)
    np.testing.assert_array_equal(filled[:, :20], image[:, :20])
    assert np.abs(filled[:, 60:].astype(int) - image[:, 60:]).max() <= 1, "an alpha of a quarter is enough"
    levels = filled[:, 20:60].mean(axis=0)
    assert np.all(np.diff(levels[:, 0]) <= 0.5) and np.all(np.diff(levels[:, 2]) >= -0.5)
    assert np.abs(levels[0] - RED).max() < 30 and np.abs(levels[-1] - BLUE).max() < 30
    assert levels.max() <= 230, "no white anywhere"


def test_large_pictures_and_those_without_a_visible_pixel():
    image, alpha = np.full((40, 1500, 3), 255, np.uint8), np.zeros((40, 1500), np.uint8)
    np.testing.assert_array_equal(continued(image // 2, alpha), image)
    image[:, 700:800], alpha[:, 700:800] = RED, 255
    assert np.abs(continued(image, alpha).astype(int) - RED).max() <= 2
    assert continued(image[:1, :1], alpha[:1, :1]).tolist() == [[[255, 255, 255]]]


def test_on_white():
    image, alpha = np.uint8([[RED, RED, RED, [0, 0, 0]]]), np.uint8([[255, 0, 51, 128]])
    expected = [[RED, [255, 255, 255], [244, 208, 206], [127, 127, 127]]]  # a fifth: 40 + 204, 4 + 204, 2 + 204
    np.testing.assert_array_equal(on_white(image, alpha), expected)
    levels = on_white(image.astype(np.float32), alpha)
    assert levels.dtype == np.float32
    np.testing.assert_allclose(levels, expected, atol=0.5)


def test_all_kinds_of_files_give_the_same_image_and_alpha(tmp_path):
    straight = np.dstack([STORED // 17 * 17, np.zeros((16, 24), np.uint8)])
    straight[:, :8, 3], straight[:, 8:16, 3] = 255, 51
    premultiplied = straight.copy()
    premultiplied[..., :3] = straight[..., :3] * (straight[..., 3:] / 255)  # a fifth of a multiple of 17 is within ½
    images = []
    for data in (
        png_of(straight),
        png_of(straight.astype(np.uint16) * 257),
        tiff(straight, extra=2),
        tiff(straight.astype(np.uint16) * 257, extra=2),
        tiff(premultiplied, extra=1),
        encode(straight, ".webp"),
    ):
        (tmp_path / "picture").write_bytes(data)
        picture = read_picture(tmp_path / "picture")
        np.testing.assert_array_equal(picture.alpha, straight[..., 3])
        images.append(picture.image.astype(int))
        np.testing.assert_array_equal(picture.image[:, :8], straight[:, :8, :3])
    for image in images:
        assert np.abs(image - images[0]).max() <= 5


def test_what_is_opaque_has_no_alpha(tmp_path):
    for pixels in (STORED, np.dstack([STORED, np.full((16, 24), 255, np.uint8)])):
        (tmp_path / "a.png").write_bytes(png_of(pixels))
        picture = read_picture(tmp_path / "a.png")
        assert picture.alpha is None
        np.testing.assert_array_equal(picture.image, STORED)


@pytest.mark.parametrize("ending, depth", [(".png", 8), (".webp", 8), (".tif", 8), (".png", 16), (".tiff", 16)])
def test_alpha_is_written_as_pillow_reads_it(tmp_path, ending, depth):
    alpha = np.linspace(0, 255, 16 * 24).round().reshape(16, 24).astype(np.uint8)
    data = encode(np.dstack([STORED, alpha]), ending, depth)
    (tmp_path / "a").write_bytes(data)
    picture = read_picture(tmp_path / "a")
    np.testing.assert_array_equal(picture.alpha, alpha)
    if ending.startswith(".tif"):
        tags = PIL.TiffImagePlugin.TiffImageFile(io.BytesIO(data)).tag_v2 if depth == 8 else None
        assert tags is None or tags[338] == (2,), "alpha that the colours are not multiplied by"
    if depth == 8:
        with PIL.Image.open(io.BytesIO(data)) as opened:
            seen = np.asarray(opened)
        assert opened.mode == "RGBA"
        np.testing.assert_array_equal(seen[..., 3], alpha)
        np.testing.assert_array_equal(seen[alpha > 0][:, :3], STORED[alpha > 0])
    np.testing.assert_allclose(read_image(tmp_path / "a"), on_white(STORED, alpha), atol=2)
