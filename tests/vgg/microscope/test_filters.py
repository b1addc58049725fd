"""`python -m vgg filters`: kernels as colours, and pictures that channels answer to."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from microscope_command import prepare, refused
from tiny_network import tiny_weights
from vgg.__main__ import main
from vgg.matfile.read import Conv
from vgg.matfile.write import write
from vgg.microscope.filters import maximize
from vgg.network import VGG19
from vgg.tools.image import read_image


@pytest.mark.parametrize("layer", ["conv1_1", "conv3_2"])
def test_the_channel_answers_far_more_to_its_picture_than_to_noise(weights, layer):
    network = VGG19(weights)
    found = list(maximize(network, layer, [2, 0], 15, 0))
    assert [each.channel for each in found] == [2, 0]
    for each in found:
        assert each.image.min() >= 0 and each.image.max() <= 255
        maps = network(tf.constant(each.image[None]), [layer])[layer].numpy()[..., each.channel]
        assert each.after == pytest.approx(maps.mean(), rel=1e-4)
        assert each.after > each.before + 5 * abs(each.before) or each.after > each.before + 5
        # It is the channel's own picture: the other's gives it less.
        other = next(another for another in found if another is not each)
        on_other = network(tf.constant(other.image[None]), [layer])[layer].numpy()[..., each.channel].mean()
        assert each.after > on_other


def test_a_channel_that_looks_for_red_gets_a_red_picture(weights):
    kernel = np.zeros((3, 3, 3, 2), np.float32)
    kernel[1, 1, :, 0] = 1, -1, -1
    kernel[1, 1, :, 1] = -1, -1, 1
    convolutions = weights.convolutions | {"conv1_1": Conv(kernel, np.zeros(2, np.float32))}
    red, blue = maximize(VGG19(replace(weights, convolutions=convolutions)), "conv1_1", [0, 1], 40, 0)
    np.testing.assert_allclose(red.image.mean(axis=(0, 1)), [255, 0, 0], atol=3)
    np.testing.assert_allclose(blue.image.mean(axis=(0, 1)), [0, 0, 255], atol=3)


def test_kernels_of_conv1_1_are_drawn_upright_and_in_colour(tmp_path):
    """Channel 0 is red at the top left, minus blue at the bottom right; channel 1 is blank."""
    words, weights = prepare(tmp_path), tiny_weights()
    weights.convolutions["conv1_1"].kernel[...] = 0
    weights.convolutions["conv1_1"].kernel[0, 0, :, 0] = 0.5, 0, 0
    weights.convolutions["conv1_1"].kernel[2, 2, :, 0] = 0, 0, -0.5
    write(tmp_path / "tiny.mat", weights)
    assert main(["filters", "--layer", "conv1_1", "--channels", "0,1", *words]) == 0
    sheet = read_image(tmp_path / "out" / "sheet.png")
    red, yellow = (np.argwhere((sheet == colour).all(axis=2)) for colour in ([255, 128, 128], [128, 128, 0]))
    assert np.ptp(red, axis=0).tolist() == np.ptp(yellow, axis=0).tolist() == [31, 31]
    assert (yellow.min(axis=0) - red.min(axis=0)).tolist() == [64, 64]
    grey = (sheet == 128).all(axis=2).sum() - (96 * 96 + 7 * 32 * 32)
    assert 0 <= grey < 200, "but for the edges of letters, all else of the two kernels"


def test_deeper_layers_are_the_same_each_time(tmp_path, capfd):
    words = ["filters", "--layer", "conv2_1", "--channels", "3,1", *prepare(tmp_path)]
    assert main(words) == 0
    first = (tmp_path / "out" / "sheet.png").read_bytes()
    assert main(words) == 0
    assert (tmp_path / "out" / "sheet-2.png").read_bytes() == first
    lines = capfd.readouterr().out.splitlines()
    assert lines[1].startswith("step 1/2  channel 3: mean ") and lines[2].startswith("step 2/2  channel 1: mean ")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--layer", "relu4_2"], "--layer is relu4_2, which has no filters, expected a convolution, such as conv4_2"),
        (["--layer", "pool1"], "--layer is pool1, which has no filters, expected a convolution, such as conv4_2"),
        (["--layer", "conv1_1", "--channels", "4"], "--channels is '4', expected numbers from 0 to 3"),
        (["--layer", "conv1_1", "--channels", "1,-1"], "--channels is '1,-1', expected numbers from 0 to 3"),
        (["--layer", "conv1_1", "--channels", ""], "--channels is '', expected numbers from 0 to 3"),
        (["--layer", "conv1_1", "--channels", "1, 1"], "--channels is '1, 1', expected numbers from 0 to 3"),
        (["--layer", "conv1_1", "--channels", "9" * 5000], "--channels is '99"),
    ],
)
def test_refusals(tmp_path, capfd, words, line):
    files = prepare(tmp_path)
    assert refused(["filters", *words, *files], capfd, tmp_path).startswith(f"vgg: {line}")
