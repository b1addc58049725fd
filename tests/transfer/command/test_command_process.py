"""`python -m transfer` as a process: what the operating system sees on its streams, and how it takes signals."""

import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from transfer.__main__ import main
from transfer.cli import run
from transfer.train import train
from transfer_command import ROOT, prepare, run_apart, start_apart
from vgg.tools.image import read_image


@pytest.fixture
def words(tmp_path) -> list[str]:
    return prepare(tmp_path)


def test_killed_at_a_random_moment_and_another_process_goes_on_and_quiet_prints_nothing(tmp_path, words):
    """By `kill -9`. The bytes are those of this process, which was not stopped.

    File descriptors 1 and 2 of both processes are seen: TensorFlow's start-up messages would show, too.
    """
    words = [*words, "--sheet", "--init", "noise", "--seed", "5", "--iterations", "40", "--checkpoint-every", "1"]
    out = tmp_path / "out"
    assert main(words) == 0
    names = ["result.png", "result-sheet.png"]
    unbroken = [(out / name).read_bytes() for name in names]
    shutil.rmtree(out)

    process = start_apart(words, PYTHONIOENCODING="ascii")  # a terminal that has no Unicode
    lines = lines_until_the_first_step(process)
    time.sleep(random.uniform(0, 0.6))
    process.kill()
    rest, err = process.communicate()
    assert err == ""
    starts = ("weights: ", "32?24 pixels: ", "only ", "step ", "written: ")  # "only": if memory is short
    assert all(line.startswith(starts) for line in [*lines, *rest.splitlines()[:-1]]), "nothing but our lines"

    assert run_apart([*words, "--quiet", "--resume"]) == (0, "", "")
    assert [(out / name).read_bytes() for name in names] == unbroken
    assert sorted(path.name for path in out.iterdir()) == sorted([*names, "result.json"]), "leftovers are removed, too"


def lines_until_the_first_step(process: subprocess.Popen) -> list[str]:
    """What a process has printed until it has done the first step."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("step 1/"):
            break
    return lines


@pytest.mark.parametrize("full", [False, True])
def test_a_log_that_cannot_be_written_does_not_cost_the_picture(tmp_path, words, monkeypatch, full):
    """A full disk; or nobody reads on, as in `python -m transfer … | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full" if full else writer, "w") as stdout, suppress(BrokenPipeError):
        monkeypatch.setattr(sys, "stdout", stdout)
        assert main(words) == 0
    assert (tmp_path / "out" / "result.png").exists()


def test_a_terminal_is_told_at_once_what_it_waits_for(words, monkeypatch):
    """Before the pictures are read, which takes a while if they are large; a file, and `--quiet`, get no such line."""
    for more, is_terminal, expected in (([], True, "loading TensorFlow …\n"), ([], False, ""), (["--quiet"], True, "")):
        out = io.StringIO()
        out.isatty = lambda answer=is_terminal: answer
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr("transfer.cli.outputs.free_outputs", interrupt)
        assert main([*words, *more]) == 130
        assert out.getvalue() == expected


def interrupt(*_) -> None:
    raise KeyboardInterrupt


def test_help_loads_nothing_heavy():
    program = (
        "import sys; sys.argv = ['transfer', '--recipe', 'gatys2016', '-h']; import runpy\n"
        "try: runpy.run_module('transfer', run_name='__main__')\n"
        "except SystemExit as stop:\n"
        "    print(stop.code, {'tensorflow', 'numpy', 'scipy', 'cv2', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--style-weight" in done.stdout and "gatys2016" in done.stdout
    assert done.stdout.endswith("\n0 set()\n")
    assert done.stderr == ""


def test_stopped_in_the_middle_saves_the_best_so_far(tmp_path, words, monkeypatch, capfd):
    """By a terminal that is closed."""
    words = [*words, "--iterations", "1000000", "--optimizer", "adam", "--learning-rate", "0.5"]
    monkeypatch.setattr(run, "train", train_watched(lambda: closing.start()))
    # If the command left this signal to others, a KeyboardInterrupt would lose the notice and the picture.
    before = signal.signal(signal.SIGHUP, signal.default_int_handler)
    closing = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGHUP))  # so that there is a middle
    try:
        assert main(words) == 130
    finally:
        closing.cancel()
        signal.signal(signal.SIGHUP, before)
    out, err = capfd.readouterr()
    picture, record = tmp_path / "out" / "result.png", tmp_path / "out" / "result.json"
    written = json.loads(record.read_text(encoding="utf-8"))
    assert written["stopped"] == "interrupted"
    steps = written["steps"]
    assert 1 <= len(steps) < 1_000_000 and steps[-1]["step"] == len(steps)
    notice = "stopping after this step; press Ctrl-C again to stop at once"
    written = f"the best of {len(steps)} steps is in {picture}; to go on, repeat the command with --resume"
    assert err == f"{notice}\ntransfer: stopped; {written}\n"
    assert out.splitlines()[-1] == f"written: {picture}, {record}"
    names = ["result.json", "result.png", "result.state.npz"]
    assert sorted(path.name for path in picture.parent.iterdir()) == names
    assert np.ptp(read_image(picture)) > 0


def train_watched(at_first_step: Callable[[], None]) -> Callable:
    """The training loop, with something done after its first step."""

    def watched(phases, start, watch, keep):
        def noted(step, image):
            if step.step == 1:
                at_first_step()
            watch(step, image)

        return train(phases, start, noted, keep)

    return watched


def test_stopped_before_the_first_step_writes_nothing(tmp_path, words, monkeypatch, capfd):
    """In this process, where the moment can be chosen: the very first evaluation of the loop."""

    def interrupted(image):
        raise KeyboardInterrupt

    interrupted.floor = 0.0

    def train_interrupted(phases, *rest):
        return train([replace(phase, build_objective=lambda: interrupted) for phase in phases], *rest)

    monkeypatch.setattr(run, "train", train_interrupted)
    assert main(words) == 130
    assert capfd.readouterr().err == "transfer: stopped; no step was done, so nothing was written\n"
    assert not (tmp_path / "out").exists()
