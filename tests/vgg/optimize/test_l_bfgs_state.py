"""The state of our L-BFGS: it can be kept and gone on from, and hands its curvature to the next phase."""

import copy

import ml_dtypes
import numpy as np
import pytest

from gram_problem import Gram
from quadratic import SHAPE, Losses, Quadratic, stepwise
from vgg.optimize.l_bfgs import LBFGS


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
@pytest.mark.parametrize("problem", [lambda: Quadratic(12), lambda: Gram(0)], ids=["quadratic", "gram"])
@pytest.mark.parametrize("kept_after", [0, 3, 17])
def test_a_state_can_be_kept_and_gone_on_from(dtype, problem, kept_after):
    """The same bytes as without a break, for the original and for its copy, in whatever order they go on."""
    optimizer, evaluate = LBFGS(10, dtype), problem().evaluate

    def go_on(state, steps):
        return [image.tobytes() for image, _ in stepwise(optimizer, evaluate, state, steps)]

    start = np.random.default_rng(2).uniform(60, 200, SHAPE).astype(np.float32)
    unbroken = go_on(optimizer.start(evaluate, start), kept_after + 15)
    state = optimizer.start(evaluate, start)
    before = go_on(state, kept_after)
    kept = copy.deepcopy(state)
    assert before + go_on(state, 15) == unbroken
    assert before + go_on(kept, 15) == unbroken
    assert len(unbroken) == len(set(unbroken)) == kept_after + 15


def test_before_gives_its_curvature_and_neither_losses_nor_gradient():
    """The next phase's loss is another one with the same curvature: a million more, and a slope besides."""
    problem, optimizer = Quadratic(at_bounds=0), LBFGS()
    tilt = np.random.default_rng(3).normal(0, 20, SHAPE).astype(np.float32)

    def tilted(image):
        losses, gradient = problem.evaluate(image)
        return Losses(losses.total + 1e6 + float(np.vdot(tilt, image))), gradient + tilt

    def after(state, steps):
        *_, (image, _) = stepwise(optimizer, tilted, state, steps)
        return image.reshape(-1)

    before = optimizer.start(problem.evaluate, np.full(SHAPE, 128, np.float32))
    *_, (image, _) = stepwise(optimizer, problem.evaluate, before, 40)
    state = optimizer.start(tilted, image, before)
    assert state.losses == tilted(image)[0] and state.best[0] == state.losses.total
    np.testing.assert_array_equal(state.gradient, tilted(image)[1])
    minimum = problem.centre - np.linalg.solve(problem.matrix, tilt.reshape(-1))
    ours, anew = after(state, 5), after(optimizer.start(tilted, image), 5)
    assert np.linalg.norm(ours - minimum) < np.linalg.norm(anew - minimum) / 3
