"""The direction of L-BFGS against two textbook forms of it, in float64.

Nocedal & Wright, "Numerical Optimization": `dense` multiplies out the BFGS update of the inverse Hessian (Eq. 6.17),
for small problems; `two_loops` is Algorithm 7.4, for vectors of any length.
"""

import ml_dtypes
import numpy as np
import pytest

from vgg.optimize.l_bfgs import CHUNK, Curvature

SMALL = 50
SIZES = [SMALL, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 777]
#: The direction's error relative to its length; a fifth of it was measured.
WITHIN = {np.float32: 1e-6, ml_dtypes.bfloat16: 0.015}

Pairs = list[tuple[np.ndarray, np.ndarray]]


def pairs_of(size: int, count: int, seed: int = 0) -> Pairs:
    """Steps and their changes of the gradient on a quadratic with curvatures from 1 to 30 and a coupling of all."""
    rng = np.random.default_rng(seed)
    curvatures, coupling = rng.permutation(np.geomspace(1, 30, size)), rng.normal(size=size) / size**0.5
    steps = rng.normal(0, 3, (count, size)).astype(np.float32)
    return [(s, (curvatures * s + 20 * coupling * (coupling @ s)).astype(np.float32)) for s in steps]


def gradient_of(size: int) -> np.ndarray:
    return np.random.default_rng(99).normal(0, 5, size).astype(np.float32)


def dense(pairs: Pairs, gradient: np.ndarray) -> np.ndarray:
    s, y = (vector.astype(np.float64) for vector in pairs[-1])
    inverse = np.eye(gradient.size) * (s @ y) / (y @ y)
    for s, y in pairs:
        s, y = s.astype(np.float64), y.astype(np.float64)
        rho = 1 / (s @ y)
        left = np.eye(gradient.size) - rho * np.outer(s, y)
        inverse = left @ inverse @ left.T + rho * np.outer(s, s)
    return -inverse @ gradient.astype(np.float64)


def two_loops(pairs: Pairs, gradient: np.ndarray) -> np.ndarray:
    pairs = [(s.astype(np.float64), y.astype(np.float64)) for s, y in pairs]
    q, alphas = gradient.astype(np.float64), []
    for s, y in reversed(pairs):
        alphas.append((s @ q) / (s @ y))
        q = q - alphas[-1] * y
    s, y = pairs[-1]
    r = (s @ y) / (y @ y) * q
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + (alpha - (y @ r) / (s @ y)) * s
    return -r


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def filled(pairs: Pairs, history: int, dtype: type = np.float32, asked_every: int = 10**9) -> Curvature:
    """All pairs added in turn; the direction is asked for, and not looked at, after each so many."""
    curvature = Curvature(history, pairs[0][0].size, dtype)
    for i, (s, y) in enumerate(pairs, start=1):
        assert curvature.add(s, y)
        if i % asked_every == 0:
            curvature.direction(gradient_of(s.size))
    return curvature


def test_the_two_textbook_forms_agree():
    pairs, gradient = pairs_of(SMALL, 7), gradient_of(SMALL)
    assert relative(two_loops(pairs, gradient), dense(pairs, gradient)) < 1e-12


@pytest.mark.parametrize("dtype", WITHIN)
@pytest.mark.parametrize(("history", "count"), [(1, 1), (5, 1), (5, 3), (5, 5), (5, 6), (5, 13), (1, 3)])
def test_small_against_the_dense_inverse(history, count, dtype):
    """One pair, a memory partly filled, full, and overflowing once and more than once; asked in between or not."""
    pairs, gradient = pairs_of(SMALL, count), gradient_of(SMALL)
    for asked_every in (1, 3, 10**9):
        curvature = filled(pairs, history, dtype, asked_every)
        assert len(curvature) == min(history, count)
        found, expected = curvature.direction(gradient), dense(pairs[-history:], gradient)
        assert found.dtype == np.float32 and found.shape == gradient.shape
        assert relative(found, expected) < WITHIN[dtype], asked_every
        np.testing.assert_array_equal(gradient, gradient_of(SMALL))


