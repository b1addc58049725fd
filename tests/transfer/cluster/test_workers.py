"""Dask's workers as a user meets them: the reference's own commands, workers of this machine, and what is refused."""

import asyncio
import gc
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import film_command
import transfer_command
from batch_command import pictures, prepare, refused, rows
from own_process import ROOT, children
from transfer.__main__ import main as transfer
from transfer.batch import main as batch
from transfer.video import main as video
from vgg.tools.image import read_image

distributed = pytest.importorskip("distributed")

LINUX = pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs Linux")
#: Layers, so that little has to be compiled.
FEW = ["--content-layers", "relu2_2", "--style-layers", "relu1_1"]
LOST = "batch: the scheduler is lost; what is finished is kept, and the same command goes on from here\n"


@pytest.fixture
def words(tmp_path) -> list[str]:
    """Two pictures."""
    words = prepare(tmp_path)
    (tmp_path / "in" / "content_b.png").unlink()
    return [*words, *FEW]


def until(condition: Callable[[], object], seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def meanwhile(do: Callable[[], object], main: Callable[[list[str]], int], words: list[str]) -> int:
    """Run a command, and something else beside it; its exit code."""
    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(do)
        code = main(words)
        done.result()
    return code


def emptied(folder: Path) -> dict[str, bytes]:
    """Take the results of a batch out of its folder."""
    made = pictures(folder)
    for path in (folder / "out").iterdir():
        path.unlink()
    return made


def at_work(address: str, do: Callable[[], object]) -> Callable[[], None]:
    """What does something as soon as a worker paints a picture."""

    def then() -> None:
        with distributed.Client(address) as client:
            until(lambda: any("picture-" in str(key) for keys in client.processing().values() for key in keys))
        do()

    return then


@pytest.fixture
def start(tmp_path):
    """Starts one of the two commands of the reference with more words, in a folder with this program and no weights."""
    elsewhere, started = tmp_path / "elsewhere", []
    (elsewhere / "weights").mkdir(parents=True)
    for path in (ROOT / "vgg", ROOT / "transfer", *(ROOT / "weights").iterdir()):
        if path.suffix not in (".mat", ".npz"):
            (elsewhere / path.relative_to(ROOT)).symlink_to(path)
    lines = (ROOT / "transfer" / "speed.md").read_text(encoding="utf-8").splitlines()

    def begin(what: str, address: str, *more: str) -> subprocess.Popen:
        (line,) = [line for line in lines if line.startswith(f".venv/bin/python -m dask {what}")]
        python, *command = shlex.split(line.replace("tcp://host:8786", address))
        assert python == ".venv/bin/python"
        command = [sys.executable, *command, "--host", "127.0.0.1", "--no-dashboard", *more]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
        started.append(subprocess.Popen(command, cwd=elsewhere, **quiet))
        return started[-1]

    yield begin
    for process in started:
        with process:
            os.killpg(process.pid, signal.SIGKILL)


@LINUX
def test_the_reference_s_scheduler_and_worker(tmp_path, words, start, capfd, monkeypatch):
    monkeypatch.setattr("transfer.cluster.painters.PATIENCE", 2.0)
    assert batch(words) == 0
    alone = emptied(tmp_path)
    scheduler = start("scheduler", "", "--port", "0")
    address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at:" in line)
    there = ["--scheduler", address]

    err = refused([*words, *there], capfd, tmp_path)
    assert "has 0 workers and none with the resource 'picture'; start some: " in err and "-m dask worker tcp:" in err

    worker = start("worker", address, "--no-nanny", "--local-directory", str(tmp_path))
    ThreadPoolExecutor(1).submit(worker.stderr.read)
    with distributed.Client(address) as client:
        client.wait_for_workers(1, timeout=60)
    assert batch([*words, *there]) == 0
    assert emptied(tmp_path) == alone  # the weights were shipped

    endless = [*words, "--iterations", "100000", *there]
    stop = at_work(address, lambda: os.kill(os.getpid(), signal.SIGTERM))
    capfd.readouterr()
    assert meanwhile(stop, batch, endless) == 130
    assert capfd.readouterr().err == "batch: stopped; what is finished is kept; the same command goes on from here\n"
    assert meanwhile(at_work(address, scheduler.kill), batch, endless) == 3
    assert capfd.readouterr().err == LOST


@pytest.fixture
def cluster() -> Iterator:
    """A scheduler and two workers in this process, where TensorFlow runs already."""
    settings = {"processes": False, "protocol": "tcp://", "host": "127.0.0.1", "dashboard_address": None}
    settings |= {"n_workers": 2, "threads_per_worker": 2, "resources": {"picture": 1}}
    with distributed.LocalCluster(**settings) as cluster:
        started = list(cluster.workers.values())
        yield cluster
    for worker in started:
        worker.state.actors.clear()  # a closed worker stays in this process, with what it has compiled


def sessions() -> int:
    return sum(type(each).__name__ == "Session" for each in gc.get_objects())


def test_a_batch_on_two_workers(tmp_path, words, cluster, capfd):
    assert batch(words) == 0
    alone, before = emptied(tmp_path), sessions()
    there = ["--scheduler", cluster.scheduler_address]
    capfd.readouterr()
    assert batch([*words, *there]) == 0
    out, err = capfd.readouterr()
    assert "2 workers; they run what any client of their scheduler sends" in out and "2/2" in out and err == ""
    assert emptied(tmp_path) == alone
    assert sessions() <= before, "a worker outlives a batch"


def test_a_film_whose_scenes_two_workers_paint(tmp_path, cluster):
    film = [*film_command.prepare(tmp_path), "-o", str(tmp_path / "out" / "frames"), "--quiet"]
    made = []
    for more in ([], ["--overwrite", "--scheduler", cluster.scheduler_address]):
        assert video([*film, *more]) == 0
        made.append([path.read_bytes() for path in sorted((tmp_path / "out" / "frames").glob("*.png"))])
    assert made[0] == made[1] and len(made[0]) == film_command.FRAMES


@pytest.mark.usefixtures("stripes_without_compiling")
def test_one_picture_whose_rows_the_workers_share_because_it_does_not_fit_at_once(tmp_path, cluster, capfd):
    picture = [*transfer_command.prepare(tmp_path), *FEW, "--size", "96", "--scales", "", "--precision", "float32"]
    picture[:2] = "sample", "sample"
    picture += ["--iterations", "2", "--verbose"]
    picture += ["--optimizer", "adam", "--max-memory", "1.1025", "-o", str(tmp_path / "alone.png")]
    assert transfer(picture) == 0
    shared = [*picture, "-o", str(tmp_path / "shared.png"), "--scheduler", cluster.scheduler_address]
    assert transfer(shared) == 0
    out, err = capfd.readouterr()
    assert "in stripes of" in out and "shared among the workers" in out and err == ""
    difference = read_image(tmp_path / "alone.png").astype(int) - read_image(tmp_path / "shared.png")
    assert np.abs(difference).max() <= 3
    alone, together = (json.loads((tmp_path / f"{name}.json").read_text("utf-8")) for name in ("alone", "shared"))
    assert together["steps"][0]["total"] == pytest.approx(alone["steps"][0]["total"], rel=1e-5)
    assert together["losses"]["total"] == pytest.approx(alone["losses"]["total"], rel=1e-3)
    state = tmp_path / "lost.state.npz"

    def lose_one() -> None:
        until(state.exists)
        cluster.scale(1)

    lost = [*shared, "-o", str(tmp_path / "lost.png"), "--iterations", "100000", "--checkpoint-every", "1"]
    assert meanwhile(lose_one, transfer, lost) == 2 and state.exists()
    err = capfd.readouterr().err
    assert err.startswith("transfer: a worker is lost, and its part of the image with it") and err.count("\n") == 1
    assert "--resume goes on from the last checkpoint" in err


@LINUX
def test_a_worker_of_this_machine(tmp_path, words, capfd):
    """It is killed: its picture is tried again, from where its state was kept. Nobody else can reach it."""
    words += ["--iterations", "15", "--checkpoint-every", "1"]
    assert batch(words) == 0
    alone = emptied(tmp_path)
    workers, strangers = [], []

    def disturb() -> None:
        until(lambda: list(tmp_path.glob("out/*.state.npz")))
        workers.extend(children(os.getpid()))
        os.kill(workers[-1], signal.SIGKILL)
        strangers.extend(map(answers_a_stranger, listening(os.getpid())))

    assert meanwhile(disturb, batch, [*words, "--workers", "1"]) == 0
    out, err = capfd.readouterr()
    secure = find_spec("cryptography") is not None
    assert ("1 workers; only this command can" if secure else "1 workers; any user of this machine could") in out
    assert any(strangers) != secure and err == ""
    assert pictures(tmp_path) == alone
    assert not list(tmp_path.glob("out/*.npz")) and len(rows(tmp_path)) == 2
    assert not [number for number in workers if os.path.exists(f"/proc/{number}")]


def listening(process_id: int) -> list[int]:
    import psutil  # Dask needs it

    connections = psutil.Process(process_id).net_connections("tcp")
    return [connection.laddr.port for connection in connections if connection.status == psutil.CONN_LISTEN]


def answers_a_stranger(port: int) -> bool:
    """Whether Dask answers there to who has no certificate."""

    async def call() -> None:
        connection = await distributed.core.connect(f"tcp://127.0.0.1:{port}")
        connection.abort()

    try:
        asyncio.run(asyncio.wait_for(call(), 2))
    except Exception:
        return False
    return True


@LINUX
def test_stopped_while_workers_start(words, capfd):
    """A terminal sends Ctrl-C to the workers, too. Nothing of Dask is left, which would print its traceback at exit."""
    workers: list[int] = []

    def stop() -> None:
        until(lambda: children(os.getpid()))
        workers.extend(children(os.getpid()))
        for process in (os.getpid(), *workers):
            os.kill(process, signal.SIGINT)

    assert meanwhile(stop, batch, [*words, "--workers", "1"]) == 130
    first, second = capfd.readouterr().err.splitlines()
    assert first == "stopping as soon as the workers have started"
    assert second == "batch: stopped; what is finished is kept; the same command goes on from here"
    assert workers and not [number for number in workers if os.path.exists(f"/proc/{number}")]
    assert all(cluster.status.name == "closed" for cluster in distributed.SpecCluster._instances)


def greet(server: socket.socket, greeting: bytes) -> socket.socket:
    connection, _ = server.accept()
    connection.sendall(greeting)
    return connection


def test_too_many_for_this_machine(words, capfd, tmp_path):
    err = refused([*words, "--workers", "2", "--max-memory", "0.2"], capfd, tmp_path)
    assert "0.2 GB of memory, of which each needs 2 GB, expected at most 0" in err
    err = refused([*words, "--workers", "5000", "--max-memory", "20000"], capfd, tmp_path)
    assert "--workers 5000 share" in err and "processors and" in err


def test_something_else_answers(words, capfd, tmp_path, monkeypatch):
    """A web server waits for a request; other servers begin with a text."""
    monkeypatch.setattr("transfer.cluster.client.PATIENCE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as web, socket.create_server(("127.0.0.1", 0)) as mail:
        for server, greeting in ((web, b""), (mail, b"220 mail.example.org ESMTP ready\r\n")):
            address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
            with ThreadPoolExecutor(1) as beside:
                greeted = beside.submit(greet, server, greeting)
                err = refused([*words, "--scheduler", address], capfd, tmp_path)
                greeted.result().close()
            assert f"no Dask scheduler answers at '{address}'" in err
    assert "no Dask scheduler answers at 'nonsense'" in refused([*words, "--scheduler", "nonsense"], capfd, tmp_path)
