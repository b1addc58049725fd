"""State files that were changed: one line, and in a batch the picture is made from the start."""

import json
import shutil

import numpy as np
import pytest

import batch_command
from transfer.__main__ import main
from transfer.batch import main as batch
from transfer.cli import run
from transfer.train import train
from transfer_command import refused


class Killed(BaseException):
    """What stands for a kill -9 inside this process: nothing of ours catches it."""


def killed_after_3(phases, start, watch, keep):
    def killed(step, image):
        watch(step, image)
        if step.step == 3:
            raise Killed

    return train(phases, start, killed, keep)


@pytest.fixture
def words(tmp_path, monkeypatch) -> tuple[list[str], list[str]]:
    """The words of a batch, and those of its first picture by itself, which was killed after its third step."""
    of_batch = batch_command.prepare(tmp_path)
    pair = [str(tmp_path / "in" / name) for name in ("content_a.png", "style_x.png")]
    alone = [*pair, "-o", str(tmp_path / "alone" / "a.png"), *of_batch[3:], "--quiet", "--checkpoint-every", "1"]
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(run, "train", killed_after_3)
        main(alone)
    return of_batch, alone


def test_each_gets_one_line(tmp_path, words, capfd):
    of_batch, alone = words
    state = tmp_path / "alone" / "a.state.npz"
    shutil.copy(state, tmp_path / "good")
    with np.load(state) as file:
        text, arrays = json.loads(str(file["text"])), {name: file[name] for name in file if name != "text"}
    edited = json.loads(json.dumps(text))
    edited["numbers"]["evaluations"] = -1
    without_best = {name: values for name, values in arrays.items() if name != "best"}
    for hostile, found in ((edited, arrays), (text, without_best), (text, arrays | {"best": 2 * arrays["best"]})):
        np.savez(state, text=np.array(json.dumps(hostile)), **found)
        assert "holds no unfinished run of this version" in refused([*alone, "--resume"], capfd, tmp_path)
    shutil.copy(tmp_path / "good", state)
    assert main([*alone, "--resume"]) == 0, "the file as it was is no problem"

    (tmp_path / "out").mkdir()
    np.savez(tmp_path / "out" / "a-x.state.npz", text=np.array(json.dumps(edited)), **arrays)
    assert batch([*of_batch, "--quiet"]) == 0
    assert set(batch_command.pictures(tmp_path)) == set(batch_command.NAMES)
    assert batch_command.pictures(tmp_path)["a-x"] == (tmp_path / "alone" / "a.png").read_bytes()
