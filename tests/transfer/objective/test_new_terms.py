"""New kinds of terms, defined in `new_terms` and nowhere else: everything works with them as it is."""

import numpy as np
import pytest
import tensorflow as tf

import numpy_network
from new_terms import HEIGHT, WIDTH, Case, Guided, Temporal, gram
from objectives import assert_same
from transfer.losses import Pixels, Target
from transfer.objective import Objective
from transfer.targets import References
from transfer.train import Phase, train
from vgg.optimize.l_bfgs import LBFGS

pytestmark = pytest.mark.usefixtures("without_compiling")

EVERYTHING = {"temporal": 3e-8, "guided": 100.0, "blend": 30.0, "old": 1.0}


@pytest.mark.parametrize("kinds", [["guided", "old"], list(EVERYTHING)], ids=str)
def test_in_stripes_as_whole(weights, kinds):
    case = Case(weights, **{kind: EVERYTHING[kind] for kind in kinds})
    (whole, expected), striped = case.both()
    assert_same(striped, (whole, expected))
    assert set(whole.terms) == {term.name for term in case.terms}
    assert min(whole.terms.values()) > 1e-3 * whole.total, "or a term would not show"


def test_temporal_against_its_closed_form(weights):
    """The derivative of c (x − x̂)² is 2 c (x − x̂), for each pixel by itself."""
    case = Case(weights, temporal=0.01, blend=0.0)
    away = case.image.astype(np.float64) - case.before
    for losses, gradient in case.both():
        assert losses.groups["temporal"] == pytest.approx(0.01 * np.sum(case.certainty * away**2), rel=1e-5)
        np.testing.assert_allclose(gradient, 0.02 * case.certainty * away, rtol=1e-5, atol=1e-5)
        assert np.all(gradient[np.broadcast_to(case.certainty == 0, gradient.shape)] == 0)


def test_guided_style_against_the_second_network(weights):
    """Value and gradient from the pixels on, with finite differences in float64."""
    case = Case(weights, guided=0.7)

    def total(image: np.ndarray) -> float:
        maps = numpy_network.forward(image, weights, "avg")
        pairs = [(gram(maps[layer], guide), gram(case.styles[0][layer])) for layer, guide in case.guides.items()]
        return 0.7 * sum(np.sum((g - a) ** 2) / np.sum(a**2) for g, a in pairs)

    rng, step = np.random.default_rng(6), 1e-4
    directions = [*rng.normal(size=(2, HEIGHT, WIDTH, 3)), np.zeros((HEIGHT, WIDTH, 3))]
    directions[-1][HEIGHT - 1, WIDTH - 1, 1] = 1
    exact = case.image.astype(np.float64)
    expected = [(total(exact + step * each) - total(exact - step * each)) / (2 * step) for each in directions]
    for losses, gradient in case.both():
        assert losses.total == pytest.approx(total(exact), rel=1e-4)
        for direction, along in zip(directions, expected, strict=True):
            largest = np.abs(gradient * direction).max()
            np.testing.assert_allclose(np.sum(gradient * direction), along, rtol=1e-3, atol=1e-3 * largest)


def test_guided_style_against_its_closed_form():
    """As Eq. 6 with the guide: ∂E/∂F = 4 w g² F (G − A) / (Σ g² Σ A²), in float64 by NumPy."""
    rng = np.random.default_rng(7)
    maps, guide, target = rng.normal(size=(5, 6, 4)), rng.uniform(0, 1, (5, 6)), rng.normal(size=(4, 4))
    target, term, values = target + target.T, Guided("relu1_1"), tf.constant(maps[None], tf.float32)
    goal = Target(tf.constant(guide[None, ..., None], tf.float32), tf.constant(target, tf.float32))
    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = term.loss(term.statistic(values, goal), goal)
    expected = 4 / np.sum(guide**2) / np.sum(target**2) * guide[..., None] ** 2 * (maps @ (gram(maps, guide) - target))
    np.testing.assert_allclose(tape.gradient(loss, values)[0], expected, rtol=1e-4, atol=1e-5)


def test_a_blend_of_styles_pulls_to_both(weights):
    """As a sum of squares: Σ (G − tA − (1−t)B)² = t Σ (G − A)² + (1−t) Σ (G − B)² − t (1−t) Σ (A − B)²."""
    case = Case(weights, blend=1.0)
    maps = numpy_network.forward(case.image, weights, "avg")
    for losses, _ in case.both():
        for layer in ("relu1_1", "relu4_1"):
            g, a, b = (gram(each[layer]) for each in (maps, *case.styles))
            expected = 0.3 * np.sum((g - a) ** 2) + 0.7 * np.sum((g - b) ** 2) - 0.21 * np.sum((a - b) ** 2)
            expected /= np.sum((0.3 * a + 0.7 * b) ** 2)
            assert losses.terms[f"style {layer}"] == pytest.approx(expected, rel=1e-4)


class Given(Objective):
    """An objective whose targets are given."""

    def __init__(self, evaluation, case) -> None:
        self.evaluation, self.targets, self.weights, self.floor = evaluation, case.targets, case.each_weight, 0.0


def test_the_training_loop_takes_them_as_they_are(weights):
    case, totals = Case(weights, **EVERYTHING), []
    for evaluation in case.evaluations():
        objective = Given(evaluation, case)
        result = train([Phase(HEIGHT, WIDTH, lambda of=objective: of, LBFGS(), until=4)], case.image)
        assert result.stopped == "finished" and set(result.losses.groups) == {"temporal", "style", "content", "tv"}
        totals.append([step.losses.total for step in result.steps])
        assert totals[-1][-1] < totals[-1][0] < objective(case.image)[0].total
    np.testing.assert_allclose(*totals, rtol=1e-3)


def test_targets_by_hand_beside_those_of_the_images(weights):
    """`targets` computes those of content and style, also when there are terms that it does not know."""
    case = Case(weights, **EVERYTHING)
    references = References(case.image, (np.random.default_rng(8).uniform(0, 255, (40, 40, 3)).astype(np.float32),))
    for evaluation in case.evaluations():
        targets = evaluation.targets(references)
        assert targets["temporal"] == targets["guided pool2"] == targets["tv"] == Target()
        mixed = {**case.targets, "content relu3_2": targets["content relu3_2"]}
        losses, _ = evaluation(case.image, mixed, case.each_weight)
        assert losses.groups["content"] == pytest.approx(0, abs=1e-6) and losses.groups["temporal"] > 0


class Sums(Temporal):
    """Two statistics, of which the loss uses the second only."""

    def statistic(self, values: Pixels, target: Target) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.reduce_sum(values.rows), tf.reduce_sum(tf.square(values.rows))

    def loss(self, statistic: tuple[tf.Tensor, tf.Tensor], target: Target) -> tf.Tensor:
        return statistic[1]


def test_a_statistic_that_the_loss_does_not_use(weights):
    case = Case(weights, blend=0.0)
    case.add(Sums(), 0.5)
    for _, gradient in case.both():
        np.testing.assert_allclose(gradient, case.image, rtol=1e-5)


def test_a_loss_sees_the_whole_image_only(weights):
    """In stripes there are no target maps of the whole image, so there are none otherwise either."""
    seen = []

    class Looking(Temporal):
        def loss(self, statistic, target):
            seen.append(target)
            return statistic

    case = Case(weights, blend=1.0)
    case.add(Looking(), 1.0, np.zeros((HEIGHT, WIDTH, 4), np.float32), np.float32([1, 2]))
    case.both()
    assert [target.maps for target in seen] == [None] * len(seen) and len(seen) >= 2
    assert all(target.summary.shape == (2,) for target in seen)
