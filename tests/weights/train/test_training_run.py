"""The loop, stopping and going on, and the command, with tiny drawings and few steps, computed at once."""

import numpy as np
import pytest

from quick_clustering import quicken
from refused_command import refused_by
from vgg.matfile.read import read
from weights.__main__ import main
from weights.train import run
from weights.train.settings import Settings
from weights.train.training import learning_rate

OPTIONS = ["--kinds", "4", "--steps", "2", "--phases", "16:2:1", "--warm-up", "1"]


pytestmark = pytest.mark.usefixtures("without_compiling")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    quicken(monkeypatch)


@pytest.fixture
def drawings_file(tmp_path):
    path = tmp_path / "drawings.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8))
    return path


def test_learning_rate():
    settings = Settings(steps=1000, warm_up=50, learning_rate=2.0)
    assert learning_rate(settings, 0) == pytest.approx(2 / 50, rel=1e-5)
    assert learning_rate(settings, 500) == pytest.approx(1)
    assert learning_rate(settings, 250) == pytest.approx(1 + np.sqrt(0.5))
    assert 0 < learning_rate(settings, 999) < 1e-4


def test_command_stopped_and_resumed(drawings_file, tmp_path, capsys, monkeypatch):
    """The same bytes at one go and stopped and resumed, in small files; a `.mat` of a step on the way."""
    common = ["train", "--drawings", str(drawings_file)]
    assert main([*common, *OPTIONS, "--to", str(tmp_path / "a.npz"), "--checkpoint-every", "1"]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"written: {tmp_path / 'a.npz'}\n" and "step 2/2  contrast " in printed.err
    assert read(tmp_path / "a.npz").origin == "trained on drawings, half width (version 1, seed 0, 2 steps)"
    assert read(tmp_path / "a-1.mat").origin == "trained on drawings, half width (version 1, seed 0, 1 steps)"

    described = run.described

    def stopping(step):
        if step.step == 1:
            raise KeyboardInterrupt
        return described(step)

    monkeypatch.setattr(run, "described", stopping)
    assert main([*common, *OPTIONS, "--to", str(tmp_path / "b.npz")]) == 130
    assert "1 of 2 steps are kept in " in capsys.readouterr().err
    assert not (tmp_path / "b.npz").exists()
    monkeypatch.setattr(run, "described", described)
    assert main([*common, "--resume", "--seed", "5", "--to", str(tmp_path / "b.npz")]) == 2
    assert "of a run with other settings" in capsys.readouterr().err
    assert main([*common, "--resume", "--to", str(tmp_path / "b.npz")]) == 0
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-1.mat", "a.npz", "b.npz", "drawings.npy"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--phases", "24:3:1"], "crops of 24 pixels, expected a multiple of 16"),
        (["--phases", "16:30:1"], "30 kinds in a batch, expected 2 to 4"),
        (["--phases", "16:3:0.5"], "the last one 1"),
        (["--phases", "16-3"], "expected SIZE:KINDS:UNTIL"),
        (["--learning-rate", "nan"], "learning_rate is nan"),
        (["--to", "{0}/a.txt"], "expected .mat or .npz"),
        (["--to", "{0}/there.mat"], "there.mat exists already"),
        (["--resume", "--to", "{0}/none.mat"], "holds no state of a training run"),
        (["--drawings", "{0}/text.npy"], "text.npy holds no drawings"),
        (["--drawings", "{0}/few.npy"], "few.npy holds uint8 (3, 32, 32, 3), expected uint8 (8, height, width, 3)"),
    ],
)
def test_refused(tmp_path, capfd, options, words):
    (tmp_path / "there.mat").write_text("mine")
    (tmp_path / "text.npy").write_text("hello")
    np.save(tmp_path / "few.npy", np.zeros((3, 32, 32, 3), np.uint8))
    arguments = ["train", "--to", str(tmp_path / "new.mat"), *OPTIONS, *(option.format(tmp_path) for option in options)]
    assert words in refused_by(main, "weights", arguments, capfd, tmp_path)
