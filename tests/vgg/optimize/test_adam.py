"""Adam against TensorFlow's own (`tf.keras`), which has ε-hat, and against Algorithm 1 in float64, which has not."""

from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from vgg.optimize.adam import Adam

SHAPE = (3, 4, 3)
CURVATURES = np.geomspace(1e-3, 10, np.prod(SHAPE)).reshape(SHAPE)
CENTRE = np.random.default_rng(0).uniform(60, 200, SHAPE)
START = np.random.default_rng(1).uniform(60, 200, SHAPE).astype(np.float32)
#: Learning rate, β₁, β₂, ε. With the first, ε is as large as the smaller gradients: that is where it counts.
SETTINGS = [(2.0, 0.99, 0.999, 0.1), (10.0, 0.9, 0.999, 1e-8), (0.5, 0.7, 0.8, 1e-3)]


class Total(NamedTuple):
    """What the optimiser asks of losses."""

    total: float


def quadratic(image: np.ndarray) -> tuple[Total, np.ndarray]:
    """½ Σ k (x − c)²."""
    away = image.astype(np.float64) - CENTRE
    return Total(float(np.sum(CURVATURES * away**2) / 2)), (CURVATURES * away).astype(np.float32)


def walk(adam: Adam, steps: int, start: np.ndarray = START, evaluate=quadratic) -> list[np.ndarray]:
    """The images after each step."""
    state, images = adam.start(evaluate, start), []
    for _ in range(steps):
        state = adam.step(evaluate, state)
        images.append(state.image)
    return images


def walk_of_keras(settings, steps: int, start: np.ndarray = START) -> list[np.ndarray]:
    """The same by TensorFlow; pixels clipped after each step, as its tutorial does."""
    rate, beta1, beta2, epsilon = settings
    optimizer = tf.keras.optimizers.Adam(rate, beta_1=beta1, beta_2=beta2, epsilon=epsilon)
    image, images = tf.Variable(start), []
    for _ in range(steps):
        optimizer.apply_gradients([(tf.constant(quadratic(image.numpy())[1]), image)])
        image.assign(tf.clip_by_value(image, 0.0, 255.0))
        images.append(image.numpy())
    return images


def walk_of_algorithm_1(settings, steps: int) -> list[np.ndarray]:
    """Kingma & Ba 2015, Algorithm 1, line by line, in float64."""
    alpha, beta1, beta2, epsilon = settings
    theta, m, v, images = START.astype(np.float64), 0.0, 0.0, []
    for t in range(1, steps + 1):
        g = CURVATURES * (theta - CENTRE)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        theta = theta - alpha * m_hat / (np.sqrt(v_hat) + epsilon)
        images.append(np.clip(theta, 0, 255))
        theta = images[-1]
    return images


@pytest.mark.parametrize("settings", SETTINGS)
def test_with_epsilon_hat_it_is_tensorflows(settings):
    found, expected = walk(Adam(*settings, epsilon_hat=True), 60), walk_of_keras(settings, 60)
    for image, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(image, other, atol=0.01)


@pytest.mark.parametrize("start, bound", [(0.0, 255), (254.0, 0)])
def test_with_epsilon_hat_it_is_tensorflows_at_the_bounds_too(start, bound):
    """Steps of 30 levels overshoot, and are clipped."""
    settings, begin = (30.0, 0.99, 0.999, 0.1), np.full(SHAPE, start, np.float32)
    found, expected = walk(Adam(*settings, epsilon_hat=True), 30, begin), walk_of_keras(settings, 30, begin)
    assert np.any(np.equal(found, bound))
    assert np.min(found) >= 0 and np.max(found) <= 255
    np.testing.assert_allclose(found, expected, atol=0.05)


@pytest.mark.parametrize("settings", SETTINGS)
def test_without_it_is_algorithm_1(settings):
    found, expected = walk(Adam(*settings), 60), walk_of_algorithm_1(settings, 60)
    for image, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(image, other, atol=0.01)


def test_the_two_forms_differ_by_32_in_the_first_step():
    """Where ε is much larger than the gradient, the step is in proportion to 1/ε, and 1/√(1 − 0.999) = 31.6."""

    def gentle(image: np.ndarray) -> tuple[Total, np.ndarray]:
        return Total(0.0), np.full(SHAPE, 1e-6, np.float32)

    moves = [
        START - walk(Adam(100.0, epsilon=0.1, epsilon_hat=hat), 1, evaluate=gentle)[0].astype(np.float64)
        for hat in (False, True)
    ]
    assert np.mean(moves[0]) / np.mean(moves[1]) == pytest.approx(31.6, rel=0.1)


@pytest.mark.parametrize("hat", [False, True])
def test_going_on_from_a_state_is_the_same_as_not_stopping(hat):
    """`before` hands on the means and their age; loss and gradient are evaluated afresh."""
    adam = Adam(2.0, 0.99, 0.999, 0.1, hat)
    whole = walk(adam, 20)
    state = adam.start(quadratic, START)
    for _ in range(8):
        state = adam.step(quadratic, state)
    evaluated = []

    def counted(image: np.ndarray) -> tuple[Total, np.ndarray]:
        evaluated.append(image)
        return quadratic(image)

    state = adam.start(counted, state.image, state)
    assert len(evaluated) == 1 and state.t == 8
    for expected in whole[8:]:
        state = adam.step(counted, state)
        np.testing.assert_array_equal(state.image, expected)
    assert len(evaluated) == 1 + 12, "one evaluation for a step"


def test_from_before_come_the_means_and_not_loss_or_gradient():
    """Another objective begins where the first one ended: its own gradient enters the means of the old ones."""
    adam = Adam(2.0)
    state = adam.step(quadratic, adam.start(quadratic, START))
    slope = np.full(SHAPE, -3.0, np.float32)
    fresh = adam.start(lambda image: (Total(7.0), slope), state.image, state)
    assert fresh.losses.total == 7
    np.testing.assert_array_equal(fresh.gradient, slope)
    after = adam.step(lambda image: (Total(6.0), slope), fresh)
    first = quadratic(START)[1].astype(np.float64)
    np.testing.assert_allclose(after.mean, 0.9 * (0.1 * first) + 0.1 * slope, rtol=1e-5)
    np.testing.assert_allclose(after.square, 0.999 * (0.001 * first**2) + 0.001 * slope**2, rtol=1e-4)


def test_first_step_is_the_learning_rate_against_the_sign_of_the_gradient():
    """Section 2.1 of the paper: after one step m̂ = g and v̂ = g²."""
    (image,) = walk(Adam(3.0), 1)
    np.testing.assert_allclose(image - START, -3 * np.sign(quadratic(START)[1]), atol=1e-4)


def test_a_step_changes_no_state_before_it():
    adam = Adam(3.0)
    first = adam.start(quadratic, START)
    kept = [np.copy(values) for values in (first.image, first.gradient, first.mean, first.square)]
    second = adam.step(quadratic, first)
    adam.step(quadratic, second)
    for before, now in zip(kept, (first.image, first.gradient, first.mean, first.square), strict=True):
        np.testing.assert_array_equal(before, now)
    assert (first.t, second.t) == (0, 1)
    assert all(values.dtype == np.float32 for values in (second.image, second.gradient, second.mean, second.square))
