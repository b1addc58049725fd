"""Ctrl-C and `kill` at any moment after the first step: the best picture is kept, as large as it was to be."""

import json
import signal

import numpy as np
import pytest
import tensorflow as tf

from transfer.__main__ import main
from transfer.cli import run
from transfer.session import Session
from transfer.train import train
from transfer_command import prepare
from vgg.network import VGG19
from vgg.tools.image import read_image

STEPS = 4  # at each of three sizes
NOTICE = "stopping after this step; press Ctrl-C again to stop at once\n"


@pytest.fixture
def words(tmp_path) -> list[str]:
    return [*prepare(tmp_path), "--size", "64", "--scales", "32,44", "--iterations", str(STEPS)]


def require_picture(tmp_path, capfd, steps: int) -> None:
    """The best picture is written as large as one that was not interrupted, and the record says what happened."""
    picture = tmp_path / "out" / "result.png"
    written = f"the best of {steps} steps is in {picture}; to go on, repeat the command with --resume"
    assert capfd.readouterr().err == f"{NOTICE}transfer: stopped; {written}\n"
    assert read_image(picture).shape == (48, 64, 3)
    record = json.loads(picture.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["stopped"] == "interrupted" and len(record["steps"]) == steps
    names = ["result.json", "result.png", "result.state.npz"]
    assert sorted(path.name for path in picture.parent.iterdir()) == names


@pytest.mark.parametrize(
    ("how", "optimizer", "last"),
    [
        (signal.SIGINT, "l-bfgs-unit", STEPS),
        (signal.SIGTERM, "l-bfgs", 2 * STEPS),
        (signal.SIGTERM, "adam", 3 * STEPS),
        (signal.SIGINT, "l-bfgs", STEPS + 1),
    ],
)
def test_in_the_watcher_at_the_last_step_of_a_size(tmp_path, words, capfd, monkeypatch, how, optimizer, last):
    """And at the first of the next."""
    best = []

    def train_watched(phases, start, watch, keep):
        def interrupted(step, image):
            if step.step == last:
                best.append(image)
                signal.raise_signal(how)
            watch(step, image)

        return train(phases, start, interrupted, keep)

    monkeypatch.setattr(run, "train", train_watched)
    assert main([*words, "--quiet", "--optimizer", optimizer]) == 130
    require_picture(tmp_path, capfd, last)
    # The best image of that size, enlarged: its mean colour, and not the style's or the start's.
    colour = read_image(tmp_path / "out" / "result.png").mean(axis=(0, 1))
    np.testing.assert_allclose(colour, best[0].mean(axis=(0, 1)), atol=1)


@pytest.mark.parametrize(("how", "longer", "steps"), [(signal.SIGINT, 44, STEPS), (signal.SIGTERM, 64, 2 * STEPS)])
def test_while_the_next_sizes_objective_is_built(tmp_path, words, capfd, monkeypatch, how, longer, steps):
    """It takes effect after the first step there."""
    build = Session.objective

    def interrupted(self, recipe, pictures, precision="float32"):
        if max(pictures.content_image.shape) == longer:
            signal.raise_signal(how)
        return build(self, recipe, pictures, precision)

    monkeypatch.setattr(Session, "objective", interrupted)
    assert main([*words, "--quiet"]) == 130
    require_picture(tmp_path, capfd, steps + 1)


@pytest.mark.parametrize("rows", [None, 16], ids=["whole", "striped"])
def test_while_tensorflow_compiles_the_next_size(tmp_path, words, capfd, monkeypatch, rows):
    """While the graph is built; an error inside TensorFlow could hide a KeyboardInterrupt, so none is raised there."""
    raised, run_layers = [], VGG19.run
    if rows:
        monkeypatch.setattr("transfer.memory.peak_bytes", lambda *_: 1e12)
        monkeypatch.setattr("transfer.memory.ROWS", (rows,))

    def interrupted(self, *arguments):
        if ready and not raised and not tf.executing_eagerly():
            raised.append(signal.raise_signal(signal.SIGINT))
        return run_layers(self, *arguments)

    def train_watched(phases, start, watch, keep):
        def noted(step, image):
            if step.step == STEPS:
                ready.append(step)
            watch(step, image)

        return train(phases, start, noted, keep)

    ready = []
    monkeypatch.setattr(run, "train", train_watched)
    monkeypatch.setattr(VGG19, "run", interrupted)
    # Layers that no other test here has: so the loss is compiled here.
    assert main([*words, "--quiet", "--style-layers", f"relu1_2={rows or 1}"]) == 130
    assert raised == [None]
    require_picture(tmp_path, capfd, STEPS + 1)


@pytest.mark.parametrize(
    ("name", "how"),
    [("outcome", signal.SIGINT), ("write_image", signal.SIGTERM), ("write_record", signal.SIGINT)],
)
def test_after_the_last_step_the_results_are_written_whole(tmp_path, words, capfd, monkeypatch, name, how):
    function = getattr(run, name)

    def interrupted(*arguments):
        signal.raise_signal(how)
        return function(*arguments)

    monkeypatch.setattr(run, name, interrupted)
    assert main([*words, "--quiet"]) == 130
    assert capfd.readouterr().err == f"{NOTICE}transfer: stopped\n"
    assert read_image(tmp_path / "out" / "result.png").shape == (48, 64, 3)
    record = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert record["stopped"] == "finished" and len(record["steps"]) == 3 * STEPS
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["result.json", "result.png"]
