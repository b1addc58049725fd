"""`transfer/minimal.py`, all of it in one file, computes what recipe `gatys2016` does, and makes a picture."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import tensorflow as tf

from numpy_network import forward
from transfer import minimal
from transfer.objective import Objective, WholeEvaluation, terms_of
from transfer.recipes import GATYS2016
from transfer.targets import References
from vgg.matfile.write import write
from vgg.network import VGG19
from vgg.normalize import rescale


@pytest.mark.parametrize("layout", ["beta16", "later"])
def test_the_same_losses_and_gradient_as_the_papers_recipe(tmp_path, weights, image, layout):
    """On a network whose filters are divided by the same mean activations, which NumPy finds by itself."""
    write(tmp_path / "tiny.mat", replace(weights, layout=layout))
    content, style = np.float32(image), np.float32(image[::-1, :40])
    network = minimal.VGG19(tmp_path / "tiny.mat", [tf.constant(content), tf.constant(style)])
    at = np.clip(content + np.random.default_rng(3).normal(0, 30, content.shape), 0, 255).astype(np.float32)
    evaluate = minimal.losses_and_gradient(network, tf.constant(content), tf.constant(style))
    content_term, style_term, gradient = (np.asarray(value) for value in evaluate(tf.constant(at)))

    maps = [forward(picture, weights, "avg") for picture in (content, style)]
    scales = {}
    for name in weights.convolutions:
        relu = name.replace("conv", "relu")
        rows = np.concatenate([each[relu].reshape(-1, each[relu].shape[2]) for each in maps])
        scales[name] = np.maximum(rows.mean(axis=0), np.median(rows.mean(axis=0)) / 20)
        scales[name][scales[name] == 0] = 1
    ours = VGG19(rescale(weights, scales), "avg")
    terms = terms_of(GATYS2016, ours, *content.shape[:2])
    objective = Objective(WholeEvaluation(ours, terms), References(content, (style,)), terms)
    losses, expected = objective(at)
    assert content_term == pytest.approx(losses.groups["content"], rel=1e-5)
    assert style_term == pytest.approx(losses.groups["style"], rel=1e-5)
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_it_makes_a_picture(tmp_path, mat_file, image, monkeypatch):
    monkeypatch.setattr(minimal, "SIZE", 40)
    monkeypatch.setattr(minimal, "STEPS", 3)
    for name, pixels in (("content.png", image), ("style.png", image[::-1, ::-1])):
        cv2.imwrite(str(tmp_path / name), pixels)
    content, style, out = (str(tmp_path / name) for name in ("content.png", "style.png", "out.png"))
    minimal.main(content, style, out, str(mat_file))
    assert cv2.imread(out).shape == (33, 40, 3)
    assert (cv2.imread(out) != cv2.resize(image, (40, 33), interpolation=cv2.INTER_AREA)).mean() > 0.5
