"""The paper's normalised network, measured by the network computed another way."""

import statistics

import numpy as np
import pytest

import numpy_network
from vgg.matfile.read import Conv
from vgg.normalize import mean_activations, normalize


@pytest.fixture
def images():
    """Two pictures of very different sizes and contents, large enough for the deep layers to fire somewhere."""
    rng = np.random.default_rng(5)
    rough, fine = rng.integers(0, 256, (10, 12, 3)), rng.integers(0, 256, (40, 33, 3))
    return [np.kron(rough, np.ones((8, 8, 1))).astype(np.uint8), (fine // 3).astype(np.uint8)]


def measured(weights, images, pooling):
    """{conv name: mean after the ReLU over the positions of all images}."""
    maps = [numpy_network.forward(image, weights, pooling) for image in images]
    means = {}
    for name in weights.convolutions:
        positions = [found[name.replace("conv", "relu")].reshape(-1, found[name].shape[2]) for found in maps]
        means[name] = np.vstack(positions).mean(axis=0)
    return means


def rare(means):
    """Which of a layer's filters fire less than a 20th as strongly as the middle one (or the middle two's mean)."""
    return np.array([20 * mean < statistics.median(means.tolist()) for mean in means.tolist()])


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_mean_activation_is_one(weights, images, pooling):
    before = measured(weights, images, pooling)
    after = measured(normalize(weights, images, pooling), images, pooling)
    assert 3 <= sum(rare(mean).sum() for mean in before.values()) <= 10
    for name, mean in after.items():
        common = ~rare(before[name])
        assert not np.allclose(before[name][common], 1, atol=0.05)
        np.testing.assert_allclose(mean[common], 1, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_rare_filters_are_not_blown_up(weights, images, pooling):
    """The share of a 20th of the median that they had is what they have afterwards; silent ones stay silent."""
    before = measured(weights, images, pooling)
    after = measured(normalize(weights, images, pooling), images, pooling)
    for name, mean in before.items():
        shares = mean[rare(mean)] / (statistics.median(mean.tolist()) / 20)
        assert (shares < 1).all()
        np.testing.assert_allclose(after[name][rare(mean)], shares, rtol=1e-3, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_maps_are_the_same_but_for_a_scale_for_each_filter(weights, images, image, pooling):
    means = measured(weights, images, pooling)
    scales = {name: np.where(rare(mean), statistics.median(mean.tolist()) / 20, mean) for name, mean in means.items()}
    before = numpy_network.forward(image, weights, pooling)  # a picture that was not used to normalise
    after = numpy_network.forward(image, normalize(weights, images, pooling), pooling)
    for name in weights.convolutions:
        largest = np.abs(before[name]).max()
        np.testing.assert_allclose(after[name] * scales[name], before[name], atol=1e-5 * largest, err_msg=name)
    np.testing.assert_allclose(after["pool5"] * scales["conv5_4"], before["pool5"], atol=1e-4)


def test_every_position_counts_the_same(weights, images):
    means = mean_activations(weights, images, "avg")
    large, small = (measured(weights, [image], "avg")["conv1_1"] for image in images)
    positions = [image.shape[0] * image.shape[1] for image in images]
    np.testing.assert_allclose(means["conv1_1"], np.average([large, small], axis=0, weights=positions), rtol=1e-5)
    assert not np.allclose(means["conv1_1"], (large + small) / 2, rtol=0.02)  # or this test would prove nothing


def test_poolings_give_different_networks(weights, images):
    average, maximum = (normalize(weights, images, pooling).convolutions["conv2_1"] for pooling in ("avg", "max"))
    assert not np.allclose(average.kernel, maximum.kernel, rtol=0.01)


def test_a_filter_that_never_fires_is_divided_like_a_rare_one(weights, images):
    """It may fire on other pictures, and should then not be larger than the rest."""
    kernel, bias = weights.convolutions["conv3_2"]
    weights.convolutions["conv3_2"] = Conv(kernel, np.array([-1e9, *bias[1:]], np.float32))
    median = statistics.median(measured(weights, images, "avg")["conv3_2"].tolist())
    found = normalize(weights, images)
    np.testing.assert_allclose(found.convolutions["conv3_2"].bias[0], -1e9 / (median / 20), rtol=1e-4)
    mean = measured(found, images, "avg")["conv3_2"]
    assert mean[0] == 0
    np.testing.assert_allclose(mean[1:], 1, atol=1e-5)


def test_a_layer_that_never_fires_is_left_alone(weights, images):
    kernel, bias = weights.convolutions["conv5_4"]
    weights.convolutions["conv5_4"] = Conv(kernel, np.full_like(bias, -1e9))
    found = normalize(weights, images)
    np.testing.assert_array_equal(found.convolutions["conv5_4"].bias, np.float32(-1e9))
    assert np.isfinite(found.convolutions["conv5_4"].kernel).all()


def test_the_plain_network_is_not_changed(weights, images):
    before = {name: (conv.kernel.copy(), conv.bias.copy()) for name, conv in weights.convolutions.items()}
    found = normalize(weights, images)
    for name, (kernel, bias) in before.items():
        np.testing.assert_array_equal(weights.convolutions[name].kernel, kernel)
        np.testing.assert_array_equal(weights.convolutions[name].bias, bias)
    assert (found.layout, found.origin) == (weights.layout, weights.origin)
    assert all(conv.kernel.dtype == conv.bias.dtype == np.float32 for conv in found.convolutions.values())
