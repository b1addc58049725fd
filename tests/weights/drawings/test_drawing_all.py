"""A training set drawn by several processes: the same whatever their number, and ended by Ctrl-C."""

import contextlib
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from own_process import ROOT
from weights.drawings import draw, draw_all


def test_each_picture_is_at_its_place_and_it_reports_how_far_it_is():
    reports = []
    pictures = draw_all(4, 2, 5, 2, lambda done, total: reports.append((done, total)), size=48)
    assert pictures.shape == (8, 48, 48, 3)
    assert pictures.dtype == np.uint8
    for kind in range(4):
        for number in range(2):
            np.testing.assert_array_equal(pictures[2 * kind + number], draw(kind, number, 48, seed=5))
    assert reports == [(2, 8), (4, 8), (6, 8), (8, 8)]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler, "Ctrl-C is heard again afterwards"


PROGRAM = """
import multiprocessing, signal, sys
from weights.drawings import draw_all

def report(done, total):
    if done == 4:
        print('tensorflow' in sys.modules, *[child.pid for child in multiprocessing.active_children()], flush=True)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        draw_all(20_000, 2, 0, 2, report, size=32)
    except KeyboardInterrupt:
        print("ended")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a group of processes")
def test_ctrl_c_ends_all_processes_quietly(tmp_path):
    script = tmp_path / "draws.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{PROGRAM}")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = subprocess.Popen([sys.executable, str(script)], start_new_session=True, **pipes)
    try:
        with_tensorflow, *workers = running.stdout.readline().split()
        assert with_tensorflow == "False", "each worker imports what this module imports"
        os.killpg(running.pid, signal.SIGINT)  # the whole group, as a terminal does
        output, errors = running.communicate(timeout=30)
        assert len(workers) == 2
        assert (output, errors, running.returncode) == ("ended\n", "", 0)
        for worker in workers:
            with pytest.raises(ProcessLookupError):
                os.kill(int(worker), 0)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
