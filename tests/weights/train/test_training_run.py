"""The command with a tiny teacher, tiny drawings and few steps: it learns, and stops and goes on."""

import numpy as np
import pytest
import tensorflow as tf

from refused_command import refused_by
from vgg.matfile.read import read
from vgg.network import VGG19
from weights.__main__ import main
from weights.train import run
from weights.train.imitation import initial_state, train, units
from weights.train.settings import Settings

OPTIONS = ["--kinds", "4", "--steps", "4", "--crops", "16:3", "--warm-up", "1", "--normalised", "1"]


@pytest.fixture
def drawings_file(tmp_path):
    path = tmp_path / "drawings.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8))
    return path


def test_it_learns(weights):
    """After 60 steps both errors are lower, and the finished network has the teacher's units."""
    images = list(np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8))
    teacher = VGG19(weights, "avg")
    settings, seen = Settings(steps=60, crops=((16, 4),), warm_up=5, normalised=30), []
    layer_units = units(teacher, images)
    start = initial_state(teacher, settings)
    state = train(teacher, layer_units, images, settings, start, lambda step, _: seen.append(step.losses))
    for term in ("maps", "distances"):
        first, last = (np.mean([losses[term] for losses in some]) for some in (seen[:5], seen[-5:]))
        assert last < 0.7 * first, term
    finished = VGG19(run.finished(images, settings, layer_units, state, "a test", "drawings"), "avg")
    batch = tf.constant(np.stack(images), tf.float32)
    sizes = [float(tf.reduce_sum(net(batch, ["relu1_1"])["relu1_1"] ** 2)) for net in (teacher, finished)]
    assert 0.1 < sizes[1] / sizes[0] < 3 and sizes[0] > 100 * tf.size(batch).numpy()


@pytest.mark.usefixtures("without_compiling")
def test_command_stopped_and_resumed(mat_file, drawings_file, tmp_path, capsys, monkeypatch):
    """The same bytes at one go and stopped and resumed, in small files; the network of a step on the way."""
    common = ["train", "--teacher", str(mat_file), "--drawings", str(drawings_file)]
    assert main([*common, *OPTIONS, "--to", str(tmp_path / "a.npz"), "--checkpoint-every", "3"]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"written: {tmp_path / 'a.npz'}\n" and "step 4/4  maps " in printed.err
    origin = read(tmp_path / "a.npz").origin
    assert origin.startswith("imitates ") and origin.endswith("(version 3, seed 0, 4 steps)")
    assert main(["verify", str(tmp_path / "a-3.npz")]) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith("(version 3, seed 0, 3 steps)")

    described = run.described

    def stopping(step):
        if step.step == 2:
            raise KeyboardInterrupt
        return described(step)

    monkeypatch.setattr(run, "described", stopping)
    assert main([*common, *OPTIONS, "--to", str(tmp_path / "b.npz")]) == 130
    assert "2 of 4 steps are kept in " in capsys.readouterr().err
    assert not (tmp_path / "b.npz").exists()
    monkeypatch.setattr(run, "described", described)
    assert main([*common, "--resume", "--to", str(tmp_path / "b.npz"), "--crops", "32:2"]) == 2
    assert "--crops 32:2, but the run began with 16:3; leave it out" in capsys.readouterr().err
    assert main([*common, "--resume", "--to", str(tmp_path / "b.npz")]) == 0
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"a-3.npz", "a.npz", "b.npz", drawings_file.name, mat_file.name}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--crops", "24:3"], "3 crops of 24 pixels, expected 2 or more of a multiple of 16"),
        (["--crops", "16-3"], "expected SIZE:COUNT"),
        (["--kernel-rate", "nan"], "kernel_rate is nan"),
        (["--to", "{0}/a.txt"], "expected .mat or .npz"),
        (["--to", "{0}/there.mat"], "there.mat exists already"),
        (["--resume", "--to", "{0}/none.mat"], "holds no state of a training run"),
        (["--drawings", "{0}/text.npy"], "text.npy holds no drawings"),
        (["--drawings", "{0}/few.npy"], "few.npy holds uint8 (3, 32, 32, 3), expected uint8 (8, height, width, 3)"),
        (["--pictures", "{0}/text.npy"], "text.npy is no folder"),
        (["--teacher", "{0}/text.npy"], "text.npy is "),
    ],
)
def test_refused(mat_file, tmp_path, capfd, options, words):
    (tmp_path / "there.mat").write_text("mine")
    (tmp_path / "text.npy").write_text("hello")
    np.save(tmp_path / "few.npy", np.zeros((3, 32, 32, 3), np.uint8))
    arguments = ["train", "--teacher", str(mat_file), "--to", str(tmp_path / "new.mat"), *OPTIONS]
    arguments += [option.format(tmp_path) for option in options]
    assert words in refused_by(main, "weights", arguments, capfd, tmp_path)


def test_crops_come_from_pictures_as_often_as_from_drawings():
    drawings, pictures = list(np.zeros((1400, 1, 1, 3))), list(np.ones((300, 1, 1, 3)))
    assert np.mean(run.mixed(drawings, pictures)) == pytest.approx(0.5, abs=0.05)
    assert len(run.mixed(pictures, drawings)) == 1700  # more pictures than drawings: each is there once
    assert np.sum(run.mixed(drawings, [])) == 0
