"""How the network is trained: batches of crops, the terms of the objective against NumPy, AdamW against Keras."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from weights.train import training
from weights.train.settings import Phase, Settings
from weights.train.training import Moments, adamw

# Batches of crops: which drawings they show, and that they depend on the step alone.

SETTINGS = Settings(kinds=9, draws=3, steps=6, phases=(Phase(16, 4, 0.5), Phase(32, 2, 1.0)))


@pytest.fixture
def plain_drawings():
    """Drawing number i has the grey level i everywhere."""
    return np.broadcast_to(np.arange(27, dtype=np.uint8)[:, None, None, None], (27, 80, 70, 3))


def test_two_draws_of_one_kind_belong_together(plain_drawings, monkeypatch):
    monkeypatch.setattr(training, "recoloured", lambda picture, rng: picture)
    for step in range(6):
        pictures, kinds = training.batch(plain_drawings, SETTINGS, step)
        n = 4 if step < 3 else 2
        assert pictures.shape == (2 * n, *(2 * [16 if step < 3 else 32]), 3)
        assert len(set(kinds)) == n
        first, second = pictures[:n, 0, 0, 0], pictures[n:, 0, 0, 0]
        np.testing.assert_array_equal(first // 3, kinds)
        np.testing.assert_array_equal(second // 3, kinds)
        assert (first != second).all()


def test_a_batch_depends_on_seed_and_step_alone():
    drawings = np.random.default_rng(0).integers(0, 256, (27, 48, 48, 3), dtype=np.uint8)
    one_by_one = [training.batch(drawings, SETTINGS, step) for step in range(6)]
    assert not np.array_equal(one_by_one[0].pictures, one_by_one[1].pictures)
    for first in (0, 4):
        found = list(training.batches(drawings, SETTINGS, first))
        assert len(found) == 6 - first
        for batch, expected in zip(found, one_by_one[first:], strict=True):
            np.testing.assert_array_equal(batch.pictures, expected.pictures)
            np.testing.assert_array_equal(batch.kinds, expected.kinds)
    other = training.batch(drawings, replace(SETTINGS, seed=1), 0)
    assert not np.array_equal(other.pictures, one_by_one[0].pictures)


def test_crops_are_scaled_and_lie_anywhere():
    """In a ramp of one level a pixel the slope of a crop is its scale, and its first level its place."""
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (200, 200, 3))
    rng = np.random.default_rng(0)
    found = [training.crop(ramp, 64, rng)[32, :, 0].astype(float) for _ in range(200)]
    slopes = np.array([(row[-2] - row[1]) / 61 for row in found])
    assert slopes.min() == pytest.approx(0.75, abs=0.05) and slopes.max() == pytest.approx(1.5, abs=0.05)
    places = [row[0] for row in found]
    assert min(places) < 5 and max(places) > 130


def test_grey_keeps_no_hue_and_noise_comes_on_top():
    grey = np.full((16, 16, 3), 90, np.uint8)
    found = [training.recoloured(grey, np.random.default_rng(seed)) for seed in range(200)]
    flat = [picture for picture in found if np.ptp(picture) < 0.01]  # R = G = B, and the same everywhere
    assert 60 < len(flat) < 140
    noise = [picture.std() for picture in found if np.ptp(picture) >= 0.01]
    assert 8 < max(noise) < 21
    levels = [picture.mean() for picture in flat]
    assert min(levels) < 60 and max(levels) > 120  # brightness and contrast


def test_hue_turns_and_luma_stays():
    """NTSC's luma of a colour changes with contrast and brightness only, like that of the grey with the same luma."""
    red = np.full((4, 4, 3), (150, 100, 90), np.uint8)
    luma = 0.299 * 150 + 0.587 * 100 + 0.114 * 90  # 113.81
    grey = np.full((4, 4, 3), round(luma), np.uint8)
    turned = 0
    for seed in range(60):
        colour, neutral = (training.recoloured(picture, np.random.default_rng(seed)) for picture in (red, grey))
        if np.ptp(neutral) < 0.01 and colour.min() > 0 and colour.max() < 255:
            found = colour[0, 0] @ [0.299, 0.587, 0.114]
            assert found == pytest.approx(neutral[0, 0, 0], abs=0.5)
            turned += colour[0, 0, 2] > colour[0, 0, 0]  # more blue than red
    assert turned > 3


