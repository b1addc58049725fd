"""The two terms of the imitation against their definitions, and the rate."""

import numpy as np
import pytest
import tensorflow as tf

from vgg.network import VGG19
from weights.train.imitation import losses, rate, style_distances, units
from weights.train.settings import Settings
from weights.train.student import COMPARED, IMITATED


def random_maps(seed, channels=5):
    rng = np.random.default_rng(seed)
    return {name: tf.constant(np.maximum(rng.normal(0.2, 1, (3, 4, 4, channels)), 0), tf.float32) for name in IMITATED}


def test_style_distances_are_those_of_gram_matrices():
    maps = random_maps(0)["relu1_1"]
    rows = maps.numpy().astype(float).reshape(3, 16, 5)
    grams = [np.einsum("mi,mj->ij", image, image) / 16 for image in rows]
    expected = [np.linalg.norm(grams[i] - grams[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(style_distances(maps), expected, rtol=1e-4)


def test_a_rotated_teacher_is_imitated_without_error():
    """Maps in another orthonormal basis have the same style distances, and the head that rotates back finds them."""
    teacher = random_maps(1)
    rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(5, 5)))[0].astype(np.float32)
    student = {name: maps @ rotation for name, maps in teacher.items()}
    heads = {f"{name}/head": tf.constant(rotation.T) for name in IMITATED}
    terms = losses(heads, student, teacher)
    assert terms["maps"].shape == 16 and terms["distances"].shape == 5
    assert max(abs(terms["maps"].numpy())) < 1e-10 and max(abs(terms["distances"].numpy())) < 1e-6


def test_each_term_is_1_for_a_student_that_gives_nothing():
    """Only the maps are divided by their units before: here their mean square is brought to 1."""
    teacher = {name: maps / tf.sqrt(tf.reduce_mean(maps**2)) for name, maps in random_maps(3).items()}
    student = {name: tf.zeros((3, 4, 4, 2)) for name in IMITATED}
    terms = losses({f"{name}/head": tf.ones((2, 5)) for name in IMITATED}, student, teacher)
    np.testing.assert_allclose(terms["maps"], 1, rtol=1e-5)
    np.testing.assert_allclose(terms["distances"], 1, atol=5e-3)


def test_distances_know_how_much_each_channel_counts():
    """Maps twice as large have four times the distances, so the error is (4 - 1)² of the teacher's square."""
    teacher = random_maps(4)
    terms = losses(
        {f"{name}/head": tf.eye(5) / 2 for name in IMITATED}, {n: 2 * m for n, m in teacher.items()}, teacher
    )
    np.testing.assert_allclose(terms["distances"], 9, rtol=1e-3)
    np.testing.assert_allclose(terms["maps"], 0, atol=1e-10)


def test_units_are_root_mean_squares(weights, image):
    teacher = VGG19(weights, "avg")
    images = [image, image[::-1]]
    maps = np.stack([teacher(tf.constant(x[None], tf.float32), ["relu3_1"])["relu3_1"].numpy() for x in images])
    assert units(teacher, images)["relu3_1"] == pytest.approx(np.sqrt((maps.astype(float) ** 2).mean()), rel=1e-5)


def test_style_layers_are_the_papers():
    assert COMPARED == ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1") and set(COMPARED) < set(IMITATED)


def test_rate_rises_stays_and_falls():
    settings = Settings(steps=1000, warm_up=50, end=0.2)
    assert [rate(settings, step) for step in (0, 24, 49, 500, 800)] == pytest.approx([0.02, 0.5, 1, 1, 1])
    assert [rate(settings, step) for step in (900, 950, 999)] == pytest.approx([0.5, 0.25, 0.005])
