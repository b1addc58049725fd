"""`transfer/minimal.py`, all of it in one file, computes what recipe `gatys2016` does, and makes a picture."""

import re
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
    images = tf.constant(content), tf.constant(style)
    network = minimal.VGG19(*minimal.read_weights(tmp_path / "tiny.mat"), images)
    at = np.clip(content + np.random.default_rng(3).normal(0, 30, content.shape), 0, 255).astype(np.float32)
    objective = minimal.make_objective(network, *images)
    content_term, style_term, gradient = (np.asarray(value) for value in objective(tf.constant(at)))

    maps = [forward(picture, weights, "avg") for picture in (content, style)]
    scales = {}
    for name in weights.convolutions:
        relu = name.replace("conv", "relu")
        rows = np.concatenate([each[relu].reshape(-1, each[relu].shape[2]) for each in maps])
        scales[name] = np.maximum(rows.mean(axis=0), np.median(rows.mean(axis=0)) / 20)
        scales[name][scales[name] == 0] = 1
    ours = VGG19(rescale(weights, scales), "avg")
    terms = terms_of(GATYS2016, ours, *content.shape[:2])
    losses, expected = Objective(WholeEvaluation(ours, terms), References(content, (style,)), terms)(at)
    assert content_term == pytest.approx(losses.groups["content"], rel=1e-5)
    assert style_term == pytest.approx(losses.groups["style"], rel=1e-5)
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.fixture
def command(tmp_path, mat_file, image, monkeypatch) -> dict[str, str]:
    """The words of a command for three steps, by what they are."""
    monkeypatch.setattr(minimal, "SIZE", 40)
    monkeypatch.setattr(minimal, "STEPS", 3)
    for name, pixels in (("content.png", image), ("style.png", image[::-1, ::-1])):
        cv2.imwrite(str(tmp_path / name), pixels)
    paths = {word: str(tmp_path / f"{word}.png") for word in ("content", "style", "out")}
    return {
        "content_path": paths["content"],
        "style_path": paths["style"],
        "out": paths["out"],
        "weights": str(mat_file),
    }


def test_it_makes_a_picture_and_counts_its_steps(command, image, capsys):
    minimal.main(**command)
    made = cv2.imread(command["out"])
    assert made.shape == (33, 40, 3)
    assert (made != cv2.resize(image, (40, 33), interpolation=cv2.INTER_AREA)).mean() > 0.5
    *lines, end = capsys.readouterr().err.rstrip().split("\n")
    assert re.findall(r"\rstep (\d)/3  content [\d.e-]+  style [\d.e-]+ ", "\n".join(lines)) == ["1", "2", "3"]
    assert end == f"written: {command['out']}, made with tiny.mat"


def test_a_small_picture_is_not_enlarged(command, monkeypatch):
    monkeypatch.setattr(minimal, "SIZE", 400)
    minimal.main(**command)
    assert cv2.imread(command["out"]).shape == (37, 45, 3)


def test_ctrl_c_writes_the_image_so_far(command, monkeypatch, capsys):
    monkeypatch.setattr(minimal, "STEPS", 1)
    minimal.main(**command)
    after_one_step = cv2.imread(command["out"])
    monkeypatch.setattr(minimal, "STEPS", 200)
    evaluated, make_objective = [], minimal.make_objective

    def stopped_after_a_step(*arguments):
        objective = make_objective(*arguments)

        def evaluate(at):
            evaluated.append(at)
            if "step 1/200" in capsys.readouterr().err:
                raise KeyboardInterrupt
            return objective(at)

        return evaluate

    monkeypatch.setattr(minimal, "make_objective", stopped_after_a_step)
    minimal.main(**command)
    assert len(evaluated) < 20
    np.testing.assert_array_equal(cv2.imread(command["out"]), after_one_step)


@pytest.mark.parametrize(
    ("word", "value", "found"),
    [
        ("out", "missing/out.png", "missing/out.png cannot be the result; expected"),
        ("out", "out.xyz", "out.xyz cannot be the result; expected"),
        ("out", "content.png", "content.png cannot be the result; expected"),
        ("content_path", "none.png", "none.png is not a picture that OpenCV reads"),
        ("weights", "missing.mat", "missing.mat is not VGG-19 (FileNotFoundError"),
        ("weights", "content.png", "content.png is not VGG-19 (ValueError"),
        ("weights", "other.npz", "other.npz is not VGG-19 (KeyError"),
    ],
)
def test_what_cannot_be_used_is_refused_before_a_step(command, tmp_path, monkeypatch, capsys, word, value, found):
    np.savez(tmp_path / "other.npz", conv1_1_kernel=np.zeros(3))
    monkeypatch.setattr(minimal, "make_objective", None)
    there = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(SystemExit) as ended:
        minimal.main(**command | {word: str(tmp_path / value)})
    line = capsys.readouterr().err
    assert ended.value.code == 2 and line.count("\n") == 1 and line.startswith(f"{tmp_path}/{found}")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == there
