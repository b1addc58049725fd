"""The paper's normalised network, measured by the network computed another way."""

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


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_mean_activation_is_one(weights, images, pooling):
    before = measured(weights, images, pooling)
    after = measured(normalize(weights, images, pooling), images, pooling)
    firing = {name: before[name] > 0 for name in before}
    assert all(mask.sum() >= 2 for mask in firing.values())
    for name, mean in after.items():
        assert not np.allclose(before[name][firing[name]], 1, atol=0.05)
        np.testing.assert_allclose(mean[firing[name]], 1, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_maps_are_the_same_but_for_a_scale_for_each_filter(weights, images, image, pooling):
    means = measured(weights, images, pooling)
    scales = {name: np.where(mean > 0, mean, 1) for name, mean in means.items()}
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


def test_a_filter_that_never_fires_is_left_alone(weights, images):
    kernel, bias = weights.convolutions["conv3_2"]
    weights.convolutions["conv3_2"] = Conv(kernel, np.array([-1e9, *bias[1:]], np.float32))
    found = normalize(weights, images)
    for conv in found.convolutions.values():
        assert np.isfinite(conv.kernel).all()
        assert np.isfinite(conv.bias).all()
    assert found.convolutions["conv3_2"].bias[0] == np.float32(-1e9)
    mean = measured(found, images, "avg")
    assert mean["conv3_2"][0] == 0
    np.testing.assert_allclose(mean["conv3_2"][1:], 1, atol=1e-5)
    np.testing.assert_allclose(mean["conv3_3"][mean["conv3_3"] > 0], 1, atol=1e-5)


def test_the_plain_network_is_not_changed(weights, images):
    before = {name: (conv.kernel.copy(), conv.bias.copy()) for name, conv in weights.convolutions.items()}
    found = normalize(weights, images)
    for name, (kernel, bias) in before.items():
        np.testing.assert_array_equal(weights.convolutions[name].kernel, kernel)
        np.testing.assert_array_equal(weights.convolutions[name].bias, bias)
    assert (found.layout, found.origin) == (weights.layout, weights.origin)
    assert all(conv.kernel.dtype == conv.bias.dtype == np.float32 for conv in found.convolutions.values())
