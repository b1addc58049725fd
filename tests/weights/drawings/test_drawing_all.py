"""A training set drawn by several processes: the same whatever their number, and ended by Ctrl-C."""

import contextlib
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from own_process import ROOT, run_python
from weights.drawings import draw, draw_all


@pytest.fixture(scope="module")
def by_two():
    reports = []
    pictures = draw_all(4, 2, 5, 2, lambda done, total: reports.append((done, total)), size=48)
    return pictures, reports


def test_each_picture_is_at_its_place(by_two):
    pictures, _ = by_two
    assert pictures.shape == (8, 48, 48, 3)
    assert pictures.dtype == np.uint8
    for kind in range(4):
        for number in range(2):
            np.testing.assert_array_equal(pictures[2 * kind + number], draw(kind, number, 48, seed=5))


def test_the_number_of_workers_does_not_matter(by_two):
    alone = draw_all(4, 2, 5, 1, lambda *_: None, size=48)
    np.testing.assert_array_equal(alone, by_two[0])


def test_it_reports_how_far_it_is(by_two):
    assert by_two[1] == [(2, 8), (4, 8), (6, 8), (8, 8)]


def test_ctrl_c_is_heard_again_afterwards(by_two):
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_workers_import_no_tensorflow():
    done = run_python("import sys, weights.drawings.kinds; print('tensorflow' in sys.modules)")
    assert done.stdout == "False\n"


PROGRAM = """
import multiprocessing, signal
from weights.drawings import draw_all

def report(done, total):
    if done == 4:
        print(*[child.pid for child in multiprocessing.active_children()], flush=True)

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
        workers = [int(word) for word in running.stdout.readline().split()]
        os.killpg(running.pid, signal.SIGINT)  # the whole group, as a terminal does
        output, errors = running.communicate(timeout=30)
        assert len(workers) == 2
        assert (output, errors, running.returncode) == ("ended\n", "", 0)
        for worker in workers:
            with pytest.raises(ProcessLookupError):
                os.kill(worker, 0)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
