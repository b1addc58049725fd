"""Dask clusters for pictures: workers on this machine, or a scheduler that others have started."""

import asyncio
import importlib.util
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress

import dask
from distributed import Client, LocalCluster

from transfer.batch.making import Lost
from transfer.cluster.worker import RESOURCE, Pictures, about
from transfer.command.differences import differences
from vgg.errors import InputError, typed

#: What Dask's calls raise when there is no scheduler. In Python 3.10 the second is not among the first.
GONE = (OSError, asyncio.TimeoutError, asyncio.CancelledError, CancelledError)
LOST = "the scheduler is lost; what is finished is kept, and the same command goes on from here"
#: Seconds until a scheduler must have answered.
PATIENCE = 20
START = "dask worker {address} --nthreads 2 --resources {resource}=1, in a folder with this program"
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


@contextmanager
def local_client(workers: int, memory_bytes: float, threads: int, batch: str) -> Iterator[Client]:
    """Start workers on this machine, each a process with its share of memory and threads, and yield their client.

    Workers know the batch by the name `batch`, see `Pictures`.
    """
    own = str(max(1, threads // workers))
    variables = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), own)
    variables |= {"TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    variables |= {name: os.environ[name] for name in variables if name in os.environ}  # the user knows better
    # The number of threads must be set before NumPy is imported in a worker.
    settings = SETTINGS | {"distributed.nanny.pre-spawn-environ": variables}
    with (
        quiet_dask(),
        dask.config.set(settings),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=2,  # one for a picture, one for what is shipped meanwhile
            resources={RESOURCE: 1},
            memory_limit=int(memory_bytes / workers),
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL + 1,
        ) as cluster,
        Client(cluster, direct_to_workers=True) as client,
    ):
        client.register_plugin(Pictures(batch))
        yield client


@contextmanager
def joined_client(address: str, batch: str) -> Iterator[Client]:
    """Join the scheduler at an address such as `tcp://host:8786` and yield a client of it.

    Raises:
        InputError: nobody answers there, no worker can make pictures, or one does not have this program.
        Lost: the scheduler is gone soon after.
    """
    with quiet_dask():
        try:
            client = Client(address, timeout=PATIENCE, direct_to_workers=True)
        except (*GONE, ValueError) as error:
            raise InputError(
                f"no Dask scheduler answers at {address!r} ({type(error).__name__}), expected such as "
                "tcp://host:8786; start one with `dask scheduler`"
            ) from None
        with client:
            with lost_if_gone(client):
                workers, others = able(client), client.nthreads()
            if not workers:
                start = START.format(address=address, resource=RESOURCE)
                raise InputError(
                    f"the scheduler at {address} has {len(others)} workers and none with the resource "
                    f"{RESOURCE!r}; start some: {start}"
                )
            try:
                client.register_plugin(Pictures(batch))
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


def able(client: Client) -> list[str]:
    """Return the addresses of the workers that can make pictures; raises one of `GONE` without a scheduler."""
    found = client.scheduler_info(n_workers=-1).get("workers")
    if found is None:
        raise ConnectionError("the scheduler does not answer")
    return [address for address, worker in found.items() if worker["resources"].get(RESOURCE)]


def say_what_differs(client: Client, say: Callable[[str], None]) -> None:
    """Say in what the workers differ from this process, because then their last bits may."""
    here, by_lines = about(), dict[str, list[str]]()
    for address, there in client.run(about, workers=able(client), on_error="ignore").items():
        by_lines.setdefault("; ".join(differences(there, here)), []).append(address)
    for lines, addresses in by_lines.items():
        if lines:
            say(f"the last bits may differ from those of one process: on {', '.join(addresses)} {lines}")


def say_dashboard(client: Client, say: Callable[[str], None]) -> None:
    """Say where Dask shows what its workers do; that page needs bokeh."""
    if importlib.util.find_spec("bokeh"):
        say(f"dashboard: {client.dashboard_link}")
    else:
        say(f"{len(able(client))} workers; their dashboard needs `{typed('pip', 'install', 'bokeh')}`")


def threads_here() -> int:
    """Return how many threads the workers of this machine may have together."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
