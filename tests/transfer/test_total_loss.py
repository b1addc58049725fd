"""The whole objective, picture to loss and gradient, against a second VGG-19 in NumPy and SciPy, in float64.

The second one shares no code with the first: `scipy.ndimage` correlates, pools are means (or maxima) of slices, and the
gradient is a finite difference, which in float64 can be taken with a small step.
"""

from dataclasses import replace

import numpy as np
import pytest
import scipy.ndimage

from every_term import EVERYTHING
from transfer.losses import Losses
from transfer.objective.whole import Objective
from transfer.recipe.choices import Recipe
from transfer.recipe.ours import DEFAULT, GATYS2016
from vgg.matfile.read import Weights
from vgg.network import VGG19

RECIPES = {
    "everything": EVERYTHING,
    "maximum": replace(EVERYTHING, pooling="max"),
    "default": DEFAULT,
    "gatys2016": GATYS2016,
    "content only": replace(DEFAULT, style_layers=(), tv_weight=0.0),
    "style only": replace(GATYS2016, content_layers=()),
}


def correlate(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """(H, W, in) with (3, 3, in, out): plane by plane, zeros around the border."""
    pairs = [
        [scipy.ndimage.correlate(x[..., i], kernel[..., i, o], mode="constant") for i in range(x.shape[-1])]
        for o in range(kernel.shape[-1])
    ]
    return np.sum(pairs, axis=1).transpose(1, 2, 0)


def second_network(weights: Weights, image: np.ndarray, pooling: str) -> dict[str, np.ndarray]:
    """All maps, (H, W, channels) float64 by name, of an image (H, W, 3) in [0, 255]."""
    maps, x = {}, image.astype(np.float64) - weights.mean_rgb
    for block, convolutions in enumerate((2, 2, 4, 4, 4), start=1):
        for i in range(1, convolutions + 1):
            kernel, bias = (array.astype(np.float64) for array in weights.convolutions[f"conv{block}_{i}"])
            maps[f"conv{block}_{i}"] = correlate(x, kernel) + bias
            maps[f"relu{block}_{i}"] = x = np.clip(maps[f"conv{block}_{i}"], 0, None)
        windows = np.full((2 * -(-x.shape[0] // 2), 2 * -(-x.shape[1] // 2), x.shape[2]), np.nan)
        windows[: x.shape[0], : x.shape[1]] = x  # a window over the border counts what exists
        windows = np.stack([windows[i::2, j::2] for i in (0, 1) for j in (0, 1)])
        maps[f"pool{block}"] = x = (np.nanmean if pooling == "avg" else np.nanmax)(windows, axis=0)
    return maps


def second_total(weights: Weights, content, style, image, recipe: Recipe) -> Losses:
    """All that `Objective` gives but the gradient."""

    def loss(ours, target, layer_maps, factors):
        height, width, channels = layer_maps.shape
        size = channels**factors.channels * (height * width) ** factors.positions
        return factors.factor * size * np.sum(target**2) ** factors.target * np.sum((ours - target) ** 2)

    def gram(layer_maps):
        height, width, channels = layer_maps.shape
        return np.einsum("yxi,yxj->ij", layer_maps, layer_maps) * channels**recipe.gram_channels / (height * width)

    ours, of_content, of_style = (second_network(weights, each, recipe.pooling) for each in (image, content, style))
    contents = [
        recipe.content_weight * weight * loss(ours[name], of_content[name], ours[name], recipe.content_loss)
        for name, weight in recipe.content_layers
    ]
    styles = [
        recipe.style_weight * weight * loss(gram(ours[name]), gram(of_style[name]), ours[name], recipe.style_loss)
        for name, weight in recipe.style_layers
    ]
    factors, variation = recipe.tv_loss, 0.0
    for axis in (0, 1):
        steps = np.abs(np.diff(image.astype(np.float64), axis=axis))
        variation += factors.factor * np.sum(steps**factors.power) * float(steps.size) ** factors.count
    terms = (sum(contents), sum(styles), recipe.tv_weight * variation)
    return Losses(*terms, sum(terms), (*contents, *styles))


@pytest.fixture
def pictures(image) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Content, style (of another size) and a generated image of the content's size, not in whole numbers."""
    rng = np.random.default_rng(2)
    style = rng.integers(0, 256, (29, 34, 3), dtype=np.uint8)
    return image, style, rng.uniform(0, 255, image.shape).astype(np.float32)


@pytest.mark.parametrize("name", RECIPES)
def test_every_term(weights, pictures, name):
    content, style, generated = pictures
    losses, _ = Objective(VGG19(weights, RECIPES[name].pooling), content, style, RECIPES[name])(generated)
    expected = second_total(weights, content, style, generated, RECIPES[name])
    np.testing.assert_allclose(losses[:4], expected[:4], rtol=1e-4)
    np.testing.assert_allclose(losses.layers, expected.layers, rtol=1e-4)
    assert expected.total > 0


@pytest.mark.parametrize("name", RECIPES)
def test_gradient_against_finite_differences(weights, pictures, name):
    content, style, generated = pictures
    _, gradient = Objective(VGG19(weights, RECIPES[name].pooling), content, style, RECIPES[name])(generated)
    rng = np.random.default_rng(3)
    # Two random directions see every pixel; the corner and the odd border are where padding would go wrong.
    directions = [*rng.normal(size=(2, *generated.shape)), *(np.zeros(generated.shape) for _ in range(3))]
    directions[2][0, 0, 0] = directions[3][36, 44, 2] = directions[4][18, 44, 1] = 1
    step = 1e-4  # of a pixel level: small against the distance to the next kink, large against float64's rounding
    for direction in directions:
        after, before = (
            second_total(weights, content, style, generated + sign * step * direction, RECIPES[name]).total
            for sign in (1, -1)
        )
        expected = (after - before) / (2 * step)
        largest = np.abs(gradient * direction).max()  # a sum over all pixels cancels down to less than its terms
        np.testing.assert_allclose(np.sum(gradient * direction), expected, rtol=1e-3, atol=1e-3 * largest)


def test_nothing_to_lose_at_the_content_image(weights, image):
    """Content and style of the image itself: both losses are 0 there, and what is left is its own variation."""
    losses, _ = Objective(VGG19(weights, "avg"), image, image, DEFAULT)(image.astype(np.float32))
    np.testing.assert_allclose(losses[:2], 0, atol=1e-9)
    assert losses.total == losses.tv > 0
