"""Our own L-BFGS on problems of known difficulty: Rosenbrock's valley against SciPy, a quadratic, a Gram matrix."""

from itertools import pairwise

import ml_dtypes
import numpy as np
import pytest
import scipy.optimize

from gram_problem import Gram
from quadratic import SHAPE, Losses, Quadratic, stepwise
from vgg.optimize.l_bfgs import FIRST_STEP, GIVE_UP, LBFGS, LONGEST_STEP, TOLERATED_RISE


def length(move: np.ndarray) -> float:
    """Root mean square, in pixel levels."""
    return float(np.sqrt(np.mean(np.square(move, dtype=np.float64))))


@pytest.mark.parametrize("seed", range(4))
def test_rosenbrocks_valley_as_soon_as_scipy(seed):
    """Σ 100 (x₁ − x₀²)² + (1 − x₀)² in 30 planes, from pixels / 100; its only minimum there is at 100 levels each."""
    rng, evaluated = np.random.default_rng(seed), []

    def evaluate(image):
        x = image.reshape(-1).astype(float) / 100
        x0, x1 = x[0::2], x[1::2]
        gradient = np.empty(60)
        gradient[0::2] = -400 * x0 * (x1 - x0**2) - 2 * (1 - x0)
        gradient[1::2] = 200 * (x1 - x0**2)
        evaluated.append(float(np.sum(100 * (x1 - x0**2) ** 2 + (1 - x0) ** 2)))
        return Losses(evaluated[-1]), (gradient / 100).astype(np.float32).reshape(image.shape)

    def until(goal):
        return next(i for i, loss in enumerate(evaluated) if loss <= goal)

    def evaluate_flat(pixels):
        losses, gradient = evaluate(pixels)
        return losses.total, gradient.astype(float)

    start = rng.uniform(20, 180, SHAPE)
    list(stepwise(LBFGS(), evaluate, LBFGS().start(evaluate, start), 300))
    ours = until(1e-6)
    evaluated.clear()
    as_ours = {"bounds": [(0, 255)] * start.size, "options": {"maxcor": LBFGS().history}}
    scipy.optimize.minimize(evaluate_flat, start.reshape(-1), jac=True, method="L-BFGS-B", **as_ours)
    assert ours <= 1.5 * until(1e-6)


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
def test_it_remembers_as_much_as_it_is_told(dtype):
    """Ten pairs leave less than half of what one leaves, and forty less than half of that."""
    histories = (1, 10, 40)
    ends = [min(Quadratic(0, steepest=1000.0).run(LBFGS(pairs, dtype), 60).losses) for pairs in histories]
    assert ends[0] > 2 * ends[1] > 4 * ends[2]


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_it_remembers_less_exactly_if_told(scale):
    """Pairs of two digits change the way there a little, and not where it ends, whatever the unit of the loss."""
    ends = []
    for dtype in (np.float32, ml_dtypes.bfloat16):
        problem = Quadratic(at_bounds=12, scale=scale).run(LBFGS(40, dtype), 60)
        ends.append(problem.steps[-1].reshape(-1))
        assert np.abs(ends[-1] - problem.solution).max() < 0.02
    assert not np.array_equal(*ends)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("spread", [20, 60])
def test_a_gram_matrix_from_noise(seed, spread):
    """Far out it is much steeper: a step that went too far must teach something.

    If all that was learned is dropped with such a step, up to 16 of 56 evaluations are in vain, and a third of these
    runs give up long before. The goal is a thousand times above what rounding the pixels to float32 changes; there
    every step fails, because two images next to each other have losses that are several times apart.
    """
    problem, optimizer = Gram(seed), LBFGS()
    state = optimizer.start(problem.evaluate, problem.start(spread))
    goal, steps = 1e-11 * problem.evaluated[0], 0
    while state.losses.total > goal:
        state, steps = optimizer.step(problem.evaluate, state), steps + 1
        assert state is not None and steps <= 40
    assert len(problem.evaluated) <= 1 + steps + 5


def test_a_step_that_raises_the_loss_by_much_is_undone():
    """Down a nearly straight slope, where the second step is as long as may be, and far into a wall.

    By 5 % over the best so far at most. An image that was not kept shows in none of the steps.
    """
    wall, evaluated, best = np.random.default_rng(0).uniform(105, 120, SHAPE), [], np.inf

    def evaluate(image):
        away, behind = image.astype(np.float64) + 2000, np.maximum(wall - image, 0)
        evaluated.append(float(np.sum(away**2 / 2e3 + 2 * behind**2)))
        return Losses(evaluated[-1]), (away / 1e3 - 4 * behind).astype(np.float32)

    steps = stepwise(LBFGS(), evaluate, LBFGS().start(evaluate, np.full(SHAPE, 128, np.float32)), 25)
    for image, losses in steps:
        assert losses.total <= TOLERATED_RISE * min(best, evaluated[0])
        best = min(best, losses.total)
        assert losses.total == evaluate(image)[0].total
    assert evaluated[3] > TOLERATED_RISE * evaluated[1], "or there was nothing to undo"


def test_it_gives_up_when_no_step_helps():
    """A loss that is higher wherever one goes: ten tries, half as long each, then no further step."""
    start, evaluated, optimizer = np.full(SHAPE, 128, np.float32), [], LBFGS()

    def evaluate(image):
        evaluated.append(image)
        return Losses(1.0 if np.array_equal(image, start) else 1.06), np.ones(SHAPE, np.float32)

    state = optimizer.start(evaluate, start)
    assert optimizer.step(evaluate, state) is None
    tried = [length(image - start) for image in evaluated[1:]]
    assert len(tried) == GIVE_UP
    np.testing.assert_allclose(tried, FIRST_STEP * 0.5 ** np.arange(GIVE_UP), rtol=1e-2)
    np.testing.assert_array_equal(state.image, start)
    assert optimizer.step(evaluate, state) is None and len(evaluated) == 1 + GIVE_UP


def test_first_step_is_one_level_and_none_is_too_long():
    """Along a nearly straight slope the curvature asks for a step of 2000 levels."""

    def evaluate(image):
        away = image.astype(np.float64) - 2128
        return Losses(float(np.sum(away**2)) / 2e3), (away / 1e3).astype(np.float32)

    state = LBFGS().start(evaluate, np.full(SHAPE, 128, np.float32))
    images = [128, *(image for image, _ in stepwise(LBFGS(), evaluate, state, 3))]
    moves = [length(after - before) for before, after in pairwise(images)]
    np.testing.assert_allclose(moves, [FIRST_STEP, LONGEST_STEP, LONGEST_STEP], rtol=1e-5)


def flat(image):
    return Losses(1.0), np.zeros(SHAPE, np.float32)


def darker(image):
    return Losses(float(image.sum())), np.ones(SHAPE, np.float32)


@pytest.mark.parametrize("evaluate", [flat, darker], ids=["no slope", "held by the bounds"])
def test_at_a_minimum_there_is_no_step(evaluate):
    assert LBFGS().step(evaluate, LBFGS().start(evaluate, np.zeros(SHAPE, np.float32))) is None


def test_it_ends_when_a_step_changes_no_pixel():
    """At 100.1, which no float32 is: the slope is never 0, but the step gets shorter than a pixel's last digit."""

    def evaluate(image):
        away = image.astype(np.float64) - 100.1
        return Losses(float(np.sum(away**2))), (2 * away).astype(np.float32)

    images = [image for image, _ in stepwise(LBFGS(), evaluate, LBFGS().start(evaluate, np.full(SHAPE, 103.0)), 50)]
    assert len(images) < 10
    np.testing.assert_array_equal(images[-1], np.float32(100.1))
