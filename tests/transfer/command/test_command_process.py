"""`python -m transfer` as a process: what the operating system sees on its streams, and how it takes signals."""

import json
import os
import signal
import subprocess
import sys
import time
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


def test_quiet_prints_nothing_and_another_process_makes_the_same_bytes(tmp_path, words):
    """File descriptors 1 and 2 of the whole process: TensorFlow's start-up messages would show, too."""
    noise = [*words, "--quiet", "--sheet", "--init", "noise", "--seed", "5"]
    assert run_apart(noise) == (0, "", "")
    results = [tmp_path / "out" / name for name in ("result.png", "result-sheet.png")]
    bytes_of_process = [path.read_bytes() for path in results]
    assert main(noise) == 0
    assert [path.read_bytes() for path in results] == bytes_of_process


@pytest.mark.parametrize("full", [False, True])
def test_a_log_that_cannot_be_written_does_not_cost_the_picture(tmp_path, words, monkeypatch, full):
    """A full disk; or nobody reads on, as in `python -m transfer … | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full" if full else writer, "w") as stdout, suppress(BrokenPipeError):
        monkeypatch.setattr(sys, "stdout", stdout)
        assert main(words) == 0
    assert (tmp_path / "out" / "result.png").exists()


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


def test_stopped_in_the_middle_saves_the_best_so_far(tmp_path, words):
    """By a terminal that is closed, and that has no Unicode."""
    words = [*words, "--iterations", "1000000", "--optimizer", "adam", "--learning-rate", "0.5"]
    process = start_apart(words, PYTHONIOENCODING="ascii")
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("step 1/"):
                break
        time.sleep(0.3)  # so that there is a middle
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    picture, record = tmp_path / "out" / "result.png", tmp_path / "out" / "result.json"
    assert process.returncode == 130, err
    written = json.loads(record.read_text(encoding="utf-8"))
    assert written["stopped"] == "interrupted"
    steps = written["steps"]
    assert 1 <= len(steps) < 1_000_000 and steps[-1]["step"] == len(steps)
    notice = "stopping after this step; press Ctrl-C again to stop at once"
    written = f"the best of {len(steps)} steps is in {picture}; --resume goes on from there"
    assert err == f"{notice}\ntransfer: stopped; {written}\n"
    *before, last = [*lines, *out.splitlines()]
    starts = ("weights: ", "32?24 pixels; ", "1000000 steps of adam: ", "only ", "step ")  # "only": if memory is short
    assert all(line.startswith(starts) for line in before), "nothing but our lines"
    assert last == f"written: {picture}, {record}"
    names = ["result.json", "result.png", "result.state.npz"]
    assert sorted(path.name for path in picture.parent.iterdir()) == names
    assert np.ptp(read_image(picture)) > 0


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
