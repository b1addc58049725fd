"""`python -m vgg invert`: maps back to the picture they came from."""

import numpy as np
import pytest
import tensorflow as tf

from microscope_command import disc, prepare
from vgg.__main__ import main
from vgg.microscope.invert import invert, white_noise
from vgg.network import VGG19
from vgg.tools.image import read_image


def rebuild(weights, layer, iterations=60, **options):
    """The picture, what became of the noise with its mismatch, and the mismatch after each step."""
    image, network = disc(), VGG19(weights)
    target = network(image[None].astype(np.float32), [layer])[layer]
    start = white_noise(*image.shape[:2], weights.mean_rgb, 0)
    _, *states = invert(network, layer, target, start, iterations, **options)
    return image, states[-1].image, states[-1].losses.of_maps, [state.losses.of_maps for state in states]


def test_an_early_layer_gives_the_picture_back(weights):
    """conv1_1 has more channels than the picture and no ReLU: nothing is lost."""
    image, rebuilt, *_ = rebuild(weights, "conv1_1", tv_weight=0)
    assert rebuilt.shape == image.shape
    assert np.abs(rebuilt - image).max() < 5


def test_the_mismatch_is_that_of_the_maps_and_falls(weights):
    image, rebuilt, mismatch, mismatches = rebuild(weights, "relu2_1", 25)
    maps, target = (
        VGG19(weights)(tf.constant(picture[None], tf.float32), ["relu2_1"])["relu2_1"].numpy().astype(np.float64)
        for picture in (rebuilt, image)
    )
    assert mismatch == pytest.approx(((maps - target) ** 2).sum() / (target**2).sum(), rel=1e-3)
    assert len(mismatches) == 25 and mismatches[0] > 5 * mismatch


def test_total_variation_calms_what_the_layer_does_not_see(weights):
    def roughness(picture):
        return np.abs(np.diff(picture, axis=0)).mean() + np.abs(np.diff(picture, axis=1)).mean()

    _, plain, *_ = rebuild(weights, "relu3_1", 30, tv_weight=0)
    _, calm, *_ = rebuild(weights, "relu3_1", 30, tv_weight=1e-2)
    assert roughness(calm) < 0.8 * roughness(plain)


def test_white_noise(weights):
    noise = white_noise(60, 50, weights.mean_rgb, 3)
    np.testing.assert_allclose(noise.mean(axis=(0, 1)), weights.mean_rgb, atol=0.1)
    assert noise.std(axis=(0, 1)) == pytest.approx([1, 1, 1], abs=0.05)
    np.testing.assert_array_equal(noise, white_noise(60, 50, weights.mean_rgb, 3))
    assert (noise != white_noise(60, 50, weights.mean_rgb, 4)).any()


def test_sheet_is_the_same_each_time_and_other_for_another_seed(tmp_path, capfd):
    words = ["invert", str(tmp_path / "picture.png"), "--layer", "relu2_2", *prepare(tmp_path), "--iterations", "3"]
    sheets = []
    for seed in ("1", "1", "2"):
        assert main([*words, "--seed", seed, "--overwrite"]) == 0
        sheets.append(read_image(tmp_path / "out" / "sheet.png"))
    np.testing.assert_array_equal(sheets[0], sheets[1])
    assert (sheets[0] != sheets[2]).any()
    lines = capfd.readouterr().out.splitlines()
    assert lines[1].startswith("step 1/3  mismatch ") and lines[3].endswith(" %  0 s left")
