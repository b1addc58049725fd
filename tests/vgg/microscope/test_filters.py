"""`python -m vgg filters`: kernels as colours, and pictures that channels answer to."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import affine_transform, gaussian_filter

from microscope_command import prepare, refused
from tiny_network import tiny_weights
from vgg.__main__ import main
from vgg.matfile.read import Conv
from vgg.matfile.write import write
from vgg.microscope.ascent import COLOURS, CORNER, amplitudes, continued, images_of, random_transforms, transformed
from vgg.microscope.filters import maximize
from vgg.network import VGG19
from vgg.tools.image import read_image


def found(*arguments):
    """Return all images of an ascent, which come with the last step of a batch."""
    return [each for batch in maximize(*arguments) for each in batch]


@pytest.mark.parametrize(("objective", "sign"), [("channel", 1), ("channel", -1), ("position", 1)])
def test_the_channel_answers_far_more_to_its_picture_than_to_noise(weights, objective, sign):
    network = VGG19(weights)
    images = found(network, "conv2_1", [3, 0], 0, objective, sign)
    assert len(images) == 2
    for number, each in zip([3, 0], images, strict=True):
        assert each.image.min() >= 0 and each.image.max() <= 255
        assert sign * (each.after - each.before) > 4 * abs(each.before)
        around = np.tile(each.image, (3, 3, 1))  # the image is periodic
        maps = network(tf.constant(around[None]), ["conv2_1"])["conv2_1"].numpy()[0, ..., number]
        third = len(maps) // 3
        middle = maps[third : 2 * third, third : 2 * third]
        if objective == "channel":
            assert each.after == pytest.approx(middle.mean(), rel=0.1)
            # It is the channel's own picture: the other's gives it less.
            other = next(another.image for another in images if another is not each)
            on_other = network(tf.constant(other[None]), ["conv2_1"])["conv2_1"].numpy()[0, ..., number].mean()
            assert sign * each.after > sign * on_other
        else:
            assert middle.min() <= each.after <= middle.max()


def test_what_is_at_one_position_is_in_the_middle(weights):
    """Elsewhere nothing depends on the pixels, which stay as grey as the noise was."""
    image = found(VGG19(weights), "conv2_1", [3], 0, "position")[0].image
    contrast = np.abs(image - np.median(image, axis=(0, 1))).mean(axis=2)
    side = len(image)
    assert contrast[side // 2 - 8 : side // 2 + 8, side // 2 - 8 : side // 2 + 8].mean() > 2 * contrast.mean()


def test_a_layer_answers_to_each_of_its_pictures(weights):
    first, second = found(VGG19(weights), "conv2_2", [0, 1], 0, "layer")
    assert first.after > 5 * first.before > 0 and second.after > 5 * second.before > 0
    assert np.abs(first.image - second.image).mean() > 5, "each has a noise of its own"


def test_more_channels_than_a_batch_come_in_their_order(weights, monkeypatch):
    network = VGG19(weights)
    together = found(network, "conv2_1", [3, 0, 2], 0)
    monkeypatch.setattr("vgg.microscope.filters.BATCH", 2)
    apart = found(network, "conv2_1", [3, 0, 2], 0)
    np.testing.assert_allclose([each.after for each in apart], [each.after for each in together], rtol=0.3)


def test_a_channel_that_looks_for_red_gets_a_red_picture(weights):
    kernel = np.zeros((3, 3, 3, 2), np.float32)
    kernel[1, 1, :, 0] = 1, 0, -1
    kernel[1, 1, :, 1] = -1, 0, 1
    convolutions = weights.convolutions | {"conv1_1": Conv(kernel, np.zeros(2, np.float32))}
    red, blue = found(VGG19(replace(weights, convolutions=convolutions)), "conv1_1", [0, 1], 0)
    for image, strong in ((red.image, 0), (blue.image, 2)):
        means = image.mean(axis=(0, 1))
        assert means[strong] - means[2 - strong] > 60, means


def test_an_image_is_the_sum_of_its_waves():
    """One wave of three periods down the image, in light alone: rows differ as its cosine, columns do not."""
    side = 48
    coordinates = np.zeros((2, 1, 3, side, side // 2 + 1), np.float32)
    coordinates[0, 0, 0, 3, 0] = coordinates[0, 0, 0, -3, 0] = 0.05
    image = images_of(tf.constant(coordinates))[0].numpy()
    assert np.ptp(image, axis=1).max() < 1e-3
    logit = np.log(image[:, 0] / (255 - image[:, 0]))
    wave = np.cos(2 * np.pi * 3 * np.arange(side) / side)
    for colour in range(3):
        assert np.corrcoef(logit[:, colour], wave)[0, 1] > 0.9999
        assert logit[0, colour] == pytest.approx(
            2 * 0.05 * amplitudes(side)[3, 0] / side**2 * COLOURS[colour, 0], rel=1e-3
        )


def test_waves_of_low_frequencies_are_stronger_as_in_photographs():
    frequency_4, frequency_8 = amplitudes(64)[0, 4], amplitudes(64)[0, 8]
    assert frequency_4 / frequency_8 == pytest.approx(2**0.5, rel=1e-5)


def test_images_are_turned_and_scaled_about_their_middle():
    """SciPy's affine_transform does the same to each colour."""
    rng = np.random.default_rng(0)
    image = gaussian_filter(rng.uniform(0, 255, (60, 60, 3)), (2, 2, 0)).astype(np.float32)
    transforms = random_transforms(rng, 1, 60)
    turned = transformed(tf.constant(image[None]), transforms)[0].numpy()
    a, b, c, d, e, f, *_ = transforms[0].astype(float)
    colours = [affine_transform(image[..., k], [[e, d], [b, a]], (f, c), order=1) for k in range(3)]
    np.testing.assert_allclose(turned, np.stack(colours, axis=2)[CORNER:-CORNER, CORNER:-CORNER], atol=0.5)
    np.testing.assert_allclose([(a + b) * 29.5 + c, (d + e) * 29.5 + f], [29.5, 29.5], rtol=1e-5)
    assert 0.9 <= np.hypot(a, d) <= 1.1 and abs(np.degrees(np.arctan2(d, a))) <= 5


def test_a_continued_image_goes_on_at_its_other_border():
    image = np.arange(2 * 5 * 5 * 3, dtype=np.float32).reshape(2, 5, 5, 3)
    around = np.pad(image, ((0, 0), (4, 4), (4, 4), (0, 0)), "wrap")
    np.testing.assert_array_equal(continued(tf.constant(image), 4), around)


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
    assert lines[1].startswith("step 1/16  0 of 2 pictures") and any("step 16/16  2 of 2 pictures" in x for x in lines)


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
        (["--layer", "conv1_1", "--negative"], "conv1_1's kernels are shown themselves"),
        (["--layer", "conv2_1", "--objective", "layer", "--negative"], "--objective layer is of all channels"),
    ],
)
def test_refusals(tmp_path, capfd, words, line):
    files = prepare(tmp_path)
    assert refused(["filters", *words, *files], capfd, tmp_path).startswith(f"vgg: {line}")
