"""Dask clusters for pictures: workers on this machine, or a scheduler that others have started."""

import asyncio
import importlib.util
import logging
import os
import signal
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager, suppress
from multiprocessing import resource_tracker
from typing import Any

import dask
from distributed import Client, LocalCluster, Security, rpc

from transfer.cli.options import RunOptions
from transfer.cli.record import differences
from transfer.cli.run import Lost
from transfer.cluster.worker import RESOURCE, SessionPlugin, about
from transfer.machine import processors
from vgg.errors import InputError, typed
from vgg.tools.console import Say, interrupts_polled

#: What Dask's calls raise when there is no scheduler. In Python 3.10 the second is not among the first.
GONE = (OSError, asyncio.TimeoutError, asyncio.CancelledError, CancelledError)
LOST = "the scheduler is lost; what is finished is kept, and the same command goes on from here"
#: Seconds until a scheduler must have answered.
PATIENCE = 20
#: How Dask shall treat the workers of this machine. A picture is given up when three workers have died of it. Data is
#: not written to disk when memory is short, and no worker is paused: a session stays below the limit by itself.
SETTINGS = {
    "distributed.scheduler.allowed-failures": 2,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.admin.tick.limit": "1h",
}


@contextmanager
def lost_if_gone(client: Client) -> Iterator[None]:
    """Raise Lost if a call of Dask inside the block finds no scheduler any more."""
    try:
        yield
    except GONE:
        raise Lost(LOST) from None
    except Exception:
        if client.status == "running":
            raise
        raise Lost(LOST) from None  # a closed client has several errors for that


@contextmanager
def quiet_dask() -> Iterator[None]:
    """Let Dask say nothing inside the block: what its user has to know is in our own lines."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.disable(before)


def opened_client(options: RunOptions, batch: str) -> AbstractContextManager[Client]:
    """Return the client that the options ask for; its workers know the work by the name `batch`: `SessionPlugin`."""
    if options.scheduler is not None:
        return joined_client(options.scheduler, batch)
    return local_client(options.workers, options.memory_bytes, batch)


@contextmanager
def local_client(workers: int, memory_bytes: float, batch: str) -> Iterator[Client]:
    """Start workers on this machine, each a process with its share of memory and threads, and yield their client.

    Only this process can talk to them, if the package `cryptography` is there to make a certificate: else any user of
    this machine could.
    """
    own = str(max(1, processors() // workers))
    variables = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), own)
    variables |= {"TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    variables |= {name: os.environ[name] for name in variables if name in os.environ}  # the user knows better
    # The number of threads must be set before NumPy is imported in a worker.
    settings = SETTINGS | {"distributed.nanny.pre-spawn-environ": variables}
    with (
        quiet_dask(),
        dask.config.set(settings),
        _cluster(
            n_workers=workers,
            security=Security.temporary() if importlib.util.find_spec("cryptography") else None,
            threads_per_worker=2,  # one for a picture, one for what is shipped meanwhile
            resources={RESOURCE: 1},
            memory_limit=int(memory_bytes / workers),
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL + 1,
        ) as cluster,
        Client(cluster, direct_to_workers=True) as client,
    ):
        client.register_plugin(SessionPlugin(batch))
        yield client


@contextmanager
def _cluster(**settings: Any) -> Iterator[LocalCluster]:  # noqa: ANN401  (as Dask takes them)
    """Yield a cluster on this machine that no Ctrl-C disturbs while it starts and ends: Dask would print tracebacks."""
    cluster = None
    try:
        with interrupts_polled("stopping as soon as the workers have started", firm=True), _unheard_by_workers():
            cluster = LocalCluster(**settings)
        yield cluster
    finally:
        if cluster:
            with interrupts_polled("stopping as soon as the workers have ended", firm=True):
                cluster.close()


@contextmanager
def _unheard_by_workers() -> Iterator[None]:
    """Let no Ctrl-C reach the processes and threads that are started inside the block: a terminal sends it to all."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    resource_tracker.ensure_running()  # multiprocessing would start it now and let the signal through afterwards
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def joined_client(address: str, batch: str) -> Iterator[Client]:
    """Join the scheduler at an address such as `tcp://host:8786` and yield a client of it.

    Raises:
        InputError: nobody answers there, no worker can make pictures, or one does not have this program.
        Lost: the scheduler is gone soon after.
    """
    with quiet_dask():
        try:
            asyncio.run(asyncio.wait_for(_require_scheduler(address), PATIENCE))
            client = Client(address, timeout=PATIENCE, direct_to_workers=True)
        except Exception as error:  # whatever Dask makes of another program's answer
            raise InputError(
                f"no Dask scheduler answers at {address!r} ({type(error).__name__}), expected such as "
                f"tcp://host:8786; start one: {typed('dask', 'scheduler')}"
            ) from None
        with client:
            with lost_if_gone(client):
                workers, others = able(client), client.nthreads()
            if not workers:
                start = typed("dask", "worker", address, "--nthreads", "2", "--resources", f"{RESOURCE}=1")
                raise InputError(
                    f"the scheduler at {address} has {len(others)} workers and none with the resource "
                    f"{RESOURCE!r}; start some: {start}, in this program's folder"
                )
            try:
                client.register_plugin(SessionPlugin(batch))
            except GONE:
                raise Lost(LOST) from None
            except Exception as error:  # whatever a worker without this program, or without TensorFlow, answers
                raise InputError(
                    f"a worker of {address} cannot import this program ({type(error).__name__}: {error}); start the "
                    "workers in its folder, with the packages of requirements.txt"
                ) from None
            try:
                yield client
            finally:
                if client.status == "running":  # else new workers, perhaps without this program, would need it
                    with suppress(*GONE):
                        client.unregister_worker_plugin(batch)


async def _require_scheduler(address: str) -> None:
    """Raise an error unless a scheduler answers; Dask's `Client` waits for ever for one that does not."""
    async with rpc(address, connection_args=Security().get_connection_args("client")) as answering:
        if (await answering.identity())["type"] != "Scheduler":
            raise ConnectionError("something else of Dask")


def able(client: Client) -> list[str]:
    """Return the addresses of the workers that can make pictures; raises one of `GONE` without a scheduler."""
    workers = client.scheduler_info(n_workers=-1).get("workers")
    if workers is None:
        raise ConnectionError("the scheduler does not answer")
    return [address for address, worker in workers.items() if worker["resources"].get(RESOURCE)]


def say_workers(client: Client, say: Say) -> None:
    """Say how many workers there are, who can reach them, and in what they differ: their last bits may then, too."""
    workers, own, by_lines = able(client), about(), dict[str, list[str]]()
    if client.cluster is None:
        trust = "they run what any client of their scheduler sends, and are believed; all must trust each other"
    elif client.scheduler.address.startswith("tls://"):
        trust = "only this command can reach them"
    else:
        how = typed("pip", "install", "cryptography")
        trust = f"any user of this machine could have them run code; to prevent it: {how}"
    dashboard = f"; dashboard: {client.dashboard_link}" if importlib.util.find_spec("bokeh") else ""
    say(f"{len(workers)} workers; {trust}{dashboard}")
    for address, of_worker in client.run(about, workers=workers, on_error="ignore").items():
        by_lines.setdefault("; ".join(differences(of_worker, own, words="is {} there and {} here")), []).append(address)
    for lines, addresses in by_lines.items():
        if lines:
            say(f"the last bits may differ from those of one process: on {', '.join(addresses)} {lines}")
