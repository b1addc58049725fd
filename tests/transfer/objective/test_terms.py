"""From a recipe to terms and targets, against the second network in NumPy."""

from dataclasses import replace

import numpy as np
import pytest

import numpy_network
from every_term import EVERYTHING
from objectives import objective_for
from transfer.losses import PIXELS, Target
from transfer.objective import layers_of, loss_of_zeros, terms_of
from transfer.recipes import DEFAULT, GATYS2016, LossScale
from transfer.targets import GRAIN
from vgg.network import VGG19

HEIGHT, WIDTH = 69, 43


@pytest.fixture
def pictures() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return tuple(rng.integers(0, 256, shape, np.uint8) for shape in ((HEIGHT, WIDTH, 3), (52, 75, 3)))


def test_a_term_for_each_layer_of_the_recipe(weights):
    weighted = terms_of(EVERYTHING, VGG19(weights, "avg"), HEIGHT, WIDTH)
    terms, each_weight = (
        {term.name: term for term in weighted},
        {term.name: weight for term, weight in weighted.items()},
    )
    layers = ["relu2_2", "conv4_2", "relu3_1"], ["relu1_1", "relu3_1", "pool3", "relu5_1"]
    names = [f"{kind} {layer}" for kind, of_kind in zip(("content", "style"), layers, strict=True) for layer in of_kind]
    assert list(terms) == [*names, "tv"]
    shares = dict(EVERYTHING.content_layers), dict(EVERYTHING.style_layers)
    for layer in layers[0]:
        assert each_weight[f"content {layer}"] == pytest.approx(0.9 * shares[0][layer])
    for layer in layers[1]:
        assert each_weight[f"style {layer}"] == pytest.approx(0.02 * shares[1][layer])
        assert terms[f"style {layer}"].gram_power == -0.5
    assert (terms["tv"].height, terms["tv"].width, each_weight["tv"]) == (HEIGHT, WIDTH, 1e-3)
    maps = numpy_network.forward(np.zeros((HEIGHT, WIDTH, 3)), weights, "avg")
    for term in terms.values():
        if term.layer != PIXELS:
            rows, columns, channels = maps[term.layer].shape
            assert (term.channel_count, term.position_count) == (channels, rows * columns)


def test_positions_when_odd_sides_are_rounded_down(weights):
    terms = list(terms_of(GATYS2016, VGG19(weights, "avg", odd_sides="down"), HEIGHT, WIDTH))
    assert [term.position_count for term in terms[1:]] == [69 * 43, 34 * 21, 17 * 10, 8 * 5, 4 * 2]


def test_no_variation_where_it_has_no_weight_and_each_layer_once(weights):
    network = VGG19(weights, "avg")
    assert [term.group for term in terms_of(GATYS2016, network, HEIGHT, WIDTH)] == ["content"] + ["style"] * 5
    assert layers_of(terms_of(EVERYTHING, network, HEIGHT, WIDTH)) == (
        *("relu2_2", "conv4_2", "relu3_1"),
        *("relu1_1", "pool3", "relu5_1"),
    )


def gram(maps: np.ndarray) -> np.ndarray:
    """Of maps (H, W, N), with the N^-½ of `EVERYTHING`."""
    matrix = maps.reshape(-1, maps.shape[2])
    return matrix.T @ matrix / len(matrix) / matrix.shape[1] ** 0.5


@pytest.mark.parametrize("rows", [None, 16])
def test_targets_against_the_second_network(weights, pictures, rows):
    content, style = pictures
    targets = objective_for(weights, EVERYTHING, content, style, rows).targets
    images = *pictures, content + GRAIN * np.random.default_rng(0).standard_normal(content.shape, np.float32)
    of_content, of_style, with_grain = (numpy_network.forward(image, weights, "avg") for image in images)
    for layer, _ in EVERYTHING.content_layers:
        target, expected = targets[f"content {layer}"], of_content[layer]
        atol = 1e-5 * np.abs(expected).max()
        np.testing.assert_allclose(target.maps[0], expected, rtol=1e-4, atol=atol)
        np.testing.assert_allclose(target.summary, np.sum(expected**2), rtol=1e-4)
        np.testing.assert_allclose(target.distance, np.sum((with_grain[layer] - expected) ** 2), rtol=1e-4)
    for layer, _ in EVERYTHING.style_layers:
        other, expected = (gram(maps[layer]) for maps in (of_content, of_style))
        target = targets[f"style {layer}"]
        assert target.maps is None
        np.testing.assert_allclose(target.summary, expected, rtol=1e-4, atol=1e-5 * expected.max())
        np.testing.assert_allclose(target.distance, np.sum((other - expected) ** 2), rtol=1e-3)
    assert targets["tv"] == Target()


@pytest.mark.parametrize("rows", [None, 16])
@pytest.mark.parametrize("recipe", [DEFAULT, GATYS2016, EVERYTHING], ids=["default", "gatys2016", "everything"])
def test_loss_of_zeros_is_that_of_a_network_without_anything(weights, pictures, recipe, rows):
    """Of maps that are 0 everywhere: a network with no weights and no biases makes them of any image."""
    network = {name: tuple(0 * array for array in conv) for name, conv in weights.convolutions.items()}
    objective = objective_for(weights, recipe, *pictures, rows)
    nothing = objective_for(replace(weights, convolutions=network), recipe, *pictures)
    losses, _ = nothing.evaluation(pictures[0], objective.targets, objective.weights)
    expected = losses.groups["content"] + losses.groups["style"]
    found = loss_of_zeros(objective.evaluation.terms, objective.targets, objective.weights)
    assert found == pytest.approx(expected, rel=1e-5) and found > 0


def test_relative_to_its_target_a_blank_loses_1(weights, pictures):
    recipe = replace(
        DEFAULT,
        content_loss=LossScale(target=-1),
        style_loss=LossScale(target=-1),
        content_weight=0.25,
        style_weight=3.0,
    )
    recipe = replace(recipe, content_layers=(("relu2_2", 0.4), ("relu4_1", 0.6)))
    objective = objective_for(weights, recipe, *pictures)
    assert loss_of_zeros(objective.evaluation.terms, objective.targets, objective.weights) == pytest.approx(
        0.25 + 3, rel=1e-5
    )
