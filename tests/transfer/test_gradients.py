"""Gradients found by TensorFlow against closed forms: the paper's (Eq. 2 and 6), and ours for every recipe's factors.

Here matrices stand as in the paper, N × M (channels × positions), and in float64; maps are (1, H, W, N). The forms for
any recipe are, with k the factor before Σ and g the one before F Fᵀ:

    content   2 k (F − P)        style   4 k g (G − A) F

times 1 or 0 for F after a ReLU, when the gradient is the one before it.
"""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from transfer.losses import content_loss, gram_matrix, style_layer_loss, total_loss
from transfer.recipe.choices import PRINTED_CONTENT, PRINTED_STYLE, Normalization, Recipe
from transfer.recipe.ours import DEFAULT, GATYS2016_LITERAL, RECIPES

# Neither square, nor as many channels as positions in any direction, so that no mix-up of N, M, H and W passes.
HEIGHT, WIDTH, CHANNELS = 4, 6, 5


def random_maps(seed: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Maps before the ReLU: about half are negative."""
    return np.random.default_rng(seed).normal(0, 2, (1, height, width, CHANNELS)).astype(np.float32)


def activate(maps, layer: str = "relu"):
    """What the layer's name says is looked at: the maps after their ReLU, or as they are."""
    return tf.nn.relu(maps) if layer.startswith("relu") else tf.constant(maps)


def paper_matrix(maps: np.ndarray, layer: str = "relu") -> np.ndarray:
    """The N × M matrix F of the paper, after the ReLU if `layer` is one."""
    rows = np.stack([maps[0, :, :, i].ravel() for i in range(maps.shape[-1])]).astype(np.float64)
    return np.maximum(rows, 0) if layer.startswith("relu") else rows


def mask(f: np.ndarray, layer: str = "relu") -> np.ndarray:
    return np.where(f > 0, 1, 0) if layer.startswith("relu") else np.ones_like(f)


def value_and_gradient(loss, maps: np.ndarray, layer: str = "relu") -> tuple[float, np.ndarray]:
    """`loss` of the layer that is computed from `maps`, and its gradient there as the paper's N × M matrix."""
    x = tf.constant(maps)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(tf.nn.relu(x) if layer.startswith("relu") else x)
    return float(value), tape.gradient(value, x)[0].numpy().reshape(-1, maps.shape[-1]).T


def assert_same(gradient: np.ndarray, expected: np.ndarray) -> None:
    """To single precision, measured by the largest entry: small ones are differences of large terms."""
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=2e-6 * np.abs(expected).max())


def k(normalization: Normalization, target: np.ndarray, positions: int) -> float:
    """The factor before Σ; the target has as many rows as there are channels."""
    powers = float(len(target)) ** normalization.channels * float(positions) ** normalization.positions
    return normalization.factor * powers * np.sum(target**2) ** normalization.target


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
    target = activate(content)
    value, gradient = value_and_gradient(lambda maps: content_loss(maps, target, PRINTED_CONTENT), generated)
    f, p = paper_matrix(generated), paper_matrix(content)
    np.testing.assert_allclose(value, 0.5 * np.sum((f - p) ** 2), rtol=1e-5)
    assert_same(gradient, np.where(f > 0, f - p, 0))
    assert np.any((f == 0) & (p > 0)), "or the mask would not show"


def test_equations_4_and_6_as_printed():
    generated, style = random_maps(0), random_maps(1)
    target = gram_matrix(activate(style))

    def loss(maps):
        return style_layer_loss(gram_matrix(maps), target, HEIGHT * WIDTH, PRINTED_STYLE)

    value, gradient = value_and_gradient(loss, generated)
    f, s = paper_matrix(generated), paper_matrix(style)
    n, m = f.shape
    g, a = f @ f.T, s @ s.T
    np.testing.assert_allclose(value, np.sum((g - a) ** 2) / (4 * n**2 * m**2), rtol=1e-5)
    equation_6 = (f.T @ (g - a)).T / (n**2 * m**2)
    assert_same(gradient, np.where(f > 0, equation_6, 0))
    assert np.abs(equation_6[f > 0]).min() > 0


def test_equation_7_as_printed():
    """α ∂L_content + β Σ w ∂E with the recipe of the paper's letter; one layer is content and style layer at once."""
    generated, content, style = random_maps(0), random_maps(1), random_maps(2)
    layers = {"content_layers": (("relu4_2", 1.0),), "style_layers": (("relu4_2", 0.2),)}
    recipe = dataclasses.replace(GATYS2016_LITERAL, content_weight=3.0, style_weight=70.0, **layers)
    targets = {("content", "relu4_2"): activate(content), ("style", "relu4_2"): gram_matrix(activate(style))}
    image = tf.zeros((1, 16, 16, 3))
    _, gradient = value_and_gradient(
        lambda maps: total_loss({"relu4_2": maps}, targets, image, recipe).total, generated
    )
    f, p, s = paper_matrix(generated), paper_matrix(content), paper_matrix(style)
    n, m = f.shape
    expected = 3 * (f - p) + 70 * 0.2 * (f.T @ (f @ f.T - s @ s.T)).T / (n**2 * m**2)
    assert_same(gradient, np.where(f > 0, expected, 0))


