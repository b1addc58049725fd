"""Where a run of `python -m transfer` begins: its first image, and the network its losses are computed with."""

import numpy as np
import pytest
import tensorflow as tf

from image_files import png_of
from transfer.__main__ import main
from transfer.objective import Objective
from transfer.recipes import DEFAULT
from transfer_command import prepare
from vgg.tools.image import read_image


@pytest.fixture
def words(tmp_path) -> list[str]:
    return prepare(tmp_path)


@pytest.fixture
def images(monkeypatch) -> list[np.ndarray]:
    """Every image that the run evaluates, without its margin, to which 32 × 24 pixels are continued."""
    seen, evaluate = [], Objective.__call__

    def noted(self, image):
        margin = min(DEFAULT.margin, 23)
        assert image.shape == (24 + 2 * margin, 32 + 2 * margin, 3)
        seen.append(image[margin : margin + 24, margin : margin + 32])
        return evaluate(self, image)

    monkeypatch.setattr(Objective, "__call__", noted)
    return seen


@pytest.mark.parametrize("init", ["content", "style"])
def test_start_from_content_or_style(tmp_path, words, images, init):
    assert main([*words, "--quiet", "--init", init]) == 0
    whole = read_image(tmp_path / f"{init}.png").astype(np.float32)
    # However they were shrunk: the same colours in the same quarters.
    for rows, columns in ((slice(0, 12), slice(0, 16)), (slice(12, 24), slice(16, 32))):
        height, width = whole.shape[0] // 2, whole.shape[1] // 2
        part = whole[height * (rows.start > 0) :, width * (columns.start > 0) :][:height, :width]
        assert np.abs(images[0][rows, columns].mean(axis=(0, 1)) - part.mean(axis=(0, 1))).max() < 4


def test_start_from_a_picture_stretches_it(tmp_path, words, images):
    half_green = np.zeros((90, 20, 3), np.uint8)
    half_green[:45, :, 1] = 255
    (tmp_path / "start.png").write_bytes(png_of(half_green))
    assert main([*words, "--quiet", "--init", str(tmp_path / "start.png")]) == 0
    np.testing.assert_allclose(images[0][:10], np.broadcast_to([0, 255, 0], (10, 32, 3)), atol=1)
    np.testing.assert_allclose(images[0][14:], 0, atol=1)


def test_start_from_noise(words, images):
    """The mean colour and N(0, 1): 768 values of each colour, whose mean is within 0.15 and spread within 0.1."""
    assert main([*words, "--quiet", "--init", "noise"]) == 0
    deviation = images[0] - np.array([123.68, 116.779, 103.939])
    assert np.abs(deviation.mean(axis=(0, 1))).max() < 0.15
    assert np.abs(deviation.std(axis=(0, 1)) - 1).max() < 0.1


def test_the_network_is_the_papers_unless_told_otherwise(words, monkeypatch):
    """After scaling, every filter that fires has a mean activation of 1 over the pictures it is measured on."""
    noise = np.random.default_rng(6).integers(0, 256, (2, 48, 40, 3), dtype=np.uint8)
    monkeypatch.setattr("transfer.session.normalizing_images", lambda: list(noise))
    networks, begin = [], Objective.__init__
    monkeypatch.setattr(
        Objective,
        "__init__",
        lambda self, evaluation, *rest: networks.append(evaluation.network) or begin(self, evaluation, *rest),
    )
    words = [*words, "--quiet", "--iterations", "1", "--pooling", "max"]
    words += ["--recipe", "gatys2016"]
    for arguments in (words, [word for word in words if word != "--no-normalize"]):
        assert main(arguments) == 0
    deviations = []
    for network in networks:
        assert network.pooling == "max"
        means = np.concatenate(
            [
                tf.reduce_mean(maps, (0, 1, 2))
                for maps in network(tf.cast(noise, tf.float32), ["relu1_1", "relu3_2"]).values()
            ]
        )
        deviations.append(np.abs(means[means > 0] - 1).max())
    assert deviations[0] > 1 and deviations[1] < 1e-3
