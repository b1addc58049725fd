"""Runs of the page against the command line: the same bytes, whether stopped, killed, or made in one go."""

import json
import shlex
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from image_files import png_of
from transfer.apps.page import runs as runs_module
from transfer.apps.page.folder import Folder
from transfer.apps.page.runs import Runs
from transfer.apps.page.settings import Settings
from transfer_command import main, prepare
from vgg.errors import InputError
from vgg.tools.image import read_image


@pytest.fixture
def made(tmp_path):
    """The words of a short run, and the same as settings."""
    words = prepare(tmp_path)
    further = shlex.join(["--no-normalize", "--precision", "float32", "--iterations", "5", *words[-4:]])
    pictures = (str(tmp_path / "content.png"), (str(tmp_path / "style.png"),))
    return words, Settings(*pictures, size=32, weights=str(tmp_path / "tiny.mat"), further=further)


@pytest.fixture
def runs(tmp_path):
    runs = Runs(Folder(tmp_path / "page"))
    yield runs
    runs.close()


def wait(run, *states):
    """Wait until a run is in one of the states."""
    states = states or ("finished", "stopped", "failed")
    for _ in range(1200):
        if run.state in states:
            return run
        time.sleep(0.05)
    raise AssertionError(f"{run.state} {run.problem}, expected {states}")


def until(reached):
    for _ in range(1200):
        if reached():
            return
        time.sleep(0.05)
    raise AssertionError


def stop_after(monkeypatch, steps, runs):
    """Stop the present run when that many steps are done."""
    append = list.append

    class Steps(list):
        def append(self, step):
            append(self, step)
            if len(self) == steps:
                runs.present.stop.set()

    made = runs_module.Run

    def run(*values, **more):
        made_run = made(*values, **more)
        made_run.steps = Steps()
        return made_run

    monkeypatch.setattr(runs_module, "Run", run)


def test_the_bytes_are_those_of_the_command_line(made, runs, tmp_path):
    words, settings = made
    run = wait(runs.add(settings))
    assert (run.state, run.problem, run.count, len(run.steps)) == ("finished", "", 5, 5)
    main([*words, "--quiet"])
    assert run.outputs.picture.read_bytes() == (tmp_path / "out" / "result.png").read_bytes()
    typed = json.loads(run.outputs.record.read_text())["command"][3:]
    run.outputs.picture.rename(tmp_path / "by page.png")
    assert main([*typed, "--overwrite", "--quiet"]) == 0  # the record's own command repeats it
    assert run.outputs.picture.read_bytes() == (tmp_path / "by page.png").read_bytes()


def test_a_run_that_was_stopped_keeps_its_best_and_ends_with_the_same_bytes(made, runs, monkeypatch):
    whole = wait(runs.add(made[1])).outputs.picture.read_bytes()
    with monkeypatch.context() as context:
        stop_after(context, 2, runs)
        stopped = wait(runs.add(made[1]))
    assert stopped.state == "stopped" and stopped.outputs.state.exists()
    assert stopped.outputs.picture.read_bytes() != whole
    again = wait(runs.add(made[1], stopped.outputs))
    assert (again.state, len(again.steps)) == ("finished", 3)
    assert again.outputs.picture == stopped.outputs.picture
    assert again.outputs.picture.read_bytes() == whole and not again.outputs.state.exists()


def test_what_a_crash_left_is_listed_and_goes_on_to_the_same_bytes(made, runs, monkeypatch):
    whole = wait(runs.add(made[1])).outputs.picture.read_bytes()
    with monkeypatch.context() as context:
        stop_after(context, 2, runs)
        crashed = wait(runs.add(made[1])).outputs
    for file in (crashed.picture, crashed.record):  # a crash would not have written them
        file.unlink()
    later = Runs(Folder(runs.folder.path))
    outputs, settings = later.folder.results()[0]
    assert outputs == crashed and outputs.state.exists()
    assert wait(later.add(settings, outputs)).outputs.picture.read_bytes() == whole
    later.close()