@pytest.mark.parametrize("name", RECIPES)
def test_content_gradient_of_every_recipe(name):
    recipe, generated, content = RECIPES[name], random_maps(0), random_maps(1)
    for layer, _ in recipe.content_layers:
        target = activate(content, layer)

        def loss(maps, target=target):
            return content_loss(maps, target, recipe.content_loss)

        _, gradient = value_and_gradient(loss, generated, layer)
        f, p = paper_matrix(generated, layer), paper_matrix(content, layer)
        assert_same(gradient, content_gradient(recipe, f, p) * mask(f, layer))


@pytest.mark.parametrize("height", [HEIGHT, 7], ids=["same size", "other size"])
@pytest.mark.parametrize("name", RECIPES)
def test_style_gradient_of_every_recipe(name, height):
    recipe, generated, style = RECIPES[name], random_maps(0), random_maps(1, height)
    for layer, _ in recipe.style_layers:
        target = gram_matrix(activate(style, layer), recipe.gram_channels)

        def loss(maps, target=target):
            gram = gram_matrix(maps, recipe.gram_channels)
            return style_layer_loss(gram, target, HEIGHT * WIDTH, recipe.style_loss)

        _, gradient = value_and_gradient(loss, generated, layer)
        f, s = paper_matrix(generated, layer), paper_matrix(style, layer)
        assert_same(gradient, style_gradient(recipe, f, s) * mask(f, layer))


def tv_gradient(recipe: Recipe, image: np.ndarray) -> np.ndarray:
    """Of factor · Σ |d|^power · n^count: each step pulls at the two pixels it lies between."""
    variation, gradient = recipe.tv_loss, np.zeros(image.shape)
    for axis in (0, 1):
        d = np.diff(image, axis=axis)
        pull = variation.power * np.abs(d) ** (variation.power - 1) * np.sign(d) * float(d.size) ** variation.count
        before, after = [(0, 0)] * 3, [(0, 0)] * 3
        before[axis], after[axis] = (1, 0), (0, 1)
        gradient += variation.factor * (np.pad(pull, before) - np.pad(pull, after))
    return recipe.tv_weight * gradient


@pytest.mark.parametrize("name", [*RECIPES, "one layer for both"])
def test_total_gradient_of_every_recipe(name):
    """With respect to every layer's maps, each weighted as in Eq. 5 and 7, and to the pixels that only TV sees here."""
    both = {"content_layers": (("relu3_1", 0.3),), "style_layers": (("relu3_1", 0.4), ("relu1_1", 0.1))}
    recipe = RECIPES[name] if name in RECIPES else dataclasses.replace(DEFAULT, **both)
    contents, styles = dict(recipe.content_layers), dict(recipe.style_layers)
    generated = {layer: random_maps(10 + i) for i, layer in enumerate(contents | styles)}
    content, style = random_maps(1), random_maps(2)
    targets = {("content", layer): activate(content, layer) for layer in contents}
    targets |= {("style", layer): gram_matrix(activate(style, layer), recipe.gram_channels) for layer in styles}
    image = np.random.default_rng(3).uniform(0, 255, (1, 6, 7, 3)).astype(np.float32)
    sources = {layer: tf.constant(maps) for layer, maps in generated.items()} | {"image": tf.constant(image)}
    with tf.GradientTape() as tape:
        tape.watch(sources)
        maps = {layer: tf.nn.relu(sources[layer]) if "relu" in layer else sources[layer] for layer in generated}
        total = total_loss(maps, targets, sources["image"], recipe).total
    gradients = tape.gradient(total, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    for layer, before in generated.items():
        f, p, s = (paper_matrix(each, layer) for each in (before, content, style))
        expected = recipe.content_weight * contents.get(layer, 0) * content_gradient(recipe, f, p)
        expected = expected + recipe.style_weight * styles.get(layer, 0) * style_gradient(recipe, f, s)
        assert_same(gradients[layer][0].numpy().reshape(-1, CHANNELS).T, expected * mask(f, layer))
    expected = tv_gradient(recipe, image[0].astype(np.float64))
    np.testing.assert_allclose(gradients["image"][0], expected, rtol=1e-4, atol=1e-6 * np.abs(expected).max())
    assert np.any(expected) == bool(recipe.tv_weight)
