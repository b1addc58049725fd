"""A result at the content file's own size: edges stay edges, and the content's colours are put back sharp."""

import numpy as np
import pytest

from transfer.colors import luminance
from transfer.full_size import enlarged, full_size

RNG = np.random.default_rng(0)


def edge(pixels: int) -> np.ndarray:
    """Left dark, right light."""
    image = np.full((pixels, pixels, 3), 60, np.float32)
    image[:, pixels // 2 :] = (180, 190, 200)
    return image


def test_size_type_and_range():
    image = RNG.uniform(0, 255, (20, 31, 3)).astype(np.float32)
    large = enlarged(image, 77, 131)
    assert large.shape == (77, 131, 3) and large.dtype == np.float32
    assert large.min() >= 0 and large.max() <= 255
    np.testing.assert_allclose(enlarged(np.full_like(image, 100), 77, 131), 100, atol=1e-3)
    np.testing.assert_array_equal(enlarged(image.astype(np.uint8), 40, 62), enlarged(np.floor(image), 40, 62))


@pytest.mark.parametrize("factor", [2, 4, 7])
def test_an_edge_has_no_rings_and_stays_where_it_is(factor):
    small, large = edge(20), enlarged(edge(20), 20 * factor, 20 * factor)
    assert large.min() >= small.min() - 1e-3
    assert np.all(large.max(axis=(0, 1)) <= small.max(axis=(0, 1)) + 1e-3)
    assert np.all(np.diff(large[..., 0], axis=1) >= -0.01), "from dark to light and never back"
    np.testing.assert_allclose(large.mean(axis=(0, 1)), small.mean(axis=(0, 1)), atol=1)


def test_it_is_crisper_than_a_cubic():
    """Of an edge 4 times enlarged, the cubic filter of OpenCV (a = −0.75) has at most 30 % of its height a pixel."""
    large = enlarged(edge(20), 80, 80)[40, :, 0]
    assert np.diff(large).max() > 0.32 * 120


def test_each_axis_has_its_own_factor():
    """A picture on its side is enlarged as it would be upright."""
    image = RNG.uniform(0, 255, (20, 30, 3)).astype(np.float32)
    on_its_side = enlarged(image.swapaxes(0, 1).copy(), 60, 100)
    np.testing.assert_allclose(on_its_side.swapaxes(0, 1), enlarged(image, 100, 60), atol=0.01)


@pytest.mark.parametrize("colors", ["style", "match", "match-cholesky"])
def test_other_colours_are_the_results(colors):
    image, content = RNG.uniform(0, 255, (16, 16, 3)).astype(np.float32), np.zeros((40, 40, 3), np.uint8)
    np.testing.assert_array_equal(full_size(image, content, colors), enlarged(image, 40, 40))


def test_with_luminance_the_colours_are_those_of_each_pixel_of_the_file():
    """Red and green stripes one pixel wide, which the small content picture could not have."""
    content = np.full((64, 64, 3), 100, np.uint8)
    content[:, ::2, 0], content[:, 1::2, 1] = 140, 130
    painted = np.repeat(RNG.uniform(90, 150, (16, 16, 1)).astype(np.float32), 3, axis=2)
    found = full_size(painted, content, "luminance")
    chroma = [image - luminance(image)[..., None] for image in (found, content.astype(np.float32))]
    np.testing.assert_allclose(*chroma, atol=1e-3)
    np.testing.assert_allclose(luminance(found), luminance(enlarged(painted, 64, 64)), atol=1e-3)
