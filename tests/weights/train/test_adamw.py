"""AdamW against Keras' implementation."""

import numpy as np
import tensorflow as tf

from weights.train.adamw import Moments, adamw
from weights.train.settings import Settings


def test_as_keras_does_it():
    rng = np.random.default_rng(0)
    start = {"kernel": rng.normal(0, 1, (3, 4)), "bias": rng.normal(0, 1, 4)}
    parameters = {name: tf.constant(value, tf.float32) for name, value in start.items()}
    zeros = {name: tf.zeros_like(value) for name, value in parameters.items()}
    moments = Moments(zeros, zeros)
    variables = [tf.Variable(value, name=name) for name, value in parameters.items()]
    keras = tf.keras.optimizers.AdamW(
        0.01, weight_decay=0.2, beta_1=0.9, beta_2=0.98, epsilon=1e-8, global_clipnorm=5.0
    )
    keras.exclude_from_weight_decay([variables[1]])
    for step in range(1, 8):
        gradients = {name: tf.constant(rng.normal(0, step, value.shape), tf.float32) for name, value in start.items()}
        settings = Settings(weight_decay=0.2, clip_norm=5.0)
        parameters, moments = adamw(
            parameters, gradients, moments, tf.constant(0.01), tf.constant(float(step)), settings
        )
        keras.apply_gradients(zip(gradients.values(), variables, strict=True))
        for variable, (name, value) in zip(variables, parameters.items(), strict=True):
            np.testing.assert_allclose(value, variable, rtol=1e-5, atol=1e-6, err_msg=f"{name}, step {step}")
            assert np.abs(value - start[name]).max() > 0.005
