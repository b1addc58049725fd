"""Pictures by Dask's workers, real processes on this machine: the same bytes, whatever dies on the way."""

import os
import signal
import subprocess
import sys
import time

import pytest

from batch_command import NAMES, pictures, prepare, rows
from own_process import ROOT, children

pytest.importorskip("distributed")

ONE_THREAD = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@pytest.fixture
def words(tmp_path) -> list[str]:
    return prepare(tmp_path)


def start(words: list[str], *more: str, cwd=ROOT) -> subprocess.Popen:
    command = [sys.executable, "-m", "transfer.batch", *words, *more]
    return subprocess.Popen(command, cwd=cwd, env=ONE_THREAD, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def batch(words: list[str], *more: str) -> tuple[int, str, str]:
    process = start(words, *more)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def wait_for(condition, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.02)


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs Linux")
def test_a_worker_is_killed_in_the_middle(tmp_path, words):
    """One picture is tried again, from where its state was kept; the bytes are those of one process."""
    words += ["--iterations", "80", "--checkpoint-every", "1"]
    assert batch(words)[0] == 0
    alone = pictures(tmp_path)
    for path in (tmp_path / "out").iterdir():
        path.unlink()
    process = start(words, "--workers", "2")
    wait_for(lambda: len(list(tmp_path.glob("out/*.state.npz"))) == 2 or process.poll() is not None)
    workers = children(process.pid)
    os.kill(workers[-1], signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[2].startswith(("dashboard: ", "2 workers; ")) and "4 of 4 pictures to make" in out
    assert pictures(tmp_path) == alone
    assert not list(tmp_path.glob("out/*.npz")) and len(rows(tmp_path)) == 4
    assert not [number for number in workers if os.path.exists(f"/proc/{number}")]


@pytest.fixture
def scheduler():
    """A scheduler of its own, and its address."""
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--no-dashboard"],
        cwd=ROOT,
        env=ONE_THREAD,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        if "Scheduler at:" in line:
            break
    yield process, line.split()[-1]
    process.kill()
    process.communicate()


@pytest.fixture
def worker(scheduler, tmp_path):
    """A worker of that scheduler, in a folder that has this program and no weights."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for package in ("vgg", "transfer"):
        (elsewhere / package).symlink_to(ROOT / package)
    (elsewhere / "weights").mkdir()
    for path in (ROOT / "weights").iterdir():
        if path.suffix not in (".mat", ".npz"):
            (elsewhere / "weights" / path.name).symlink_to(path)
    command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler[1], "--nthreads", "2", "--no-dashboard"]
    process = subprocess.Popen(
        [*command, "--resources", "picture=1", "--no-nanny", "--local-directory", str(tmp_path)],
        cwd=elsewhere, env=ONE_THREAD, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield process
    process.kill()
    process.wait()


def test_nobody_can_make_pictures(tmp_path, words, scheduler):
    code, _, err = batch(words, "--scheduler", scheduler[1])
    assert code == 2 and err.count("\n") == 1
    assert "has 0 workers and none with the resource 'picture'; start some: dask worker tcp://" in err
    scheduler[0].kill()
    scheduler[0].wait()
    code, _, err = batch(words, "--scheduler", "nonsense")
    assert (code, err.count("\n")) == (2, 1) and "no Dask scheduler answers at 'nonsense'" in err


def test_a_worker_elsewhere_without_weights_and_then_no_scheduler(tmp_path, words, scheduler, worker):
    """The weights are shipped. When the scheduler dies, what is finished is kept, and one line says so."""
    assert batch(words)[0] == 0
    alone = pictures(tmp_path)
    for path in (tmp_path / "out").iterdir():
        path.unlink()
    code, out, err = batch(words, "--scheduler", scheduler[1])
    assert (code, err) == (0, "") and "4/4" in out
    assert pictures(tmp_path) == alone
    (tmp_path / "out" / "b-y.png").unlink()
    process = start(words, "--overwrite", "--iterations", "3000", "--scheduler", scheduler[1])
    for line in process.stdout:
        if line.startswith("dashboard") or "workers; " in line:
            break
    time.sleep(2)
    scheduler[0].kill()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 3
    assert err == "batch: the scheduler is lost; what is finished is kept, and the same command goes on from here\n"
    assert sorted(pictures(tmp_path)) == sorted(NAMES)[:3]


def test_stopped_with_workers(tmp_path, words):
    process = start([*words, "--iterations", "3000"], "--workers", "1")
    for line in process.stdout:
        if line.startswith("dashboard") or "workers; " in line:
            break
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "batch: stopped; what is finished is kept; the same command goes on from here\n"
