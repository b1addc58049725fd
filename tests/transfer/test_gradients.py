"""Gradients found by TensorFlow against closed forms: the paper's (Eq. 2 and 6), and ours for every recipe's factors.

Here matrices stand as in the paper, N × M (channels × positions), and in float64; maps are (1, H, W, N). The forms for
any recipe are, with k the factor before Σ and g the one before F Fᵀ:

    content   2 k w (F − P)      style   4 k g (G − A) F

times 1 or 0 for F after a ReLU, when the gradient is the one before it. w is 1 but for content with weights.
"""

import numpy as np
import pytest
import tensorflow as tf

from transfer.losses import ContentTerm, StyleTerm, Target, Term, WeightedContentTerm, total_loss
from transfer.other_programs import RECIPES
from transfer.recipes import GATYS2016_LITERAL, LossScale, Recipe
from transfer.targets import with_weights
from vgg.statistics import gram_matrix

# Neither square, nor as many channels as positions in any direction, so that no mix-up of N, M, H and W passes.
HEIGHT, WIDTH, CHANNELS = 4, 6, 5
DISTANCE = 700.0  # of the other picture, for recipes that ask for it: no constant of the formulas is near


def random_maps(seed: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Maps before the ReLU: about half are negative."""
    return np.random.default_rng(seed).normal(0, 2, (1, height, width, CHANNELS)).astype(np.float32)


def activate(maps, layer: str = "relu"):
    """What the layer's name says is looked at: the maps after their ReLU, or as they are."""
    return tf.nn.relu(maps) if layer.startswith("relu") else tf.convert_to_tensor(maps)


def paper_matrix(maps: np.ndarray, layer: str = "relu") -> np.ndarray:
    """The N × M matrix F of the paper, after the ReLU if `layer` is one."""
    rows = np.stack([maps[0, :, :, i].ravel() for i in range(maps.shape[-1])]).astype(np.float64)
    return np.maximum(rows, 0) if layer.startswith("relu") else rows


def mask(f: np.ndarray, layer: str = "relu") -> np.ndarray:
    return np.where(f > 0, 1, 0) if layer.startswith("relu") else np.ones_like(f)


def content_term(recipe: Recipe, layer: str = "relu") -> ContentTerm:
    return ContentTerm(layer, recipe.content_loss, CHANNELS, HEIGHT * WIDTH)


def style_term(recipe: Recipe, layer: str = "relu") -> StyleTerm:
    return StyleTerm(layer, recipe.style_loss, CHANNELS, HEIGHT * WIDTH, recipe.gram_channels)


def content_target(content: np.ndarray, layer: str = "relu") -> Target:
    maps = activate(content, layer)
    return Target(maps, tf.reduce_sum(maps**2), tf.constant(DISTANCE))


def style_target(style: np.ndarray, recipe: Recipe, layer: str = "relu") -> Target:
    gram = gram_matrix(activate(style, layer), recipe.gram_channels)
    return Target(summary=gram, distance=tf.constant(DISTANCE))


def value_and_gradient(
    terms: list[Term], targets: list[Target], maps: np.ndarray, weights: tuple[float, ...] = (1.0, 1.0)
) -> tuple[float, np.ndarray]:
    """Total loss on the layer that is computed from `maps`, and its gradient there as the paper's N × M matrix."""
    x = tf.constant(maps)
    with tf.GradientTape() as tape:
        tape.watch(x)
        by_name = {term.name: target for term, target in zip(terms, targets, strict=True)}
        statistics = {term.name: term.statistic(activate(x, term.layer), by_name[term.name]) for term in terms}
        each_weight = {term.name: weight for term, weight in zip(terms, weights, strict=False)}
        value = total_loss(terms, statistics, by_name, each_weight).total
    return float(value), tape.gradient(value, x)[0].numpy().reshape(-1, maps.shape[-1]).T


def assert_same(gradient: np.ndarray, expected: np.ndarray) -> None:
    """To single precision, measured by the largest entry: small ones are differences of large terms."""
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=2e-6 * np.abs(expected).max())


def k(scale: LossScale, target: np.ndarray, positions: int) -> float:
    """The factor before Σ; the target has as many rows as there are channels."""
    powers = float(len(target)) ** scale.channels * float(positions) ** scale.positions
    return scale.factor * powers * np.sum(target**2) ** scale.target * DISTANCE**scale.distance


def content_gradient(recipe: Recipe, f: np.ndarray, p: np.ndarray) -> np.ndarray:
    return 2 * k(recipe.content_loss, p, f.shape[1]) * (f - p)


def style_gradient(recipe: Recipe, f: np.ndarray, s: np.ndarray) -> np.ndarray:
    """`s` may have another number of positions."""
    n, m = f.shape
    factor, of_style = n**recipe.gram_channels / m, n**recipe.gram_channels / s.shape[1]
    a = of_style * s @ s.T
    return 4 * k(recipe.style_loss, a, m) * factor * (factor * f @ f.T - a) @ f