# The terms of the training objective, each against its formula in NumPy.


@pytest.fixture
def embedding():
    found = np.random.default_rng(0).normal(0, 1, (10, 7))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture
def head():
    return {name.removeprefix("relu2_1/"): x for name, x in training.initial_heads(5, 0).items() if "relu2_1" in name}


def test_contrastive_loss(embedding):
    """Chen et al. 2020, Eq. 1, pair by pair."""
    similar = np.exp(embedding @ embedding.T / 0.15)
    expected = 0.0
    for i in range(10):
        partner = (i + 5) % 10
        expected -= np.log(similar[i, partner] / sum(similar[i, k] for k in range(10) if k != i)) / 10
    found = training.contrastive_loss(tf.constant(embedding, tf.float32))
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_kind_loss(embedding):
    """Cross-entropy with labels that are right to 95 % and say "any of them" to 5 %."""
    directions = np.random.default_rng(1).normal(0, 3, (7, 4))
    kinds = np.array([0, 3, 1, 1, 2, 0, 3, 1, 1, 2])
    expected = 0.0
    for vector, kind in zip(embedding, kinds, strict=True):
        cosines = [vector @ directions[:, k] / np.linalg.norm(directions[:, k]) for k in range(4)]
        shares = np.exp(20 * np.array(cosines))
        shares /= shares.sum()
        for k in range(4):
            expected -= (0.05 / 4 + 0.95 * (k == kind)) * np.log(shares[k]) / 10
    found = training.kind_loss(*(tf.constant(x, tf.float32) for x in (embedding, directions)), tf.constant(kinds))
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_pixels_that_are_in_the_maps_are_found_again(head):
    """Maps that hold each 2×2 block of a small picture give it back without error; a level off costs its square."""
    picture = np.random.default_rng(2).normal(0, 1, (1, 8, 8, 3)).astype(np.float32)
    blocks = picture.reshape(1, 4, 2, 4, 2, 3).transpose(0, 1, 3, 2, 4, 5).reshape(1, 4, 4, 12)
    head |= {"pixels": tf.eye(12), "pixels_bias": tf.zeros(12)}
    large = np.kron(picture, np.ones((1, 4, 4, 1), np.float32))  # averaged to the size of the small one
    for wanted in (picture, large):
        assert float(training.pixel_loss(head, tf.constant(blocks), tf.constant(wanted))) < 1e-6
        off = float(training.pixel_loss(head, tf.constant(blocks), tf.constant(wanted + 0.5)))
        assert off == pytest.approx(0.25, rel=1e-3)


def test_embedding_sees_which_features_meet_and_not_where(head):
    rng = np.random.default_rng(3)
    x = np.maximum(rng.normal(0, 1, (2, 6, 6, 64)), 0).astype(np.float32)

    def embed(maps):
        return training.embed(head, tf.constant(maps), tf.constant(maps.mean((1, 2)))).numpy()

    expected = embed(x)
    np.testing.assert_allclose(np.linalg.norm(expected, axis=1), 1, rtol=1e-5)
    moved = x.reshape(2, 36, 64)[:, rng.permutation(36)].reshape(x.shape)
    np.testing.assert_allclose(embed(moved), expected, atol=1e-5)
    each_its_own = x.reshape(2, 36, 64).copy()
    rng.permuted(each_its_own, axis=1, out=each_its_own)  # same means, other coincidences
    assert np.abs(embed(each_its_own.reshape(x.shape)) - expected).max() > 0.01


def test_terms_are_weighed():
    terms = {
        name: tf.constant(value)
        for name, value in zip(("contrast", "kind", "pixels", "sparsity"), (1.0, 10.0, 100.0, 1000.0), strict=True)
    }
    found = training.total(terms, Settings(contrast=0.5, kind=0.2, pixels=0.3, sparsity=0.1))
    assert float(found) == pytest.approx(5 * (0.5 + 2 + 30 + 100))


# AdamW against Keras' implementation.


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
