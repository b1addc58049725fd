"""The student in training against NumPy, and folded against itself in training."""

import numpy as np
import pytest
import tensorflow as tf

import numpy_network
from vgg.layers import LAYERS
from vgg.matfile.read import Weights
from vgg.network import VGG19
from weights.train.student import MEAN_RGB, feature_maps, fold, initial_parameters, plain_parameters, statistics

RELUS = [layer.name for layer in LAYERS if layer.kind == "relu"]


@pytest.fixture(scope="module")
def parameters():
    """Gains and offsets that differ from channel to channel, as after training."""
    rng = np.random.default_rng(3)
    parameters = initial_parameters([4 + i % 3 for i in range(16)], 0)
    for name, value in parameters.items():
        if not name.endswith("kernel"):
            parameters[name] = value + tf.constant(rng.normal(0.1, 0.3, value.shape), tf.float32)
    return parameters


@pytest.fixture(scope="module")
def images():
    rough = np.random.default_rng(4).integers(0, 256, (3, 8, 8, 3)).astype(np.float32)
    return np.kron(rough, np.ones((1, 8, 8, 1), np.float32))


def test_first_layers_by_hand(parameters, images):
    maps = [(image.astype(float) - [123.68, 116.779, 103.939]) for image in images]
    for name in ("conv1_1", "conv1_2"):
        kernel, gain, offset = (parameters[f"{name}/{part}"].numpy() for part in ("kernel", "gain", "offset"))
        maps = np.stack([numpy_network.conv(x, kernel, np.zeros(len(gain))) for x in maps])
        mean, variance = maps.mean((0, 1, 2)), maps.var((0, 1, 2))
        maps = np.maximum(gain * (maps - mean) / np.sqrt(variance + 1e-5) + offset, 0)
    np.testing.assert_allclose(feature_maps(parameters, tf.constant(images))["relu1_2"], maps, atol=1e-4)


def test_folded_network_is_the_one_that_was_trained(parameters, images):
    """On the batch whose statistics it was given, the plain network computes what the trained one did."""
    folded = VGG19(Weights(fold(parameters, list(images)), MEAN_RGB), "avg")(tf.constant(images), RELUS)
    for name, maps in feature_maps(parameters, tf.constant(images)).items():
        np.testing.assert_allclose(folded[name], maps, atol=2e-4 * maps.numpy().max(), err_msg=name)


def test_plain_student_is_the_folded_network(parameters, images):
    folded = fold(parameters, list(images))
    expected = VGG19(Weights(folded, MEAN_RGB), "avg")(tf.constant(images), RELUS)
    for name, maps in feature_maps(plain_parameters(folded), tf.constant(images)).items():
        np.testing.assert_allclose(maps, expected[name], atol=1e-4 * expected[name].numpy().max(), err_msg=name)


def test_statistics_count_every_position_once():
    rng = np.random.default_rng(5)
    maps = [rng.normal(mean, mean, (1, *sides, 2)).astype(np.float32) for mean, sides in ((1, (3, 4)), (5, (9, 7)))]
    together = np.concatenate([x.reshape(-1, 2) for x in maps])
    mean, variance = statistics([tf.constant(x) for x in maps])
    np.testing.assert_allclose(mean, together.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(variance, together.var(axis=0), rtol=1e-5)
