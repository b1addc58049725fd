"""The network in training against NumPy, and folded against itself in training."""

import numpy as np
import pytest
import tensorflow as tf

import numpy_network
from low_precision import needs_bfloat16
from quick_clustering import quicken
from vgg.layers import CONVOLUTIONS, LAYERS
from vgg.matfile.read import Weights
from vgg.network import VGG19
from weights.train.network import MEAN_RGB, centred, feature_maps, fold, initial_parameters, statistics

RELUS = [layer.name for layer in LAYERS if layer.kind == "relu"]


@pytest.fixture(scope="module")
def parameters(pictures):
    """Gains and offsets that differ from channel to channel, as after training."""
    rng = np.random.default_rng(3)
    with pytest.MonkeyPatch.context() as patch:
        quicken(patch)
        found = initial_parameters(list(pictures), 0)
    for name, value in found.items():
        if not name.endswith("kernel"):
            found[name] = value + tf.constant(rng.normal(0.1, 0.3, value.shape), tf.float32)
    return found


@pytest.fixture(scope="module")
def pictures():
    rough = np.random.default_rng(4).integers(0, 256, (3, 8, 8, 3)).astype(np.float32)
    return np.kron(rough, np.ones((1, 8, 8, 1), np.float32))


def test_half_the_channels_of_vgg_19(parameters):
    assert [tuple(parameters[f"{layer.name}/kernel"].shape) for layer in CONVOLUTIONS[:3]] == [
        (3, 3, 3, 32),
        (3, 3, 32, 32),
        (3, 3, 32, 64),
    ]
    numbers = sum(
        np.prod(parameters[f"{layer.name}/{part}"].shape) for layer in CONVOLUTIONS for part in ("kernel", "offset")
    )
    # The paper's network has 20,024,384: a quarter of its kernels, twice the first one's quarter, half of its biases.
    assert numbers == (20_024_384 - 5_504) // 4 + 3 * 3 * 3 * 64 // 4 + 5_504 // 2


def test_first_layers_by_hand(parameters, pictures):
    found = feature_maps(parameters, centred(pictures), ["relu1_2", "pool1"], dtype=tf.float32)
    maps = [(picture.astype(float) - [123.68, 116.779, 103.939]) / 58 for picture in pictures]
    for name in ("conv1_1", "conv1_2"):
        kernel, gain, offset = (parameters[f"{name}/{part}"].numpy() for part in ("kernel", "gain", "offset"))
        maps = np.stack([numpy_network.conv(x, kernel, np.zeros(32)) for x in maps])
        mean, variance = maps.mean((0, 1, 2)), maps.var((0, 1, 2))
        maps = np.maximum(gain * (maps - mean) / np.sqrt(variance + 1e-5) + offset, 0)
    np.testing.assert_allclose(found["relu1_2"], maps, atol=1e-4)
    np.testing.assert_allclose(found["pool1"], [numpy_network.pool(x, "avg") for x in maps], atol=1e-4)


@needs_bfloat16
def test_bfloat16_is_near(parameters, pictures):
    exact = feature_maps(parameters, centred(pictures), ["relu3_1"], dtype=tf.float32)["relu3_1"].numpy()
    found = feature_maps(parameters, centred(pictures), ["relu3_1"])["relu3_1"]
    assert found.dtype == tf.bfloat16
    assert np.abs(tf.cast(found, tf.float32) - exact).mean() < 0.02 * exact.mean()


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_folded_network_is_the_one_that_was_trained(parameters, pictures, pooling):
    """On the batch whose statistics it was given, the plain network computes what the trained one did."""
    folded = VGG19(Weights(fold(parameters, list(pictures), pooling), MEAN_RGB), pooling)
    found = folded(tf.constant(pictures), RELUS)
    expected = feature_maps(parameters, centred(pictures), RELUS, pooling, dtype=tf.float32)
    for name in RELUS:
        largest = expected[name].numpy().max()
        np.testing.assert_allclose(found[name], expected[name], atol=2e-4 * largest, err_msg=name)


def test_statistics_count_every_position_once():
    rng = np.random.default_rng(5)
    maps = [rng.normal(mean, mean, (1, *sides, 2)).astype(np.float32) for mean, sides in ((1, (3, 4)), (5, (9, 7)))]
    together = np.concatenate([x.reshape(-1, 2) for x in maps])
    mean, variance = statistics([tf.constant(x) for x in maps])
    np.testing.assert_allclose(mean, together.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(variance, together.var(axis=0), rtol=1e-5)
