"""SciPy's L-BFGS-B step by step: the same as SciPy at one go, whatever the unit of the loss."""

import numpy as np
import pytest
import scipy.optimize

from quadratic import SHAPE, Losses, Quadratic
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB

OURS = ScipyLBFGSB()


def at_one_go(problem: Quadratic, start: np.ndarray, history: int, steps: int) -> list[np.ndarray]:
    """The images of SciPy's own loop, called as its documentation says, on the loss divided by its first slope."""
    _, gradient = problem.evaluate(start)
    scale = 1 / float(np.sqrt(np.mean(gradient.astype(np.float64) ** 2)))
    images = []

    def scaled(pixels):
        losses, gradient = problem.evaluate(pixels.reshape(SHAPE))
        return scale * losses.total, scale * gradient.reshape(-1).astype(np.float64)

    scipy.optimize.minimize(
        scaled,
        start.reshape(-1),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, 255)] * start.size,
        callback=lambda pixels: images.append(pixels.reshape(SHAPE).copy()),
        options={"maxcor": history, "ftol": 0, "gtol": 0, "maxiter": steps},
    )
    return images


@pytest.mark.parametrize("history", [3, 20])
@pytest.mark.parametrize("at_bounds", [0, 12])
def test_the_same_images_as_scipy_at_one_go(history, at_bounds):
    start = np.random.default_rng(5).uniform(0, 255, SHAPE).astype(np.float32)
    expected = at_one_go(Quadratic(at_bounds, steepest=300.0), start, history, 30)
    ours = Quadratic(at_bounds, steepest=300.0).run(ScipyLBFGSB(history), 30, start)
    assert len(expected) == 30
    np.testing.assert_array_equal(ours.steps, expected)


def test_each_step_lowers_the_loss_and_needs_few_evaluations():
    problem = Quadratic(at_bounds=12).run(OURS, 15)
    assert np.all(np.diff(problem.losses) < 0)
    assert len(problem.evaluated) <= 2 * 15, "a step should rarely need a second trial"


def test_the_unit_of_the_loss_does_not_matter():
    """Powers of two near 1e-8 … 1e8 change no digit of a float's mantissa, so the paths should be the same."""
    reference = Quadratic(at_bounds=12).run(OURS, 25)
    for power in (-27, -10, 10, 27):
        scaled = Quadratic(at_bounds=12, scale=2.0**power).run(OURS, 25)
        assert len(scaled.evaluated) == len(reference.evaluated)
        np.testing.assert_allclose(scaled.evaluated, reference.evaluated, rtol=1e-9, atol=1e-9)


def test_the_first_trial_moves_pixels_by_one_level():
    """Root mean square: far less would vanish in the last digits of a float32 loss, far more would leap away."""
    problem = Quadratic(at_bounds=0, scale=1e-6).run(OURS, 1)
    first_move = next(image for image in problem.evaluated if np.any(image != 128)) - 128
    assert np.sqrt(np.mean(first_move**2)) == pytest.approx(1, rel=0.01)


def test_it_remembers_more_than_one_step():
    """In a valley a thousand times steeper across than along, measured: 7 times lower after 60 steps."""
    remembering, forgetful = (Quadratic(0, steepest=1000.0).run(ScipyLBFGSB(pairs), 60) for pairs in (20, 1))
    assert remembering.losses[-1] < forgetful.losses[-1] / 3


def test_a_start_that_is_the_minimum():
    """Its centre in float64, as exactly as the gradient there in float32 can tell."""
    problem = Quadratic(at_bounds=0)
    start = problem.centre.reshape(SHAPE)
    problem.run(OURS, 50, start)
    assert len(problem.evaluated) < 10
    for image in problem.steps:
        np.testing.assert_allclose(image, start, atol=1e-3)


@pytest.mark.parametrize("at_bounds", [0, 12])
def test_after_convergence_there_is_no_step_however_often_one_asks(at_bounds):
    problem = Quadratic(at_bounds)
    state, count = OURS.start(problem.evaluate, np.full(SHAPE, 128, np.float32)), 0
    while (further := OURS.step(problem.evaluate, state)) is not None:
        state, count = further, count + 1
        assert count < 500
    assert np.abs(state.image.reshape(-1) - problem.solution).max() < 1e-3
    evaluations = len(problem.evaluated)
    assert [OURS.step(problem.evaluate, state) for _ in range(3)] == [None] * 3
    assert len(problem.evaluated) == evaluations
    OURS.end(state)


def test_a_loss_of_huge_or_no_slope_is_no_error():
    for slope in (0.0, 1e-38, 1e30):
        gradient = np.full(SHAPE, slope, np.float32)

        def evaluate(image, gradient=gradient):
            return Losses(float(np.sum(gradient * image, dtype=np.float64))), gradient

        state = OURS.start(evaluate, np.full(SHAPE, 128, np.float32))
        further = OURS.step(evaluate, state)
        assert (further is None) if slope == 0 else further.image.max() < 128
        OURS.end(state)