@pytest.mark.parametrize("dtype", WITHIN)
@pytest.mark.parametrize("size", SIZES)
def test_any_length_against_the_two_loops(size, dtype):
    """Of one piece or several, the last one whole or not."""
    pairs, gradient = pairs_of(size, 9), gradient_of(size)
    found = filled(pairs, 6, dtype, asked_every=2).direction(gradient)
    assert relative(found, two_loops(pairs[-6:], gradient)) < WITHIN[dtype]
    for end in (np.s_[:8], np.s_[-8:]):  # which a sum over everything would hide
        assert relative(found[end], two_loops(pairs[-6:], gradient)[end]) < 2 * WITHIN[dtype]


def test_rows_of_two_digits_lose_no_more_than_that():
    """What bfloat16 loses is lost when a pair is kept: from the rounded pairs on all is as exact as with float32."""
    gradient = gradient_of(SMALL)
    pairs = [tuple(v.astype(ml_dtypes.bfloat16).astype(np.float32) for v in pair) for pair in pairs_of(SMALL, 4)]
    found = filled(pairs, 4, ml_dtypes.bfloat16).direction(gradient)
    assert relative(found, dense(pairs, gradient)) < WITHIN[np.float32]
    assert filled(pairs, 4, ml_dtypes.bfloat16)._rows.nbytes == 2 * 4 * SMALL * 2


def test_asking_again_gives_the_same_and_for_another_gradient_another():
    pairs = pairs_of(SMALL, 4)
    curvature, gradient, other = filled(pairs, 5, asked_every=4), gradient_of(SMALL), pairs[0][1]
    first = curvature.direction(gradient)
    assert relative(curvature.direction(other), dense(pairs, other)) < WITHIN[np.float32]
    np.testing.assert_array_equal(curvature.direction(gradient), first)


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("before", [2, 5, 8])
def test_nothing_of_what_is_forgotten_remains(before, asked):
    old, new, gradient = pairs_of(SMALL, before, seed=1), pairs_of(SMALL, 3, seed=2), gradient_of(SMALL)
    curvature = filled(old, 5, asked_every=1 if asked else 10**9)
    curvature.forget()
    assert len(curvature) == 0
    for count, (s, y) in enumerate(new, start=1):
        assert curvature.add(s, y) and len(curvature) == count
        assert relative(curvature.direction(gradient), dense(new[:count], gradient)) < WITHIN[np.float32]


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_a_pair_along_which_the_loss_does_not_bend_upwards_is_refused(scale):
    """Whatever the unit of the loss; a refused pair changes nothing."""
    pairs, gradient = pairs_of(SMALL, 3), gradient_of(SMALL)
    pairs = [(s, np.float32(scale) * y) for s, y in pairs]
    curvature = filled(pairs, 5, asked_every=3)
    before = curvature.direction(gradient)
    s, y = np.zeros((2, SMALL), np.float32)
    s[:2], y[:2] = (1, 1), (1, -1)
    across, none, nan = np.float32(scale) * y, np.zeros(SMALL, np.float32), np.full(SMALL, np.nan, np.float32)
    for refused in ((s, across), (s, -np.float32(scale) * s), (s, none), (none, s), (s, nan), (none, none)):
        assert not curvature.add(*refused)
        assert len(curvature) == 3
    np.testing.assert_array_equal(curvature.direction(gradient), before)
    assert curvature.add(s, np.float32(scale) * s)


def test_pairs_may_have_the_shape_of_images():
    pairs, gradient = pairs_of(60, 2), gradient_of(60)
    curvature = Curvature(4, 60)
    for s, y in pairs:
        curvature.add(s.reshape(4, 5, 3), y.reshape(4, 5, 3))
    assert relative(curvature.direction(gradient), dense(pairs, gradient)) < WITHIN[np.float32]
