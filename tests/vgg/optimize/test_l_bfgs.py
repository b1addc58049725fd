"""Our own L-BFGS on problems of known difficulty: Rosenbrock's valley against SciPy, a quadratic, a Gram matrix."""

import ml_dtypes
import numpy as np
import pytest
import scipy.optimize

from quadratic import SHAPE, Quadratic
from vgg.optimize.l_bfgs import HISTORY, PairHistory, minimise
from vgg.optimize.optimizers import l_bfgs_unit


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
        return evaluated[-1], (gradient / 100).astype(np.float32).reshape(image.shape)

    def until(goal):
        return next(i for i, loss in enumerate(evaluated) if loss <= goal)

    def evaluate_flat(pixels):
        loss, gradient = evaluate(pixels)
        return loss, gradient.astype(float)

    start = rng.uniform(20, 180, SHAPE)
    minimise(evaluate, start, 300, lambda image: None)
    ours = until(1e-6)
    evaluated.clear()
    as_ours = {"bounds": [(0, 255)] * start.size, "options": {"maxcor": HISTORY.pairs}}
    scipy.optimize.minimize(evaluate_flat, start.reshape(-1), jac=True, method="L-BFGS-B", **as_ours)
    assert ours <= 1.5 * until(1e-6)


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
def test_our_l_bfgs_remembers_as_much_as_it_is_told(dtype):
    """The same valley: ten pairs leave less than half of what one leaves, and forty less than half of that."""
    ends = []
    for history in (1, 10, 40):
        problem = Quadratic(at_bounds=0, steepest=1000.0)
        start = np.full(SHAPE, 128, np.float32)
        l_bfgs_unit(problem.evaluate, start, 60, 2.0, problem.on_step, PairHistory(history, dtype))
        ends.append(min(problem.losses))
        np.testing.assert_array_equal(start, 128)  # the caller's
    assert ends[0] > 2 * ends[1] > 4 * ends[2]


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_our_l_bfgs_remembers_less_exactly_if_told(scale):
    """Pairs of two digits change the way there a little, and not where it ends, whatever the unit of the loss."""
    ends = []
    for dtype in (np.float32, ml_dtypes.bfloat16):
        problem = Quadratic(at_bounds=12, scale=scale)
        l_bfgs_unit(problem.evaluate, np.full(SHAPE, 128, np.float32), 60, 2.0, problem.on_step, PairHistory(40, dtype))
        ends.append(problem.steps[-1].reshape(-1))
        assert np.abs(ends[-1] - problem.solution).max() < 0.02
    assert not np.array_equal(*ends)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("spread", [20, 60])
def test_our_l_bfgs_on_a_gram_matrix_from_noise(seed, spread):
    """Σ (X Xᵀ / M − A)², the style loss's form, is much steeper far out: a step that went too far must teach something.

    A can be reached exactly. If all that was learned is dropped with such a step, up to 16 of 56 evaluations are in
    vain, and a third of these runs give up long before.
    """
    rng = np.random.default_rng(seed)
    reached = rng.normal(size=(4, 15)) * np.geomspace(1, 0.1, 4)[:, None]
    evaluated, losses = [], []

    def evaluate(image):
        maps = (image.reshape(4, 15).astype(float) - 128) / 20
        difference = (maps @ maps.T - reached @ reached.T) / 15
        evaluated.append(float(np.sum(difference**2)))
        return evaluated[-1], (4 / 15 / 20 * difference @ maps).astype(np.float32).reshape(image.shape)

    start = np.clip(128 + rng.normal(0, spread, SHAPE), 0, 255)
    minimise(evaluate, start, 40, lambda image: losses.append(evaluated[-1]))
    assert len(losses) == 40 and len(evaluated) <= 40 + 5
    assert min(losses) < 1e-11 * evaluated[0]
