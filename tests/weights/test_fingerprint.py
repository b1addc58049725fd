"""Recognising the published numbers: each layer counts, and what a reader or a copy may do to them does not."""

import numpy as np
import pytest

import genuine_figures
import hand_made
from vgg.matfile.read import Conv, Weights
from weights.fingerprint import is_genuine, published_layers, transposed

LOWER = hand_made.CONVOLUTIONS[:8]  # of these the whole kernels are known


@pytest.fixture(scope="module")
def genuine():
    return Weights({name: Conv(*conv) for name, conv in genuine_figures.network().items()}, np.zeros(3))


def changed(weights, name, change):
    """The same weights but for one convolution, of which `change` gets a copy."""
    kernel, bias = weights.convolutions[name]
    conv = Conv(*change(kernel.copy(), bias.copy()))
    return Weights(weights.convolutions | {name: conv}, weights.mean_rgb)


def test_genuine(genuine):
    assert is_genuine(genuine)
    assert published_layers(genuine) == hand_made.CONVOLUTIONS


def nudged(array, *index):
    array[index] += 1e-4
    return array


OTHER_NUMBERS = {
    "upside down": lambda kernel, bias: (kernel[::-1], bias),
    "mirrored": lambda kernel, bias: (kernel[:, ::-1], bias),
    "inputs in another order": lambda kernel, bias: (kernel[:, :, ::-1], bias),  # of conv1_1: BGR
    "filters in another order": lambda kernel, bias: (kernel[..., ::-1], bias[::-1]),
    "one number of the corner": lambda kernel, bias: (nudged(kernel, 2, 2, 0, 9), bias),
    "one bias": lambda kernel, bias: (kernel, nudged(bias, 40)),
    "larger": lambda kernel, bias: (1.001 * kernel, bias),
    "zeros": lambda kernel, bias: (0 * kernel, 0 * bias),
    "NaN": lambda kernel, bias: (np.nan * kernel, bias),
}
OF_WHOLE_KERNELS = {
    "one number anywhere": lambda kernel, bias: (nudged(kernel, 1, 0, 0, 9), bias),
    "signs": lambda kernel, bias: (np.abs(kernel), bias),
    "height and width swapped": lambda kernel, bias: (kernel.swapaxes(0, 1), bias),
}


@pytest.mark.parametrize("name", hand_made.CONVOLUTIONS)
def test_one_layer_with_other_numbers(genuine, name):
    for change, apply in (OTHER_NUMBERS | (OF_WHOLE_KERNELS if name in LOWER else {})).items():
        weights = changed(genuine, name, apply)
        assert not is_genuine(weights), change
        assert published_layers(weights) == [other for other in hand_made.CONVOLUTIONS if other != name], change


def test_height_and_width_swapped(genuine):
    swapped = transposed(genuine)
    for name, (kernel, _) in swapped.convolutions.items():
        np.testing.assert_array_equal(kernel[0, 2], genuine.convolutions[name].kernel[2, 0])
    assert not is_genuine(swapped)
    assert is_genuine(transposed(swapped))


def test_numbers_that_passed_through_other_types(genuine):
    def scaled_and_back(array):  # as by a program that keeps pixels between 0 and 1
        return (array / np.float32(255)) * np.float32(255)

    def rounded(array):  # as in a text file with eight decimals
        return array.astype(np.float64).round(8)

    for copy in (np.float64, scaled_and_back, rounded):
        convolutions = {name: Conv(copy(k), copy(b)) for name, (k, b) in genuine.convolutions.items()}
        assert is_genuine(Weights(convolutions, genuine.mean_rgb))


@pytest.mark.parametrize("channels", [2, 65])
def test_other_channels(genuine, channels):
    kernel, bias = np.zeros((3, 3, 3, channels), np.float32), np.zeros(channels, np.float32)
    weights = changed(genuine, "conv1_1", lambda *_: (kernel, bias))
    assert published_layers(weights) == hand_made.CONVOLUTIONS[1:]
