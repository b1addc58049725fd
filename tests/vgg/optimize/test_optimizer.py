"""What every optimiser promises, on quadratics whose minimum in [0, 255] is known."""

import numpy as np
import pytest

from quadratic import SHAPE, Quadratic
from vgg.optimize.adam import Adam
from vgg.optimize.l_bfgs import LBFGS
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB

OPTIMIZERS = {"scipy": ScipyLBFGSB(), "l-bfgs": LBFGS(), "adam": Adam(2.0)}


@pytest.mark.parametrize("at_bounds", [0, 12], ids=["inside", "at the bounds"])
@pytest.mark.parametrize(("name", "steps", "within"), [("scipy", 40, 0.01), ("l-bfgs", 60, 0.01), ("adam", 1000, 0.1)])
def test_minimum_is_reached(name, steps, within, at_bounds):
    problem = Quadratic(at_bounds).run(OPTIMIZERS[name], steps)
    assert np.abs(problem.steps[-1].reshape(-1) - problem.solution).max() < within


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("start", [0, 128, 255])
def test_no_pixel_ever_leaves_the_range(name, start):
    problem = Quadratic(at_bounds=20).run({**OPTIMIZERS, "adam": Adam(50.0)}[name], 40, start)
    for images in (problem.evaluated, problem.steps):
        assert np.min(images) >= 0
        assert np.max(images) <= 255
    assert np.ptp(problem.steps, axis=0).max() > 100, "it should have moved"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_counted_and_come_with_their_own_losses(name):
    problem = Quadratic(at_bounds=5).run(OPTIMIZERS[name], 7)
    assert len(problem.steps) == 7
    for image, loss in zip(problem.steps, problem.losses, strict=True):
        assert loss == pytest.approx(problem.evaluate(image)[0].total, rel=1e-9)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_images_of_states_are_never_changed_again(name):
    """Neither the caller's start nor the image of any state: a watcher may keep them all."""
    problem, optimizer = Quadratic(at_bounds=12), OPTIMIZERS[name]
    start = np.full(SHAPE, 128, np.float32)
    states = [optimizer.start(problem.evaluate, start)]
    images, copies = [start, states[0].image], [start.copy(), states[0].image.copy()]
    for _ in range(12):
        states.append(optimizer.step(problem.evaluate, states[-1]))
        images.append(states[-1].image)
        copies.append(states[-1].image.copy())
    optimizer.end(states[-1])
    np.testing.assert_array_equal(images, copies)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_start_evaluates_the_image_it_is_given(name):
    problem, optimizer = Quadratic(at_bounds=3), OPTIMIZERS[name]
    image = np.random.default_rng(1).uniform(0, 255, SHAPE).astype(np.float32)
    state = optimizer.start(problem.evaluate, image)
    np.testing.assert_array_equal(state.image, image)
    assert state.losses == Quadratic(at_bounds=3).evaluate(image)[0]
    assert len(problem.evaluated) == 1
    optimizer.end(state)
