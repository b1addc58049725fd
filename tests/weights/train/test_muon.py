"""Muon against a singular value decomposition, and Adam against Keras."""

import numpy as np
import pytest
import tensorflow as tf

from weights.train.optimizer import evened, no_moments, updated


@pytest.mark.parametrize("shape", [(3, 3, 3, 8), (3, 3, 8, 90), (3, 3, 4, 5)])
def test_evened_keeps_the_directions_and_brings_their_lengths_together(shape):
    direction = np.random.default_rng(0).normal(size=shape) * np.geomspace(1, 5, shape[-1])
    u, before, vt = np.linalg.svd(direction.reshape(-1, shape[-1]), full_matrices=False)
    found = evened(tf.constant(direction, tf.float32)).numpy()
    assert found.shape == shape
    inside = u.T @ found.reshape(-1, shape[-1]) @ vt.T
    after = np.diag(inside)
    np.testing.assert_allclose(inside, np.diag(after), atol=1e-4)
    assert after.min() > 0.6 and after.max() < 1.3 and before.max() / before.min() > 3


def test_a_kernel_moves_by_a_share_of_its_norm_against_its_gradients():
    """Two steps by hand: Nesterov's momentum of 0.95, and a long gradient counts no more than a short one."""
    rng = np.random.default_rng(1)
    value = tf.constant(rng.normal(size=(3, 3, 4, 6)), tf.float32)
    gradients = [tf.constant(100**i * rng.normal(size=value.shape), tf.float32) for i in range(2)]
    parameters = {"a/kernel": value}
    moments = no_moments(parameters)
    for step, gradient in enumerate(gradients, 1):
        before = parameters["a/kernel"].numpy()
        rates = tf.constant(0.02), tf.constant(1.0)
        parameters, moments = updated(parameters, {"a/kernel": gradient}, moments, *rates, tf.constant(float(step)))
        moved = parameters["a/kernel"].numpy() - before
        one, two = (of / np.linalg.norm(of) for of in gradients)
        expected = evened(one + 0.95 * one if step == 1 else two + 0.95 * (two + 0.95 * one)).numpy()
        np.testing.assert_allclose(moved / np.linalg.norm(moved), -expected / np.linalg.norm(expected), atol=1e-4)
        assert np.linalg.norm(moved) == pytest.approx(0.02 * np.linalg.norm(before), rel=1e-3)


def test_adam_as_keras_does_it():
    rng = np.random.default_rng(0)
    start = {"head": rng.normal(0, 1, (3, 4)), "gain": rng.normal(0, 1, 4)}
    parameters = {name: tf.constant(value, tf.float32) for name, value in start.items()}
    moments = no_moments(parameters)
    variables = [tf.Variable(value, name=name) for name, value in parameters.items()]
    keras = tf.keras.optimizers.Adam(0.01, beta_1=0.9, beta_2=0.98, epsilon=1e-8)
    for step in range(1, 8):
        gradients = {name: tf.constant(rng.normal(0, step, value.shape), tf.float32) for name, value in start.items()}
        rates = tf.constant(9.0), tf.constant(0.01)
        parameters, moments = updated(parameters, gradients, moments, *rates, tf.constant(float(step)))
        keras.apply_gradients(zip(gradients.values(), variables, strict=True))
        for variable, (name, value) in zip(variables, parameters.items(), strict=True):
            np.testing.assert_allclose(value, variable, rtol=1e-5, atol=1e-6, err_msg=f"{name}, step {step}")
            assert np.abs(value - start[name]).max() > 0.005
