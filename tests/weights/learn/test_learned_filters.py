"""Learning filters: known structure must be found; small tables of channels keep it fast."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.signal

import numpy_network
from vgg.layers import LAYERS
from weights.learn import filters as learn_module
from weights.learn.dead_leaves import dead_leaves
from weights.learn.filters import learn, learn_kernel, spherical_kmeans, untrained


@pytest.fixture
def small_table(monkeypatch):
    """conv1_1 … conv3_2 with at most eight channels, and few patches; the pictures that go with it."""
    rows = [row._replace(channels_in=min(8, row.channels_in), channels=min(8, row.channels)) for row in LAYERS[:14]]
    monkeypatch.setattr(learn_module, "LAYERS", tuple(rows))
    monkeypatch.setattr(learn_module, "PATCHES", 3000)
    return [dead_leaves(seed, 64) for seed in (0, 1)]


@pytest.mark.parametrize("seed", range(3))
def test_kmeans_finds_the_directions_that_points_gather_around(seed):
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.normal(size=(6, 6)))[0][:4]
    points = np.vstack([direction + rng.normal(0, 0.08, (200, 6)) for direction in directions])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    centres = spherical_kmeans(points.astype(np.float32), 12, rng)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-4)
    cosines = centres @ directions.T
    assert cosines.max(axis=0).min() > 0.99  # each direction has a centre
    # Centres are means: closer to a direction than its points are, whose cosines are 0.97 on average.
    assert cosines.max(axis=1).min() > 0.985


def test_kmeans_with_fewer_points_than_clusters():
    points = np.eye(3, dtype=np.float32)
    centres = spherical_kmeans(points, 10, np.random.default_rng(0))
    assert centres.shape == (10, 3)
    assert set(np.argmax(centres, axis=1)) == {0, 1, 2}
    np.testing.assert_allclose(centres.max(axis=1), 1, atol=1e-4)


def stripes(axis, seed):
    """(64, 64, 3): random grey lines, all along one axis, and a little noise."""
    rng = np.random.default_rng(seed)
    lines = np.repeat(rng.normal(0, 60, (64, 1)), 64, axis=1)
    grey = lines if axis == 0 else lines.T
    return (grey[..., None] + rng.normal(0, 3, (64, 64, 3))).astype(np.float32)


def strengths(picture, kernel):
    """The standard deviation of each filter's response."""
    responses = [
        sum(scipy.signal.correlate2d(picture[..., i], kernel[..., i, out], mode="valid") for i in range(3))
        for out in range(kernel.shape[3])
    ]
    return np.array([response.std() for response in responses])


@pytest.mark.parametrize("seed", range(3))
def test_learned_filters_tell_directions_apart(monkeypatch, seed):
    monkeypatch.setattr(learn_module, "PATCHES", 4000)
    kernel = learn_kernel([stripes(0, 1)[None], stripes(1, 2)[None]], 8, np.random.default_rng(seed))
    assert kernel.shape == (3, 3, 3, 8)
    ratios = strengths(stripes(0, 3), kernel) / strengths(stripes(1, 4), kernel)
    assert (ratios > 4).sum() >= 3  # filters for lines from left to right
    assert (ratios < 1 / 4).sum() >= 3  # and for those from top to bottom
    random = np.random.default_rng(seed).normal(size=kernel.shape)
    ratios = strengths(stripes(0, 3), random) / strengths(stripes(1, 4), random)
    assert ((ratios > 4) | (ratios < 1 / 4)).sum() <= 1  # or this test would prove nothing


def marks(turn):
    """(96, 96, 3): the letter L, `turn`ed, at places that differ, on a little noise."""
    rng = np.random.default_rng(2)
    grey, letter = rng.normal(0, 3, (96, 96)), turn(np.array([[100, 0, 0], [100, 0, 0], [100, 100, 0]]))
    for top in range(1, 90, 6):
        for left in range(1, 90, 6):
            y, x = top + rng.integers(3), left + rng.integers(3)
            grey[y : y + 3, x : x + 3] += letter
    return np.repeat(grey[..., None], 3, axis=2).astype(np.float32)


def test_filters_are_not_mirrored_or_on_their_side(monkeypatch):
    monkeypatch.setattr(learn_module, "PATCHES", 4000)
    kernel = learn_kernel([marks(np.asarray)[None]], 12, np.random.default_rng(0))

    def fit(turn):
        picture = marks(turn)
        peaks = []
        for out in range(12):
            response = sum(scipy.signal.correlate2d(picture[..., i], kernel[..., i, out], "valid") for i in range(3))
            peaks.append(np.percentile(response, 99.5) / np.linalg.norm(kernel[..., out]))
        return np.mean(peaks)

    for other in (np.flipud, np.fliplr, np.rot90, np.transpose):
        assert fit(np.asarray) > 1.05 * fit(other), other


def test_filters_lie_in_the_channels_that_vary(monkeypatch):
    # Six channels mixed from two sources: with two components, a filter has nothing to say about other mixtures.
    monkeypatch.setattr(learn_module, "COMPONENTS", 2)
    rng = np.random.default_rng(0)
    mixing = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    sources = rng.normal(0, [5, 3], (1, 40, 40, 2))
    kernel = learn_kernel([(sources @ mixing[:2] + 7).astype(np.float32)], 5, rng)
    assert kernel.shape == (3, 3, 6, 5)
    inside, outside = (np.abs(np.tensordot(rows, kernel, (1, 2))).max() for rows in (mixing[:2], mixing[2:]))
    assert outside < 1e-4 * inside


@pytest.mark.parametrize("sparsity", [30, 70])
def test_mean_activation_is_one_and_sparsity_as_asked(small_table, monkeypatch, sparsity):
    monkeypatch.setattr(learn_module, "SPARSITY", sparsity)
    reported = []
    convolutions = learn(small_table, 0, reported.append)
    assert reported == list(convolutions) == ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2"]
    assert [conv.kernel.shape[2:] for conv in convolutions.values()] == [(3, 8), *[(8, 8)] * 5]
    network = SimpleNamespace(convolutions=convolutions, mean_rgb=np.array([123.68, 116.779, 103.939]))
    maps = [numpy_network.forward(picture, network, "avg") for picture in small_table]
    for name in reported:
        relu = np.vstack([found[name.replace("conv", "relu")].reshape(-1, 8) for found in maps])
        np.testing.assert_allclose(relu.mean(axis=0), 1, atol=1e-3, err_msg=name)
        assert abs((relu == 0).mean() - sparsity / 100) < 0.08, name


def test_a_seed_gives_the_same_filters_again_and_another_seed_others(small_table):
    first, again, other = (learn(small_table, seed) for seed in (3, 3, 4))
    for name, (kernel, bias) in first.items():
        np.testing.assert_array_equal(kernel, again[name].kernel)
        np.testing.assert_array_equal(bias, again[name].bias)
        assert not np.allclose(kernel, other[name].kernel, rtol=0.1)
        assert kernel.dtype == bias.dtype == np.float32


def test_untrained_filters():
    first, again, other = untrained(0), untrained(0), untrained(1)
    assert sum(kernel.size + bias.size for kernel, bias in first.values()) == 20_024_384
    for name, (kernel, bias) in first.items():
        variance = 2 / (9 * kernel.shape[2])  # He et al. 2015, equation 10
        np.testing.assert_allclose([kernel.mean() / variance**0.5, kernel.var() / variance], [0, 1], atol=0.06)
        assert not bias.any()
        np.testing.assert_array_equal(kernel, again[name].kernel)
        assert not np.allclose(kernel, other[name].kernel)
