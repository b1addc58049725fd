"""Waves of an image by their frequency: cosines, an inverse, and L-BFGS that moves large forms first."""

import numpy as np
import pytest

from quadratic import Losses, stepwise
from vgg.optimize.l_bfgs import F0, LBFGS, scale_frequencies

HEIGHT, WIDTH = 24, 40


def wave(periods_down: float, periods_across: float) -> np.ndarray:
    """A cosine in each channel, with so many periods in the image's height and width; halves are allowed."""
    y, x = (np.arange(HEIGHT) + 0.5) / HEIGHT, (np.arange(WIDTH) + 0.5) / WIDTH
    plane = np.cos(2 * np.pi * periods_down * y)[:, None] * np.cos(2 * np.pi * periods_across * x)
    return np.stack([plane, 2 * plane, -plane], axis=-1).astype(np.float32)


@pytest.mark.parametrize("power", [-1, -0.5, 0.5])
@pytest.mark.parametrize("periods", [(0, 0), (1, 0), (0, 2.5), (3, 4), (11.5, 0.5)])
def test_a_wave_is_multiplied_by_its_frequency(periods, power):
    """Which is its number of periods in each pixel, by Pythagoras."""
    frequency = np.hypot(periods[0] / HEIGHT, periods[1] / WIDTH)
    expected = wave(*periods) * (frequency + F0) ** power
    np.testing.assert_allclose(scale_frequencies(wave(*periods), power), expected, atol=2e-6 * np.abs(expected).max())


def test_it_is_symmetric_and_has_an_inverse():
    a, b = np.random.default_rng(0).normal(size=(2, 13, 17, 3)).astype(np.float32)
    assert np.vdot(scale_frequencies(a, -0.5), b) == pytest.approx(np.vdot(a, scale_frequencies(b, -0.5)), rel=1e-4)
    np.testing.assert_allclose(scale_frequencies(scale_frequencies(a, -0.5), 0.5), a, atol=1e-5)


def test_a_first_smooth_step_moves_large_forms_most():
    """Each wave goes down its gradient by 1 / f: of two waves with equal gradients the one 20 times as long moves more.

    Their frequencies are 1/40 and 20/40 in each pixel, so by (0.5 + F0) / (0.025 + F0) = 14.6.
    """
    large, small = wave(0, 1), wave(0, 19.5)
    state = LBFGS(smooth=True).start(lambda image: (Losses(1.0), large + small), np.full(large.shape, 128.0))
    moved = LBFGS(smooth=True).step(lambda image: (Losses(0.5), large + small), state).image - 128
    shares = [float(np.vdot(moved, form) / np.vdot(form, form)) for form in (large, small)]
    assert shares[1] < 0
    assert shares[0] / shares[1] == pytest.approx((19.5 / 40 + F0) / (1 / 40 + F0), rel=1e-3)


class Texture:
    """½ Σ (C (x − c))², where C multiplies each wave of x by f^½, so that large forms hardly count; 0 at x = c."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.centre = (
            128 + 60 * (wave(1, 0.5) + wave(0, 2)) / 2 + rng.normal(size=(HEIGHT, WIDTH, 3)).astype(np.float32)
        )

    def evaluate(self, image):
        away = (image - self.centre).astype(np.float32)
        slope = scale_frequencies(away, 1)
        return Losses(float(np.vdot(away, slope)) / 2), slope


def steps_until(optimizer: LBFGS, share: float) -> int:
    """How many steps until the loss is down to this share of the first."""
    problem = Texture()
    state = optimizer.start(problem.evaluate, np.full((HEIGHT, WIDTH, 3), 128, np.float32))
    goal = share * state.losses.total
    for number, (_, losses) in enumerate(stepwise(optimizer, problem.evaluate, state, 100), 1):
        if losses.total <= goal:
            return number
    raise AssertionError("it did not get there")


def test_where_large_forms_hardly_count_smooth_steps_arrive_sooner():
    """With A A = 1 / f the problem is a sphere in z, where L-BFGS needs a few steps; the guess of the scale is one."""
    assert steps_until(LBFGS(smooth=True), 1e-4) <= 8
    assert steps_until(LBFGS(), 1e-4) > 1.5 * steps_until(LBFGS(smooth=True), 1e-4)