def test_another_strength_starts_from_the_present_picture(made, runs, monkeypatch):
    with monkeypatch.context() as context:
        stop_after(context, 2, runs)
        stopped = wait(runs.add(made[1]))
    follower = wait(runs.restart(0.8))
    record = json.loads(follower.outputs.record.read_text())
    assert record["files"]["init"] == str(stopped.outputs.picture) and record["recipe"]["init"] == "picture"
    assert record["recipe"]["content_weight"] < 0.02 and follower.state == "finished"


def test_runs_wait_for_each_other_in_their_order(made, runs):
    first, second, third = (runs.add(replace(made[1], strength=strength)) for strength in (0.2, 0.5, 0.8))
    for run in (first, second, third):
        wait(run)
    names = [outputs.picture for outputs, _ in runs.folder.results()]
    assert sorted(names) == sorted(run.outputs.picture for run in (first, second, third)) and len(set(names)) == 3
    times = [run.outputs.record.stat().st_mtime_ns for run in (first, second, third)]
    assert times == sorted(times)


def test_what_is_wrong_is_said_at_once_and_the_thread_lives_on(made, runs, monkeypatch, capsys):
    with pytest.raises(InputError, match="style-blend"):
        runs.add(replace(made[1], shares="1:2:3"))
    small = runs.folder.path / "small.png"
    small.write_bytes(png_of(np.zeros((3, 90, 3), np.uint8)))
    with pytest.raises(InputError, match="expected at least 16"):
        runs.add(replace(made[1], content=str(small)))
    assert not list(runs.folder.path.glob("*.run.json"))
    monkeypatch.setattr(runs_module, "make_picture", lambda *words, **more: 1 / 0)
    failed = wait(runs.add(made[1]))
    assert (failed.state, "ZeroDivisionError" in failed.problem) == ("failed", True)
    monkeypatch.undo()
    assert wait(runs.add(made[1])).state == "finished"
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_stop_stops_all(made, runs):
    first = runs.add(replace(made[1], further=made[1].further + " --iterations 5000"))
    waiting = [runs.add(made[1]), runs.add(made[1])]
    until(lambda: len(first.steps) > 1)
    assert [run.outputs for run in runs.queue] == [run.outputs for run in (first, *waiting)]
    runs.stop()
    assert wait(first).state == "stopped" and runs.queue == [first]
    assert [outputs for outputs, _ in runs.folder.results()] == [first.outputs]
    assert len(list(runs.folder.path.glob("*.run.json"))) == 1


def test_a_result_that_cannot_be_written_is_kept_elsewhere(made, runs, monkeypatch, tmp_path):
    wait(runs.add(made[1]))
    monkeypatch.chdir(tmp_path)  # where what cannot be written goes

    def lose(*values, **more):
        shutil.rmtree(runs.folder.path)
        runs.folder.path.write_text("a file is where the folder was")
        return made_picture(*values, **more)

    made_picture = runs_module.make_picture
    monkeypatch.setattr(runs_module, "make_picture", lose)
    run = wait(runs.add(made[1]))
    assert run.outputs.picture.exists() and run.outputs.picture.parent != runs.folder.path
    assert "cannot be written, so the picture is in" in run.problem


def test_closing_stops_the_present_run_and_says_where_its_picture_is(made, runs):
    run = runs.add(replace(made[1], further=made[1].further + " --iterations 5000"))
    until(lambda: len(run.steps) > 1)
    waits = runs.add(made[1])
    assert str(run.outputs.picture) in runs.close()
    assert (run.state, waits.state) == ("stopped", "waiting")
    assert read_image(run.outputs.picture).shape == (24, 32, 3) and run.outputs.state.exists()


def test_the_forecast_has_the_size_and_the_pace(made, runs, monkeypatch):
    monkeypatch.setattr(runs_module, "_pace", lambda session, recipe: 1e-3)
    pixels = (32 + 2 * 16) * (24 + 2 * 16)  # with the default recipe's margin
    text = runs.forecast(made[1])
    assert text.startswith(f"32 × 24 pixels · about {round(5 * pixels * 1e-3)} s · ")
    run = wait(runs.add(made[1]))
    assert Path(run.outputs.picture).exists()
