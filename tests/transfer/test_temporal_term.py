"""The temporal term: its value by hand, its gradient against the closed form, whole and in stripes, and its margin."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from numpy_network import mirrored
from transfer.losses import PIXELS, TEMPORAL_LEVELS, Pixels, Target, TemporalTerm
from transfer.objective import Objective, WholeEvaluation, terms_of
from transfer.recipes import DEFAULT
from transfer.sizes import with_margin, without_margin
from transfer.striped.evaluation import StripedEvaluation
from transfer.targets import GRAIN, References
from vgg.network import VGG19

RECIPE = replace(DEFAULT, content_layers=(("relu2_2", 1.0),), style_layers=(("relu1_1", 1.0), ("relu2_1", 1.0)))
HEIGHT, WIDTH, GAMMA = 47, 35, 3.0
RNG = np.random.default_rng(5)
CONTENT, STYLE, IMAGE = RNG.uniform(0, 255, (3, HEIGHT, WIDTH, 3)).astype(np.float32)
EARLIER = np.dstack(
    [RNG.uniform(0, 255, (HEIGHT, WIDTH, 3)), RNG.uniform(0, 1, (HEIGHT, WIDTH)) * (RNG.random((HEIGHT, WIDTH)) > 0.3)]
).astype(np.float32)


def objectives(weights, gamma: float, earlier: np.ndarray | None) -> list[Objective]:
    """Whole and in stripes."""
    network = VGG19(weights, "avg")
    terms = terms_of(replace(RECIPE, temporal_weight=gamma), network, HEIGHT, WIDTH)
    references = References(CONTENT, (STYLE,), earlier=earlier)
    return [
        Objective(kind, references, terms)
        for kind in (WholeEvaluation(network, terms), StripedEvaluation(network, terms, 8))
    ]


def test_value_by_hand():
    """Four pixels, of which the third counts half and the last not: 3·1² + 3·2² + ½·(4² + 0 + 0) = 23 of 12 values."""
    image, target = np.zeros((1, 2, 2, 3), np.float32), np.zeros((1, 2, 2, 4), np.float32)
    image[0, 0, 0], image[0, 0, 1], target[0, 1, 0, 0], image[0, 1, 1] = 1, -2, 4, 99
    target[0, ..., 3] = [[1, 1], [0.5, 0]]
    term, goal = TemporalTerm(2, 2), Target(tf.constant(target))
    statistic = term.statistic(Pixels(tf.constant(image), tf.constant(image[:, :0])), goal)
    np.testing.assert_allclose(statistic, 23)
    np.testing.assert_allclose(term.loss(statistic, goal), 23 / 12 / 400, rtol=1e-6)
    assert (term.name, term.group, term.layer) == ("temporal", "temporal", PIXELS)


def test_it_is_1_where_the_default_content_loss_is():
    """At noise of so many levels around what it compares with."""
    assert TEMPORAL_LEVELS == GRAIN
    noise = np.random.default_rng(0).normal(0, GRAIN, (1, 100, 100, 3)).astype(np.float32)
    goal = Target(tf.constant(np.concatenate([np.zeros_like(noise), np.ones_like(noise[..., :1])], axis=3)))
    term = TemporalTerm(100, 100)
    assert float(term.loss(term.statistic(Pixels(tf.constant(noise), None), goal), goal)) == pytest.approx(1, rel=0.03)


@pytest.mark.usefixtures("stripes_without_compiling")
def test_gradient_against_the_closed_form(weights):
    """What the term adds to the gradient of all others is 2 γ c (x − w) / (D · 20²), and nothing where c = 0."""
    away = IMAGE.astype(np.float64) - EARLIER[..., :3]
    expected = 2 * GAMMA * EARLIER[..., 3:] * away / (3 * HEIGHT * WIDTH * 400)
    value = GAMMA * np.sum(EARLIER[..., 3:] * away**2) / (3 * HEIGHT * WIDTH * 400)
    for with_it, without in zip(objectives(weights, GAMMA, EARLIER), objectives(weights, 0, EARLIER), strict=True):
        (losses, gradient), (other_losses, others) = with_it(IMAGE), without(IMAGE)
        assert losses.groups["temporal"] == losses.terms["temporal"] == pytest.approx(value, rel=1e-5)
        assert (
            losses.total - other_losses.total == pytest.approx(value, rel=1e-4)
            and "temporal" not in other_losses.groups
        )
        np.testing.assert_allclose(gradient - others, expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.usefixtures("without_compiling")
def test_in_stripes_as_whole(weights):
    (whole, expected), (striped, gradient) = (objective(IMAGE) for objective in objectives(weights, GAMMA, EARLIER))
    assert striped.terms == pytest.approx(whole.terms, rel=3e-5)
    np.testing.assert_allclose(gradient, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.usefixtures("stripes_without_compiling")
def test_the_first_frame_has_nothing_to_hold_to(weights):
    """It has the same terms, for which nothing is compiled again, and the gradient of a picture by itself."""
    terms = [objective.evaluation.terms for objective in objectives(weights, GAMMA, None)]
    assert terms[0] == terms[1] == objectives(weights, GAMMA, EARLIER)[0].evaluation.terms
    for first, picture in zip(objectives(weights, GAMMA, None), objectives(weights, 0, None), strict=True):
        (losses, gradient), (expected_losses, expected) = first(IMAGE), picture(IMAGE)
        assert losses.groups["temporal"] == 0 and losses.total == pytest.approx(expected_losses.total, rel=1e-6)
        np.testing.assert_allclose(gradient, expected, atol=1e-6 * np.abs(expected).max())


def test_one_evaluation_takes_every_frame(weights):
    """Frames differ in their targets only."""
    network = VGG19(weights, "avg")
    terms = terms_of(replace(RECIPE, temporal_weight=GAMMA), network, HEIGHT, WIDTH)
    evaluation = WholeEvaluation(network, terms)
    halved = EARLIER * np.float32([1, 1, 1, 0.5])
    values = [
        Objective(evaluation, References(CONTENT, (STYLE,), earlier=earlier), terms)(IMAGE)[0].groups["temporal"]
        for earlier in (None, EARLIER, halved)
    ]
    assert values[0] == 0 and values[1] == pytest.approx(2 * values[2], rel=1e-6) and values[1] > 1
    assert evaluation._compiled.experimental_get_tracing_count() == 1


def test_in_the_margin_it_is_a_mirror():
    """So the margin is held to where its run starts, and is not painted anew with every frame."""
    wide = with_margin(EARLIER, 4)
    assert wide.shape == (HEIGHT + 8, WIDTH + 8, 4)
    np.testing.assert_array_equal(wide, mirrored(EARLIER, 4))
    np.testing.assert_array_equal(without_margin(wide, 4), EARLIER)
