"""The terms of the training objective, each against its formula in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from weights.train import objective
from weights.train.settings import Settings


@pytest.fixture
def embedding():
    found = np.random.default_rng(0).normal(0, 1, (10, 7))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture
def head():
    return {name.removeprefix("relu2_1/"): x for name, x in objective.initial_heads(5, 0).items() if "relu2_1" in name}


def test_contrastive_loss(embedding):
    """Chen et al. 2020, Eq. 1, pair by pair."""
    similar = np.exp(embedding @ embedding.T / 0.15)
    expected = 0.0
    for i in range(10):
        partner = (i + 5) % 10
        expected -= np.log(similar[i, partner] / sum(similar[i, k] for k in range(10) if k != i)) / 10
    found = objective.contrastive_loss(tf.constant(embedding, tf.float32))
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
    found = objective.kind_loss(*(tf.constant(x, tf.float32) for x in (embedding, directions)), tf.constant(kinds))
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_pixels_that_are_in_the_maps_are_found_again(head):
    """Maps that hold each 2×2 block of a small picture give it back without error; a level off costs its square."""
    picture = np.random.default_rng(2).normal(0, 1, (1, 8, 8, 3)).astype(np.float32)
    blocks = picture.reshape(1, 4, 2, 4, 2, 3).transpose(0, 1, 3, 2, 4, 5).reshape(1, 4, 4, 12)
    head |= {"pixels": tf.eye(12), "pixels_bias": tf.zeros(12)}
    large = np.kron(picture, np.ones((1, 4, 4, 1), np.float32))  # averaged to the size of the small one
    for wanted in (picture, large):
        assert float(objective.pixel_loss(head, tf.constant(blocks), tf.constant(wanted))) < 1e-6
        off = float(objective.pixel_loss(head, tf.constant(blocks), tf.constant(wanted + 0.5)))
        assert off == pytest.approx(0.25, rel=1e-3)


def test_embedding_sees_which_features_meet_and_not_where(head):
    rng = np.random.default_rng(3)
    x = np.maximum(rng.normal(0, 1, (2, 6, 6, 64)), 0).astype(np.float32)

    def embed(maps):
        return objective.embed(head, tf.constant(maps), tf.constant(maps.mean((1, 2)))).numpy()

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
    found = objective.total(terms, Settings(contrast=0.5, kind=0.2, pixels=0.3, sparsity=0.1))
    assert float(found) == pytest.approx(5 * (0.5 + 2 + 30 + 100))
