"""L-BFGS and Adam on quadratics whose minimum in [0, 255] is known, because it was chosen first."""

import numpy as np
import pytest

from quadratic import SHAPE, Quadratic
from transfer.losses import Losses
from vgg.optimize import optimizers
from vgg.optimize.optimizers import OPTIMIZERS, adam, l_bfgs


@pytest.mark.parametrize("at_bounds", [0, 12], ids=["inside", "at the bounds"])
@pytest.mark.parametrize(
    ("optimizer", "iterations", "within"), [("l-bfgs", 40, 0.01), ("l-bfgs-unit", 60, 0.01), ("adam", 1000, 0.1)]
)
def test_minimum_is_reached(optimizer, iterations, within, at_bounds):
    problem = Quadratic(at_bounds).run(optimizer, iterations)
    assert np.abs(problem.steps[-1].reshape(-1) - problem.solution).max() < within


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("start", [0, 128, 255])
def test_no_pixel_ever_leaves_the_range(optimizer, start):
    problem = Quadratic(at_bounds=20).run(optimizer, 40, learning_rate=50.0, start=start)
    for images in (problem.evaluated, problem.steps):
        assert np.min(images) >= 0
        assert np.max(images) <= 255
    assert np.ptp(problem.steps, axis=0).max() > 100, "it should have moved"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_steps_are_counted_and_come_with_their_own_losses(optimizer):
    problem = Quadratic(at_bounds=5).run(optimizer, 7)
    assert len(problem.steps) == 7
    for image, loss in zip(problem.steps, problem.losses, strict=True):
        assert loss == pytest.approx(problem.evaluate(image)[0].total, rel=1e-9)


def test_l_bfgs_lowers_the_loss_with_each_step_and_needs_few_evaluations():
    problem = Quadratic(at_bounds=12).run("l-bfgs", 15)
    assert np.all(np.diff(problem.losses) < 0)
    assert len(problem.evaluated) <= 2 * 15, "a step should rarely need a second trial"


def test_l_bfgs_does_not_depend_on_the_unit_of_the_loss():
    """Powers of two near 1e-8 … 1e8 change no digit of a float's mantissa, so the paths should be the same."""
    reference = Quadratic(at_bounds=12).run("l-bfgs", 25)
    for power in (-27, -10, 10, 27):
        scaled = Quadratic(at_bounds=12, scale=2.0**power).run("l-bfgs", 25)
        assert len(scaled.evaluated) == len(reference.evaluated)
        np.testing.assert_allclose(scaled.evaluated, reference.evaluated, rtol=1e-9, atol=1e-9)


def test_l_bfgs_first_trial_moves_pixels_by_one_level():
    """Root mean square: far less would vanish in the last digits of a float32 loss, far more would leap away."""
    problem = Quadratic(at_bounds=0, scale=1e-6).run("l-bfgs", 1)
    first_move = next(image for image in problem.evaluated if np.any(image != 128)) - 128
    assert np.sqrt(np.mean(first_move**2)) == pytest.approx(1, rel=0.01)


def test_l_bfgs_remembers_more_than_one_step(monkeypatch):
    """In a valley a thousand times steeper across than along, measured: 7 times lower after 60 steps."""
    with_memory = Quadratic(at_bounds=0, steepest=1000.0).run("l-bfgs", 60)
    monkeypatch.setattr(optimizers, "HISTORY", 1)
    without = Quadratic(at_bounds=0, steepest=1000.0).run("l-bfgs", 60)
    assert with_memory.losses[-1] < without.losses[-1] / 3


def test_l_bfgs_stops_at_a_start_that_is_the_minimum():
    problem = Quadratic(at_bounds=0)
    start = problem.centre.reshape(SHAPE)
    l_bfgs(problem.evaluate, start, 50, 2.0, problem.on_step)
    assert len(problem.evaluated) < 10
    for image in problem.steps:
        np.testing.assert_allclose(image, start, atol=1e-3)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_adam_first_step_is_the_learning_rate_against_the_sign_of_the_gradient(scale):
    """Kingma & Ba 2015, section 2.1: after one step m̂ = g and v̂ = g², so the step is ± the learning rate."""
    problem = Quadratic(at_bounds=0, scale=scale)
    start = np.full(SHAPE, 128, np.float32)
    _, gradient = problem.evaluate(start)
    adam(problem.evaluate, start, 1, 3.0, problem.on_step)
    np.testing.assert_allclose(problem.steps[0] - start, -3.0 * np.sign(gradient), rtol=1e-3)


def test_adam_with_a_constant_gradient_walks_at_the_learning_rate():
    """The corrected moments of a constant are that constant at every step; without the correction they are not."""
    steps = []
    slope = Losses(0, 0, 0, 0), np.broadcast_to(np.float32([5.0, -0.01, 300.0]), SHAPE)
    adam(lambda image: slope, np.full(SHAPE, 100, np.float32), 20, 2.0, lambda image, losses: steps.append(image))
    assert len(steps) == 20
    for number, image in enumerate(steps, start=1):
        np.testing.assert_allclose(image[0, 0], 100 - 2.0 * number * np.array([1, -1, 1]), rtol=1e-4)