def test_equations_1_and_2_as_printed():
    generated, content = random_maps(0), random_maps(1)
    value, gradient = value_and_gradient([content_term(GATYS2016_LITERAL)], [content_target(content)], generated)
    f, p = paper_matrix(generated), paper_matrix(content)
    np.testing.assert_allclose(value, 0.5 * np.sum((f - p) ** 2), rtol=1e-5)
    assert_same(gradient, np.where(f > 0, f - p, 0))
    assert np.any((f == 0) & (p > 0)), "or the mask would not show"


def test_equations_4_and_6_as_printed():
    generated, style = random_maps(0), random_maps(1)
    recipe = GATYS2016_LITERAL
    value, gradient = value_and_gradient([style_term(recipe)], [style_target(style, recipe)], generated)
    f, s = paper_matrix(generated), paper_matrix(style)
    n, m = f.shape
    g, a = f @ f.T, s @ s.T
    np.testing.assert_allclose(value, np.sum((g - a) ** 2) / (4 * n**2 * m**2), rtol=1e-5)
    equation_6 = (f.T @ (g - a)).T / (n**2 * m**2)
    assert_same(gradient, np.where(f > 0, equation_6, 0))
    assert np.abs(equation_6[f > 0]).min() > 0


def test_equation_7_as_printed():
    """α ∂L_content + β Σ w ∂E as the paper's letter has them; one layer is content and style layer at once."""
    generated, content, style = random_maps(0), random_maps(1), random_maps(2)
    recipe = GATYS2016_LITERAL
    terms, targets = [content_term(recipe), style_term(recipe)], [content_target(content), style_target(style, recipe)]
    _, gradient = value_and_gradient(terms, targets, generated, (3.0, 70.0 * 0.2))
    f, p, s = paper_matrix(generated), paper_matrix(content), paper_matrix(style)
    n, m = f.shape
    expected = 3 * (f - p) + 70 * 0.2 * (f.T @ (f @ f.T - s @ s.T)).T / (n**2 * m**2)
    assert_same(gradient, np.where(f > 0, expected, 0))


@pytest.mark.parametrize("name", RECIPES)
def test_content_gradient_of_every_recipe(name):
    recipe, generated, content = RECIPES[name], random_maps(0), random_maps(1)
    for layer, _ in recipe.content_layers:
        term, target = content_term(recipe, layer), content_target(content, layer)
        _, gradient = value_and_gradient([term], [target], generated)
        f, p = paper_matrix(generated, layer), paper_matrix(content, layer)
        assert_same(gradient, content_gradient(recipe, f, p) * mask(f, layer))


@pytest.mark.parametrize("name", RECIPES)
def test_content_gradient_with_weights_of_positions(name):
    """Value and gradient; a column of the paper's matrix is a position, so each is multiplied by its weight."""
    recipe, generated, content = RECIPES[name], random_maps(0), random_maps(1)
    weights = np.random.default_rng(2).uniform(0, 30, (HEIGHT, WIDTH)).astype(np.float32)
    plain, target = content_term(recipe), content_target(content)
    term = WeightedContentTerm(plain.layer, plain.scale, plain.channel_count, plain.position_count)
    target = target._replace(maps=with_weights(target.maps.numpy(), weights))
    value, gradient = value_and_gradient([term], [target], generated)
    f, p = paper_matrix(generated), paper_matrix(content)
    factor = k(recipe.content_loss, p, f.shape[1])
    np.testing.assert_allclose(value, factor * np.sum(weights.ravel() * (f - p) ** 2), rtol=1e-5)
    assert_same(gradient, 2 * factor * weights.ravel() * (f - p) * mask(f))


@pytest.mark.parametrize("height", [HEIGHT, 7], ids=["same size", "other size"])
@pytest.mark.parametrize("name", RECIPES)
def test_style_gradient_of_every_recipe(name, height):
    recipe, generated, style = RECIPES[name], random_maps(0), random_maps(1, height)
    for layer, _ in recipe.style_layers:
        term, target = style_term(recipe, layer), style_target(style, recipe, layer)
        _, gradient = value_and_gradient([term], [target], generated)
        f, s = paper_matrix(generated, layer), paper_matrix(style, layer)
        assert_same(gradient, style_gradient(recipe, f, s) * mask(f, layer))


@pytest.mark.parametrize("name", RECIPES)
def test_a_layer_of_both_kinds_with_every_recipes_factors(name):
    """The gradient of a sum is the sum of the gradients, each with its weight."""
    recipe, generated, content, style = RECIPES[name], random_maps(0), random_maps(1), random_maps(2)
    terms, targets = [content_term(recipe), style_term(recipe)], [content_target(content), style_target(style, recipe)]
    _, gradient = value_and_gradient(terms, targets, generated, (0.3, 0.4))
    f, p, s = (paper_matrix(each) for each in (generated, content, style))
    expected = 0.3 * content_gradient(recipe, f, p) + 0.4 * style_gradient(recipe, f, s)
    assert_same(gradient, expected * mask(f))
