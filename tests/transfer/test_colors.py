"""Whose colours: means and covariances by NumPy, and the content's chroma after any run."""

import numpy as np
import pytest

from transfer.colors import luminance, matched, prepared, restored, square_root
from transfer.files import Files
from transfer.inputs import Images

RNG = np.random.default_rng(5)
CONTENT = np.clip(RNG.normal((180, 90, 40), (30, 15, 5), (40, 30, 3)), 0, 255).astype(np.uint8)
STYLE = np.clip(RNG.normal((60, 120, 160), (20, 60, 40), (50, 36, 3)) @ np.array(
    [[1, 0.2, 0], [0, 0.8, 0.1], [0.3, 0, 1]]), 0, 255).astype(np.uint8)  # fmt: skip


def images(content=CONTENT, style=STYLE) -> Images:
    return Images(content, (style,), content, Files("c.png", "s.png"))


@pytest.mark.parametrize("colors", ["match", "match-cholesky"])
def test_the_style_gets_mean_and_covariance_of_the_content(colors):
    found = prepared(images(), colors)
    style = found.style_image.reshape(-1, 3).astype(np.float64)
    wanted = CONTENT.reshape(-1, 3).astype(np.float64)
    np.testing.assert_allclose(style.mean(axis=0), wanted.mean(axis=0), rtol=1e-5)
    covariance = np.cov(wanted.T)
    np.testing.assert_allclose(np.cov(style.T), covariance, atol=1e-3 * np.abs(covariance).max())
    assert found.content_image is CONTENT


def test_the_two_roots_are_different_transforms_of_the_same_pixels():
    by_root, by_cholesky = (prepared(images(), colors).style_image for colors in ("match", "match-cholesky"))
    assert np.abs(by_root - by_cholesky).mean() > 1
    # Cholesky's transform is triangular: the new red depends on the old red alone.
    order = np.argsort(STYLE[..., 0].reshape(-1), kind="stable")
    assert (np.diff(by_cholesky[..., 0].reshape(-1)[order]) >= -1e-3).all()
    assert not (np.diff(by_root[..., 0].reshape(-1)[order]) >= -1e-3).all()


def test_a_square_root_is_symmetric_and_its_square_is_the_covariance():
    covariance = np.cov(STYLE.reshape(-1, 3).T)
    root = square_root(covariance)
    np.testing.assert_allclose(root, root.T, atol=1e-9)
    np.testing.assert_allclose(root @ root, covariance, rtol=1e-9)


def test_a_picture_matched_to_itself_stays_and_a_grey_one_can_be_matched():
    np.testing.assert_allclose(matched(CONTENT, CONTENT, square_root), CONTENT, atol=1e-2)
    grey = np.repeat(STYLE[..., :1], 3, axis=2)
    assert np.isfinite(prepared(images(style=grey), "match").style_image).all()
    assert np.isfinite(prepared(images(content=grey, style=CONTENT), "match-cholesky").style_image).all()


def test_for_luminance_the_network_sees_grey_with_matched_contrast():
    found = prepared(images(), "luminance")
    weights = np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(found.content_image, np.repeat((CONTENT @ weights)[..., None], 3, axis=2), rtol=1e-5)
    np.testing.assert_array_equal(found.init_image, found.content_image)
    for statistic in (np.mean, np.std):
        assert statistic(found.style_image) == pytest.approx(statistic(CONTENT @ weights), rel=1e-4)
    assert np.corrcoef(found.style_image[..., 0].ravel(), (STYLE @ weights).ravel())[0, 1] == pytest.approx(1)


def test_the_contents_chroma_comes_back_exactly():
    """Of YIQ, I and Q: whatever the run did. Y is the run's wherever all three colours can have it."""
    image = RNG.uniform(0, 255, CONTENT.shape).astype(np.float32)
    result = restored(image, CONTENT, "luminance")
    yiq = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
    wanted, found, ran = (picture.astype(np.float64) @ yiq.T for picture in (CONTENT, result, image))
    np.testing.assert_allclose(found[..., 1:], wanted[..., 1:], atol=1e-3)
    inside = (result > 0).all(axis=2) & (result < 255).all(axis=2)
    assert inside.mean() > 0.2
    np.testing.assert_allclose(found[inside, 0], ran[inside, 0], atol=1e-3)
    assert result.min() >= 0 and result.max() <= 255
    assert luminance(result).max() > luminance(CONTENT).max()


def test_with_the_styles_colours_nothing_changes():
    assert prepared(images(), "style").style_image is STYLE
    image = np.zeros((2, 2, 3), np.float32)
    assert restored(image, CONTENT[:2, :2], "match") is restored(image, CONTENT[:2, :2], "style") is image


def test_coarse_colours_are_the_contents_over_large_areas_and_the_results_in_strokes():
    """A result of red and green stripes before a content that is blue on the left and grey on the right."""
    content = np.full((60, 200, 3), 120, np.uint8)
    content[:, :100] = 90, 120, 210
    result = np.full((60, 200, 3), 100, np.float32)
    result[::4, :, 0], result[2::4, :, 1] = 160, 130
    found = restored(result, content, "coarse")
    np.testing.assert_allclose(luminance(found), luminance(result), atol=1e-3)
    for half in (np.s_[10:50, :70], np.s_[10:50, 130:]):
        means = [part.mean(axis=(0, 1)) for part in (found[half], np.float32(content[half]))]
        chroma = [mean - luminance(mean) for mean in means]
        np.testing.assert_allclose(*chroma, atol=2)
        np.testing.assert_allclose(np.diff(found[half], axis=0), np.diff(result[half], axis=0), atol=2)
    assert prepared(images(), "coarse").style_image is STYLE
