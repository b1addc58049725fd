"""Regions of pictures drawn so that it is known where they are."""

import numpy as np
import pytest

from mask_command import DISC, STRIPES, X, Y, disc, noisy, stripes
from transfer.apps.masks import by_color, by_grabcut, by_luminance
from vgg.errors import InputError


def test_colors_are_found_to_the_pixel_and_numbered_from_dark_to_light():
    labels = by_color(stripes(), 3)
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, STRIPES)


def test_colors_of_one_luminance_are_told_apart_by_color():
    red, green = np.array([180, 60, 60]), np.array([60, 121, 60])  # 0.299 R + 0.587 G + 0.114 B is 95.9 and 95.8
    labels = by_color(noisy(np.where(X[..., None] < 32, red, green)), 2)
    np.testing.assert_array_equal(labels == labels[0, 0], X < 32)  # noise decides which is the darker one


def test_luminance_bands_follow_a_ramp_whatever_its_hue():
    ramp = 30 + 3.0 * X[..., None] + np.where(Y[..., None] < 24, (0, 0, 0), (30, -18, 14))
    labels = by_luminance(noisy(ramp), 4)
    np.testing.assert_array_equal(np.unique(labels), range(4))
    assert (np.diff(np.median(labels, axis=0)) >= 0).all()
    # Best are four bands of 16 columns. The second hue is off by 0.3 levels, and noise moves borders a little.
    assert np.abs(labels - X // 16.0).mean() < 0.1


def test_single_pixels_are_smoothed_away():
    image = stripes()
    image[5::9, 4::9] = 255 - image[5::9, 4::9]
    # Each wrong pixel stays one if only itself decides.
    assert (by_color(np.kron(image, np.ones((16, 16, 1), np.uint8)), 3)[8::16, 8::16] != STRIPES).mean() < 0.01


def test_a_large_picture_keeps_its_size_and_its_borders():
    large = np.kron(stripes(), np.ones((20, 20, 1), np.uint8))  # (960, 1280, 3), found at 384 × 512
    labels, expected = by_color(large, 3), np.kron(STRIPES, np.ones((20, 20), np.uint8))
    assert labels.shape == expected.shape
    assert (labels != expected).mean() < 0.005


@pytest.mark.parametrize("times", [1, 12])  # at its size, and reduced from 768 × 576
def test_grabcut_finds_the_disc(times):
    block = np.ones((times, times), np.uint8)
    image = np.kron(disc(), block[..., None])
    labels = by_grabcut(image, (10 * times, 5 * times, 40 * times, 38 * times))
    where = np.kron(DISC, block).astype(bool)
    assert (where & (labels == 1)).sum() > 0.95 * (where | (labels == 1)).sum()


def test_grabcut_leaves_what_is_outside_the_box():
    block = np.ones((40, 40), np.uint8)
    # Without the left end of the disc. The reduced copy has one pixel for 5 × 5: the box begins within one.
    left = 18 * 40 + 2
    labels = by_grabcut(np.kron(disc(), block[..., None]), (left, 5 * 40, 30 * 40, 38 * 40))
    inside = np.kron(DISC, block).astype(bool)
    inside[:, :left] = False
    assert not labels[:, :left].any()
    assert (inside & (labels == 1)).sum() > 0.9 * (inside | (labels == 1)).sum()


def test_random_numbers_begin_anew():
    noise = np.random.default_rng(6).integers(0, 256, (48, 64, 3), dtype=np.uint8)  # no two starts end alike
    first, again = by_color(noise, 8), by_color(noise, 8)
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((30, 5, 35, 10), "ends at 65,15, outside the picture of 64 × 48 pixels"),
        ((0, 40, 10, 9), "ends at 10,49, outside"),
        ((0, 0, 64, 48), "leaves nothing around it"),
    ],
)
def test_boxes_that_cannot_be(box, words):
    with pytest.raises(InputError, match=words):
        by_grabcut(disc(), box)


def test_a_box_that_vanishes_in_the_reduced_copy():
    with pytest.raises(InputError, match="too small"):
        by_grabcut(np.zeros((60, 6000, 3), np.uint8), (500, 20, 2, 2))


def test_nothing_stands_out_of_one_color():
    with pytest.raises(InputError, match="nothing in the box 10,5,40,38 stands out"):
        by_grabcut(np.full((48, 64, 3), 90, np.uint8), (10, 5, 40, 38))


@pytest.mark.parametrize("shape", [(48, 64), (1, 1)])
def test_fewer_regions_than_asked_for(shape):
    with pytest.raises(InputError, match="regions found: 1, expected 2; choose another picture such as one that"):
        by_color(np.full((*shape, 3), 90, np.uint8), 2)
    halves = np.where(X[..., None] < 32, np.uint8(0), np.full(3, 255, np.uint8))
    with pytest.raises(InputError, match=r"regions found: 2, expected 5; .* ask for fewer labels, 2 at most"):
        by_luminance(halves, 5)
