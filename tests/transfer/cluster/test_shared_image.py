"""One image on several workers, `python -m transfer --workers 2`: the same picture, and a worker that is lost."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from own_process import ROOT, children
from transfer_command import prepare
from vgg.image.file import read_image

pytest.importorskip("distributed")

#: No image fits at once, so all are computed in stripes; 64 rows are two bands of 32.
PROGRAM = """
import sys
if __name__ == "__main__":
    from vgg.console.quiet import start_tensorflow
    start_tensorflow()
    import transfer.memory
    transfer.memory.peak_bytes = lambda *arguments: 1e13
    transfer.memory.ROWS = (16,)
    from transfer.__main__ import main
    sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def start(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_NUM_INTRAOP_THREADS": "1"}

    def begin(*words: str) -> subprocess.Popen:
        command = [sys.executable, str(program), *words]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    yield begin


@pytest.fixture
def words(tmp_path) -> list[str]:
    words = prepare(tmp_path)
    words[0], words[1] = "sample", "sample"
    return [*words, "--size", "96", "--scales", "", "--precision", "float32"]


def test_the_picture_is_that_of_one_process(tmp_path, words, start):
    out, err = start(*words).communicate(timeout=120)
    assert err == "" and "in stripes of 16 rows" in out
    picture = read_image(tmp_path / "out" / "result.png").astype(int)
    before = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["losses"]
    out, err = start(*words, "--workers", "2").communicate(timeout=120)
    assert err == "" and "is shared among the workers" in out
    after = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["losses"]
    assert after["total"] == pytest.approx(before["total"], rel=1e-3)
    assert np.abs(read_image(tmp_path / "out" / "result.png") - picture).max() <= 3


def test_a_worker_that_is_lost_costs_what_follows_the_last_checkpoint(tmp_path, words, start):
    words += ["--iterations", "3000", "--optimizer", "adam", "--checkpoint-every", "1"]
    process = start(*words, "--workers", "2")
    state, until = tmp_path / "out" / "result.state.npz", time.monotonic() + 90
    while not state.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(children(process.pid)[-1], signal.SIGKILL)
    _, err = process.communicate(timeout=90)
    assert process.returncode == 2 and err.count("\n") == 1, err
    assert err.startswith("transfer: a worker is lost, and its part of the image with it")
    assert "--resume goes on from the last checkpoint" in err and state.exists()
