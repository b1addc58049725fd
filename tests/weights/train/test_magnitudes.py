"""The genuine network's magnitudes, measured by the network computed another way."""

import numpy as np
import pytest

import numpy_network
from weights.train.network import with_magnitudes

EXPECTED = [20, 91, 89, 85, 69, 82, 178, 252, 173, 168, 120, 60, 12.2, 10, 8, 6]


@pytest.fixture
def images():
    rng = np.random.default_rng(5)
    return [np.kron(rng.integers(0, 256, (5, size, 3)), np.ones((8, 8, 1))).astype(np.uint8) for size in (4, 6)]


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_layers_have_the_genuine_means(weights, images, pooling):
    scaled = with_magnitudes(weights, images, pooling)
    maps = [numpy_network.forward(image, scaled, pooling) for image in images]
    for name, expected in zip(weights.convolutions, EXPECTED, strict=True):
        relu = name.replace("conv", "relu")
        found = np.concatenate([one[relu].reshape(-1) for one in maps]).mean()
        assert found == pytest.approx(expected, rel=1e-4), name


def test_a_layer_has_one_factor(weights, images):
    """So the normalised network and all shapes stay as they were."""
    scaled = with_magnitudes(weights, images)
    before, after = (numpy_network.forward(images[0], one, "avg") for one in (weights, scaled))
    for name in weights.convolutions:
        factor = after[name].std() / before[name].std()
        np.testing.assert_allclose(after[name], before[name] * factor, rtol=1e-3, atol=1e-3, err_msg=name)


def test_a_silent_layer_keeps_its_scale(weights, images):
    weights.convolutions["conv3_1"].bias[:] = -1e6
    scaled = with_magnitudes(weights, images)
    assert all(np.isfinite(kernel).all() and np.isfinite(bias).all() for kernel, bias in scaled.convolutions.values())
