"""TensorFlow's tutorial in its own units: pixels from 0 to 1, Keras' Adam with 0.02, β₁ 0.99, ε 0.1, then clipped."""

from dataclasses import replace

import numpy as np
import tensorflow as tf

from tiny_network import tiny_weights
from transfer.files import Files
from transfer.inputs import Images
from transfer.other_programs import RECIPES
from transfer.session import Job, Session

STEPS = 12


def test_steps_are_those_of_keras():
    """The style weighs little here, so that gradients are about as large as ε; there they would hide it."""
    rng = np.random.default_rng(11)
    content, style = (rng.integers(0, 256, (24, 32, 3), dtype=np.uint8) for _ in range(2))
    recipe = replace(RECIPES["tensorflow-tutorial"], content_weight=0.0, style_weight=1e-8, tv_weight=0.01)
    session, images = Session(tiny_weights(), 8e9), Images(content, (style,), content, Files("content", "style"))
    objective = session.objective(recipe, images)

    optimizer = tf.keras.optimizers.Adam(learning_rate=0.02, beta_1=0.99, epsilon=1e-1)
    image = tf.Variable(content.astype(np.float32) / 255)
    expected, gradients = [], []
    for _ in range(STEPS):
        gradients.append(255 * objective(255 * image.numpy())[1])  # by pixels from 0 to 1
        optimizer.apply_gradients([(tf.constant(gradients[-1]), image)])
        image.assign(tf.clip_by_value(image, 0.0, 1.0))
        expected.append(255 * image.numpy())
    assert 0.003 < np.median(np.abs(gradients)) < 0.3, "or ε would not show"

    job = Job(recipe, images)
    adam = session.phases(job)[-1].optimizer
    state = adam.start(objective, session.start(job))
    for image in expected:
        state = adam.step(objective, state)
        np.testing.assert_allclose(state.image, image, atol=0.02)
    assert np.abs(expected[-1] - content).max() > 1
