"""The deconvnet: each of its three operations on its own, then all of them on a tiny network done another way."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

import numpy_network
from vgg.deconvnet import Deconvnet, pool_with_switches, rectify, transposed_conv2d, unpool
from vgg.errors import InputError
from vgg.layers import LAYERS, layer_named
from vgg.matfile.read import Conv
from vgg.network import VGG19, conv2d, pool

SHAPES = [(6, 8, 3), (7, 5, 2), (1, 9, 4)]  # odd sides too: the last window is cut by the border


def windows(x: np.ndarray):
    """(row, column, slices) of every 2×2 window of (H, W, C)."""
    for row in range(0, x.shape[0], 2):
        for column in range(0, x.shape[1], 2):
            yield row // 2, column // 2, (slice(row, row + 2), slice(column, column + 2))


def numpy_unpool(values: np.ndarray, before: np.ndarray) -> np.ndarray:
    """One window and one channel at a time."""
    found = np.zeros_like(before)
    for row, column, window in windows(before):
        for channel in range(before.shape[2]):
            block = before[window][..., channel]
            y, x = np.unravel_index(block.argmax(), block.shape)
            found[2 * row + y, 2 * column + x, channel] = values[row, column, channel]
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_unpooling_puts_each_value_where_its_maximum_was(shape):
    rng = np.random.default_rng(0)
    before = rng.normal(size=(1, *shape)).astype(np.float32)
    pooled, switches = pool_with_switches(tf.constant(before))
    np.testing.assert_array_equal(pooled, pool(tf.constant(before), "max"))
    values = rng.normal(size=pooled.shape).astype(np.float32)
    found = unpool(tf.constant(values), switches, tf.TensorShape(before.shape))
    np.testing.assert_array_equal(found[0], numpy_unpool(values[0], before[0]))


def test_unpooling_the_maxima_keeps_them_and_blanks_the_rest():
    before = np.float32([[1, 2, 0, 0], [4, 3, 0, -1], [-5, -6, 7, 7], [-8, -7, 7, 7]]).reshape(1, 4, 4, 1)
    pooled, switches = pool_with_switches(tf.constant(before))
    found = unpool(pooled, switches, tf.TensorShape(before.shape))
    assert found[0, :, :, 0].numpy().tolist() == [[0, 0, 0, 0], [4, 0, 0, 0], [-5, 0, 7, 0], [0, 0, 0, 0]]


def test_rectification_acts_on_what_comes_back():
    assert rectify(tf.constant([-2.0, 0.0, 3.0])).numpy().tolist() == [0, 0, 3]


@pytest.mark.parametrize("shape", [(6, 8), (5, 3), (1, 1)])
def test_the_transposed_convolution_is_the_gradient_of_the_convolution(shape):
    rng = np.random.default_rng(1)
    kernel, bias = rng.normal(size=(3, 3, 2, 5)).astype(np.float32), rng.normal(size=5).astype(np.float32)
    image, back = (tf.constant(rng.normal(size=(1, *shape, c)), tf.float32) for c in (2, 5))
    with tf.GradientTape() as tape:
        tape.watch(image)
        answer = conv2d(image, kernel, bias)
    expected = tape.gradient(answer, image, output_gradients=back)
    np.testing.assert_allclose(transposed_conv2d(back, tf.constant(kernel)), expected, rtol=1e-4, atol=1e-5)
    # Which is to say that ⟨conv x, y⟩ = ⟨x, convᵀ y⟩, in SciPy's correlation as well.
    forward = numpy_network.conv(image[0].numpy().astype(np.float64), kernel, np.zeros(5))
    backward = transposed_conv2d(back, tf.constant(kernel)).numpy()[0]
    assert np.vdot(forward, back[0]) == pytest.approx(np.vdot(image[0], backward), rel=1e-4)


def numpy_deconvnet(image: np.ndarray, weights, name: str, activation: np.ndarray) -> np.ndarray:
    """From maps (H', W', C) of the layer `name` back to (H, W, 3): correlations with kernels turned and transposed."""
    maps = numpy_network.forward(image, weights, "max")
    x = activation.astype(np.float64)
    for layer in reversed(LAYERS[: layer_named(name).index + 1]):
        if layer.kind == "conv":
            kernel = weights.convolutions[layer.name].kernel[::-1, ::-1].transpose(0, 1, 3, 2)
            x = numpy_network.conv(x, kernel, np.zeros(kernel.shape[3]))
        elif layer.kind == "relu":
            x = np.where(x > 0, x, 0)
        else:
            x = numpy_unpool(x, maps[LAYERS[layer.index - 1].name])
    return x


@pytest.mark.parametrize("name", ["conv1_1", "relu1_2", "pool1", "conv2_2", "relu3_1", "pool3", "relu4_2"])
def test_from_one_activation_back_to_pixels(weights, image, name):
    net = Deconvnet(weights, tf.constant(image[None], tf.float32), name)
    maps = VGG19(weights)(tf.constant(image[None], tf.float32), [name])[name].numpy()
    np.testing.assert_allclose(net.maps, maps, rtol=1e-5, atol=1e-5)
    row, column, channel = np.unravel_index(maps[0].argmax(), maps.shape[1:])
    only = np.zeros_like(maps[0])
    only[row, column, channel] = maps[0, row, column, channel]
    np.testing.assert_allclose(net.only(row, column, channel)[0], only, rtol=1e-5)
    found = net.back_to_pixels(net.only(row, column, channel))[0].numpy()
    expected = numpy_deconvnet(image, weights, name, only)
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_by_hand(weights):
    """conv1_1 keeps red, conv1_2 moves it one pixel up: the maximum is traced back to the pixel it came from."""
    kernels = np.zeros((3, 3, 3, 1), np.float32), np.zeros((3, 3, 1, 1), np.float32)
    kernels[0][1, 1, 0, 0] = 1
    kernels[1][2, 1, 0, 0] = 2  # out(y, x) = 2 · in(y + 1, x)
    convolutions = {f"conv1_{i}": Conv(kernel, np.ones(1, np.float32)) for i, kernel in enumerate(kernels, start=1)}
    image = np.tile(weights.mean_rgb, (1, 16, 16, 1))
    image[0, 9, 4, 0] += 10
    net = Deconvnet(replace(weights, convolutions=convolutions), tf.constant(image), "pool1")
    # (9, 4) → conv1_2 (8, 4) → pool1 (4, 2); (10 + 1) · 2 + 1 with the biases.
    assert float(tf.reduce_max(net.maps)) == float(net.maps[0, 4, 2, 0]) == pytest.approx(23)
    pattern = net.back_to_pixels(net.only(4, 2, 0)).numpy()
    assert np.argwhere(pattern).tolist() == [[0, 9, 4, 0]]
    assert pattern[0, 9, 4, 0] == pytest.approx(2 * 23)  # the kernels a second time, and no bias


def test_unknown_layer(weights, image):
    with pytest.raises(InputError, match="there is no layer 'relu4'"):
        Deconvnet(weights, tf.constant(image[None], tf.float32), "relu4")
