"""SciPy's L-BFGS-B step by step: the same as SciPy at one go, and its thread ends whatever happens."""

import threading

import numpy as np
import pytest
import scipy.optimize

from quadratic import SHAPE, Losses, Quadratic
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB

OURS = ScipyLBFGSB()


@pytest.fixture(autouse=True)
def no_thread_stays_behind():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


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


@pytest.mark.parametrize("error", [ValueError("of the loss"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("evaluation", [2, 3, 9])
def test_what_the_evaluation_raises_arrives_in_step(error, evaluation):
    """The very same exception, in the thread of whoever asked for the step; evaluation 1 is that of `start`."""
    problem = Quadratic(at_bounds=3)

    def evaluate(image):
        if len(problem.evaluated) == evaluation - 1:
            raise error
        return problem.evaluate(image)

    state = OURS.start(evaluate, np.full(SHAPE, 128, np.float32))
    with pytest.raises(type(error)) as caught:
        for _ in range(9):
            state = OURS.step(evaluate, state)
    assert caught.value is error and len(problem.evaluated) == evaluation - 1
    assert OURS.step(evaluate, state) is None, "or whoever asks again would wait for ever"
    OURS.end(state)


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_end_in_the_middle(steps):
    problem, before = Quadratic(at_bounds=3), set(threading.enumerate())
    state = OURS.start(problem.evaluate, np.full(SHAPE, 128, np.float32))
    for _ in range(steps):
        state = OURS.step(problem.evaluate, state)
    assert len(set(threading.enumerate()) - before) == (steps > 0), "SciPy rests in its thread"
    evaluations = len(problem.evaluated)
    OURS.end(state)
    assert set(threading.enumerate()) == before
    assert len(problem.evaluated) == evaluations
    assert OURS.step(problem.evaluate, state) is None
    OURS.end(state)  # once more does no harm
    assert set(threading.enumerate()) == before


def test_end_during_an_evaluation():
    """A Ctrl-C ends the wait for a step, not the evaluation: `end` lets that finish, and no further one begins.

    The loss that is evaluated is so high that the search would have to try again.
    """
    begun, go_on, evaluated = threading.Event(), threading.Event(), []
    problem = Quadratic(at_bounds=3)

    def evaluate(image):
        evaluated.append(image)
        losses, gradient = problem.evaluate(image)
        if len(evaluated) != 4:
            return losses, gradient
        begun.set()
        go_on.wait(10)
        return Losses(1e6 * losses.total), gradient

    state = OURS.start(evaluate, np.full(SHAPE, 128, np.float32))
    asking = threading.Thread(target=lambda: [OURS.step(evaluate, state) for _ in range(5)], daemon=True)
    asking.start()
    assert begun.wait(10)
    ending = threading.Thread(target=OURS.end, args=[state])
    ending.start()
    ending.join(0.2)
    assert ending.is_alive()
    go_on.set()
    ending.join(10)
    asking.join(10)
    assert not ending.is_alive() and len(evaluated) == 4


def test_a_loss_of_huge_or_no_slope_is_no_error():
    for slope in (0.0, 1e-38, 1e30):
        gradient = np.full(SHAPE, slope, np.float32)

        def evaluate(image, gradient=gradient):
            return Losses(float(np.sum(gradient * image, dtype=np.float64))), gradient

        state = OURS.start(evaluate, np.full(SHAPE, 128, np.float32))
        further = OURS.step(evaluate, state)
        assert (further is None) if slope == 0 else further.image.max() < 128
        OURS.end(state)
