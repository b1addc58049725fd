"""Every recipe's losses on a tiny network, against each system's own formula on a second network (NumPy, SciPy)."""

import numpy as np
import pytest
import tensorflow as tf

import second_systems
from numpy_network import matrices, scales_of
from transfer.losses import gram_matrix, total_loss
from transfer.objective.whole import Objective
from transfer.recipe.ours import GATYS2016, GATYS2016_LITERAL, RECIPES
from vgg.network import VGG19
from vgg.normalize import normalize


@pytest.fixture
def pictures(image) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Content, style and generated, of one size: for some systems only then G/M is what they compute.

    They differ enough that float32 does not lose its digits in the differences.
    """
    rng = np.random.default_rng(2)
    style = np.kron(rng.integers(0, 256, (13, 15, 3)), np.ones((3, 3, 1)))[:37, :45].astype(np.uint8)
    return image, style, rng.uniform(60, 110, image.shape).astype(np.float32)


@pytest.fixture
def measuring() -> list[np.ndarray]:
    """The pictures over which a normalised network has mean activation 1."""
    rng = np.random.default_rng(5)
    rough = np.kron(rng.integers(0, 256, (5, 6, 3)), np.ones((8, 8, 1)))
    return [rough.astype(np.uint8), rng.integers(0, 86, (40, 33, 3)).astype(np.uint8)]


def test_every_recipe_has_a_second_opinion():
    assert list(second_systems.SYSTEMS) == list(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_losses_are_the_systems_own(weights, pictures, measuring, name):
    recipe, system = RECIPES[name], second_systems.SYSTEMS[name]
    network = weights if not recipe.normalized_network else normalize(weights, measuring, recipe.pooling)
    content, style, generated = pictures
    losses, _ = Objective(VGG19(network, recipe.pooling), content, style, recipe)(generated)
    scales = scales_of(weights, measuring, system.pooling) if system.normalized else {}
    f, p, s = (matrices(weights, each, system.pooling, scales) for each in (generated, content, style))
    expected = system.terms(f, p, s, generated.astype(np.float64))
    assert min(*expected.contents, *expected.styles) > 0, "or a layer would prove nothing"
    np.testing.assert_allclose(losses.layers, [*expected.contents, *expected.styles], rtol=1e-5)
    terms = [sum(expected.contents), sum(expected.styles), expected.prior]
    np.testing.assert_allclose(losses[:4], [*terms, sum(terms)], rtol=1e-5)


@pytest.mark.parametrize("name", RECIPES)
def test_pooling_and_normalisation_show_in_the_numbers_above(weights, pictures, measuring, name):
    """With the other pooling, or the other network, they would be off by far more than is allowed."""
    system, (content, style, generated) = second_systems.SYSTEMS[name], pictures
    totals = []
    for pooling in ("avg", "max"):
        for scales in ({}, scales_of(weights, measuring, pooling)):
            f, p, s = (matrices(weights, each, pooling, scales) for each in (generated, content, style))
            terms = system.terms(f, p, s, generated.astype(np.float64))
            totals.append(sum(terms.contents) + sum(terms.styles))
    for i, total in enumerate(totals):
        assert all(abs(total - other) > 1e-3 * total for other in totals[:i])


def test_normalised_network_is_the_plain_one_with_scales_by_hand(weights, pictures, measuring):
    """To float precision: gatys2016's losses from one set of maps in float32, once scaled in the network, once here."""
    content, style, generated = pictures
    losses, _ = Objective(VGG19(normalize(weights, measuring), "avg"), content, style, GATYS2016)(generated)
    scales = scales_of(weights, measuring, "avg")
    names = [layer for layer, _ in (*GATYS2016.content_layers, *GATYS2016.style_layers)]

    def by_hand(image) -> dict[str, tf.Tensor]:
        maps = VGG19(weights, "avg")(tf.constant(image[None], tf.float32), names)
        return {name: maps[name] / scales[name.replace("relu", "conv")].astype(np.float32) for name in names}

    targets = {("content", "relu4_2"): by_hand(content)["relu4_2"]}
    of_style = by_hand(style)
    targets |= {("style", name): gram_matrix(of_style[name]) for name, _ in GATYS2016.style_layers}
    expected = total_loss(by_hand(generated), targets, tf.constant(generated[None]), GATYS2016)
    np.testing.assert_allclose(losses[:4], expected[:4], rtol=5e-6)
    np.testing.assert_allclose(losses.layers, expected.layers, rtol=5e-6)
    plain, _ = Objective(VGG19(weights, "avg"), content, style, GATYS2016)(generated)
    assert abs(plain.total / losses.total - 1) > 0.1, "or the scales would not show"


def test_between_the_two_readings_of_the_paper_the_ratio_is_2_n_m(weights, pictures):
    """N = 5 channels (the tiny network's conv4_2) and M = 5 · 6 positions: 37 × 45 after three halvings."""
    content, style, generated = pictures
    ratios = []
    for recipe in (GATYS2016_LITERAL, GATYS2016):
        losses, _ = Objective(VGG19(weights, "avg"), content, style, recipe)(generated)
        ratios.append(losses.content / losses.style)
    assert ratios[0] / ratios[1] == pytest.approx(2 * 5 * (5 * 6), rel=1e-6)
