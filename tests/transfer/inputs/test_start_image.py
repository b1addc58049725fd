"""The image a run starts from: the noise's statistics, and the formula by which it is blended into a picture."""

import numpy as np
import pytest

from transfer.files import Files
from transfer.inputs import Images, start_image
from transfer.other_programs import RECIPES
from transfer.recipes import Noise

SHAPE = (60, 80, 3)  # 4800 values of each colour
MEAN_RGB = np.array([123.68, 116.779, 103.939], np.float32)
NORMAL, UNIFORM = Noise("normal", 7.0), Noise("uniform", 20.0)


def pictures_of(init: np.ndarray | None) -> Images:
    content = np.random.default_rng(9).integers(0, 256, SHAPE, dtype=np.uint8)
    return Images(content, (np.zeros((20, 30, 3), np.uint8),), init, Files("content", "style"))


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(8).integers(0, 256, SHAPE, dtype=np.uint8)


def noise_of(noise: Noise, seed: int = 0) -> np.ndarray:
    """What a start from noise alone has around the mean colour."""
    image = start_image(pictures_of(None), MEAN_RGB, seed, noise, 0.0)
    assert image.shape == SHAPE and image.dtype == np.float32
    return image.astype(np.float64) - MEAN_RGB


def test_normal_noise():
    """Bounds are five standard errors: σ/√n of the mean, σ/√(2n) of the spread; 1.92 % lie beyond 2.34 σ."""
    values = noise_of(NORMAL)
    count = values[..., 0].size
    assert np.abs(values.mean(axis=(0, 1))).max() < 5 * 7 / count**0.5
    assert np.abs(values.std(axis=(0, 1)) - 7).max() < 5 * 7 / (2 * count) ** 0.5
    assert np.mean(np.abs(values) > 2.34 * 7) == pytest.approx(0.0193, abs=0.006)
    assert np.abs(values).max() > 3.3 * 7, "no tail was cut off"


def test_uniform_noise():
    """From −20 to 20, as many in each tenth; the spread is 20/√3."""
    values = noise_of(UNIFORM)
    count = values[..., 0].size
    assert -20.0001 < values.min() < -19.9 and 19.9 < values.max() < 20.0001
    assert np.abs(values.mean(axis=(0, 1))).max() < 5 * 20 / (3 * count) ** 0.5
    shares = np.histogram(values, bins=10, range=(-20, 20))[0] / values.size
    np.testing.assert_allclose(shares, 0.1, atol=5 * (0.09 / values.size) ** 0.5)


@pytest.mark.parametrize("noise", [NORMAL, UNIFORM], ids=lambda noise: noise.kind)
def test_pixels_and_colours_have_noise_of_their_own(noise):
    values = noise_of(noise)
    neighbours = [(values[1:], values[:-1]), (values[:, 1:], values[:, :-1]), (values[..., 1:], values[..., :-1])]
    for ones, others in neighbours:
        assert abs(np.corrcoef(ones.ravel(), others.ravel())[0, 1]) < 5 / ones.size**0.5


@pytest.mark.parametrize("noise", [NORMAL, UNIFORM], ids=lambda noise: noise.kind)
def test_seed(noise):
    first, again, other = (noise_of(noise, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 5 / first.size**0.5


def test_a_picture_without_noise_is_the_start_itself(picture):
    image = start_image(pictures_of(picture), MEAN_RGB, 0, UNIFORM, 0.0)
    np.testing.assert_array_equal(image, picture)
    assert image.dtype == np.float32


@pytest.mark.parametrize("share", [0.25, 0.6, 1.0])
@pytest.mark.parametrize("noise", [NORMAL, UNIFORM], ids=lambda noise: noise.kind)
def test_blend(picture, noise, share):
    """(1 − share) · picture + share · noise, pixel by pixel, with the noise that the same seed gives alone."""
    image = start_image(pictures_of(picture), MEAN_RGB, 5, noise, share)
    expected = (1 - share) * picture + share * (MEAN_RGB + noise_of(noise, 5))
    np.testing.assert_allclose(image, expected, rtol=0, atol=1e-4)
    assert image.shape == SHAPE and image.dtype == np.float32


def test_start_of_the_coursera_notebook():
    """40 % of the content image and 60 % of uniform noise within ±20 of the mean colour: at most 12 levels of noise."""
    recipe, images = RECIPES["coursera"], pictures_of(None)
    images = Images(images.content_image, images.style_images, images.content_image, images.files)
    assert recipe.init == "content"
    image = start_image(images, MEAN_RGB, 0, recipe.noise, recipe.noise_share)
    left = image - 0.4 * images.content_image - 0.6 * MEAN_RGB
    assert 11.9 < np.abs(left).max() < 12.001 and left.std() == pytest.approx(12 / 3**0.5, rel=0.02)
    assert image.min() >= 0 and image.max() <= 255


@pytest.mark.parametrize("name", RECIPES)
def test_noise_of_every_recipe_stays_within_the_pixels_range(name):
    """The optimisers' bounds are 0 and 255; a start beyond them would not be the one that was drawn."""
    image = start_image(pictures_of(None), MEAN_RGB, 0, RECIPES[name].noise, 0.0)
    assert image.min() >= 0 and image.max() <= 255
