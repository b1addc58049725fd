"""The thread that SciPy's L-BFGS-B runs in ends whatever happens, and what happens there is told."""

import threading

import numpy as np
import pytest

from quadratic import SHAPE, Losses, Quadratic
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB

OURS = ScipyLBFGSB()


@pytest.fixture(autouse=True)
def no_thread_stays_behind():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


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
