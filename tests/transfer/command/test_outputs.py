"""Where results go: refused before the run if the place cannot be written, saved elsewhere if that shows at the end."""

import json
import os
import shutil
from pathlib import Path

import pytest

from transfer.__main__ import main
from transfer.cli import run
from transfer.train import train
from transfer_command import prepare, refused
from vgg.tools.image import read_image


@pytest.fixture
def words(tmp_path, monkeypatch) -> list[str]:
    """The words of a run in whose middle the output's folder is replaced by a file; the current folder is another."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return prepare(tmp_path)


@pytest.fixture
def folder_lost(tmp_path, monkeypatch) -> Path:
    """The output's folder, which exists before the run and is a file after the second step."""
    folder = tmp_path / "out"
    folder.mkdir()

    def train_and_lose(phases, start, *_):
        def watch(step, image):
            if step.step == 2:
                shutil.rmtree(folder)
                folder.write_text("unmounted")

        return train(phases, start, watch)

    monkeypatch.setattr(run, "train", train_and_lose)
    return folder


@pytest.mark.parametrize("sheet", [[], ["--sheet"]], ids=["", "with sheet"])
def test_a_folder_lost_during_the_run_does_not_cost_the_picture(tmp_path, words, folder_lost, capfd, sheet):
    assert main([*words, *sheet]) == 0
    here = tmp_path / "here"
    names = ["result.json", "result.png"] if not sheet else ["result-sheet.png", "result.json", "result.png"]
    assert sorted(path.name for path in here.iterdir()) == names
    assert read_image(here / "result.png").shape == (24, 32, 3)
    record = json.loads((here / "result.json").read_text(encoding="utf-8"))
    assert record["stopped"] == "finished" and len(record["steps"]) == 5 and record["result"]["file"] == "result.png"
    out, err = capfd.readouterr()
    lost = tmp_path / "out" / "result.png"
    assert err == f"transfer: {lost} can no longer be written, so the result is in {here / 'result.png'}\n"
    assert out.splitlines()[-1].startswith(f"written: {here / 'result.png'}, {here / 'result.json'}")
    assert folder_lost.read_text() == "unmounted"


def test_where_it_is_saved_is_said_even_with_quiet(tmp_path, words, folder_lost, capfd):
    assert main([*words, "--quiet"]) == 0
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("transfer: ") and str(tmp_path / "here") in err


def test_nothing_is_overwritten_there(tmp_path, words, folder_lost):
    """Also no record of another picture that stands beside."""
    here = tmp_path / "here"
    (here / "result.png").write_text("a picture of mine")
    (here / "result-2.json").write_text("something of mine")
    assert main([*words, "--quiet"]) == 0
    assert (here / "result.png").read_text() == "a picture of mine"
    assert (here / "result-2.json").read_text() == "something of mine"
    (saved,) = (path for path in here.glob("result-*.png"))
    record = json.loads(saved.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["result"]["file"] == saved.name


def test_where_the_current_folder_is_gone_too_it_goes_to_the_temporary_one(tmp_path, words, folder_lost, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    os.rmdir(tmp_path / "here")
    assert main([*words, "--quiet"]) == 0
    assert sorted(path.name for path in (tmp_path / "temporary").iterdir()) == ["result.json", "result.png"]


def test_interrupted_and_the_folder_is_lost(tmp_path, words, folder_lost, capfd, monkeypatch):
    lose = run.train

    def lose_and_stop(*arguments):
        result = lose(*arguments)
        result.stopped = "interrupted"
        return result

    monkeypatch.setattr(run, "train", lose_and_stop)
    assert main(words) == 130
    saved = tmp_path / "here" / "result.png"
    _, last = capfd.readouterr().err.splitlines()
    assert last == f"transfer: stopped; the best of 5 steps is in {saved}" and saved.exists()


def test_a_record_that_can_no_longer_be_written_is_saved_elsewhere(tmp_path, words, monkeypatch, capfd):
    """A folder takes its name during the run; the picture can go where it was wanted."""

    def train_and_take(phases, start, *_):
        (tmp_path / "out" / "result.json").mkdir(parents=True)
        return train(phases, start)

    monkeypatch.setattr(run, "train", train_and_take)
    assert main([*words, "--quiet"]) == 0
    assert read_image(tmp_path / "out" / "result.png").shape == (24, 32, 3)
    assert len(json.loads((tmp_path / "here" / "result.json").read_text(encoding="utf-8"))["steps"]) == 5
    wanted, saved = tmp_path / "out" / "result.json", tmp_path / "here" / "result.json"
    expected = f"transfer: {wanted} can no longer be written, so the result is in {saved}\n"
    assert capfd.readouterr() == ("", expected)


def test_what_can_be_seen_before_is_refused_before(tmp_path, words, capfd, monkeypatch):
    """Nothing is trained for a folder that is a file, or a link to a disk that is not mounted."""
    monkeypatch.setattr(run, "train", None)
    (tmp_path / "file").write_text("")
    (tmp_path / "disk").symlink_to(tmp_path / "not mounted")
    for folder, expected in (("file", "Not a directory"), ("disk", "No such file or directory")):
        line = refused([*words, "-o", str(tmp_path / folder / "below" / "a.png")], capfd, tmp_path)
        assert f"no file can be made in the folder {tmp_path / folder} ({expected}); choose another" in line
