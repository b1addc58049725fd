"""Dask clusters for pictures: workers on this machine, or a scheduler that others have started."""

import importlib.util
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dask
from distributed import Client, LocalCluster

from transfer.cluster.worker import RESOURCE, Pictures, about
from transfer.command.differences import differences
from vgg.errors import InputError

#: Seconds until a scheduler must have answered.
PATIENCE = 20
START = "dask worker {address} --nthreads 2 --resources {resource}=1, in a folder with this program"


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
def local_client(workers: int, memory_bytes: float, threads: int) -> Iterator[Client]:
    """Start workers on this machine, each a process with its share of memory and threads, and yield their client."""
    own = max(1, threads // workers)
    variables = {name: str(own) for name in ("TF_NUM_INTRAOP_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
    with quiet_dask(), tempfile.TemporaryDirectory(prefix="pictures-") as folder:
        # The number of threads must be set before NumPy is imported in a worker.
        settings = {"distributed.nanny.pre-spawn-environ": variables, "distributed.admin.tick.limit": "1h"}
        with (
            dask.config.set(settings),
            LocalCluster(
                n_workers=workers,
                threads_per_worker=2,  # one for a picture, one for what is shipped meanwhile
                resources={RESOURCE: 1},
                memory_limit=int(memory_bytes / workers),
                local_directory=folder,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL + 1,
            ) as cluster,
            Client(cluster, direct_to_workers=True) as client,
        ):
            client.register_plugin(Pictures())
            yield client


@contextmanager
def joined_client(address: str) -> Iterator[Client]:
    """Join the scheduler at an address such as `tcp://host:8786` and yield a client of it.

    Raises:
        InputError: nobody answers there, no worker can make pictures, or one does not have this program.
    """
    with quiet_dask():
        try:
            client = Client(address, timeout=PATIENCE, direct_to_workers=True)
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                f"no Dask scheduler answers at {address!r} ({type(error).__name__}), expected such as "
                "tcp://host:8786; start one with `dask scheduler`"
            ) from None
        with client:
            found = client.scheduler_info(n_workers=-1)["workers"]
            able = [name for name, worker in found.items() if worker["resources"].get(RESOURCE)]
            if not able:
                start = START.format(address=address, resource=RESOURCE)
                raise InputError(
                    f"the scheduler at {address} has {len(found)} workers and none with the resource {RESOURCE!r}; "
                    f"start some: {start}"
                )
            try:
                client.register_plugin(Pictures())
            except Exception as error:  # whatever a worker without this program, or without TensorFlow, answers
                raise InputError(
                    f"a worker of {address} cannot import this program ({type(error).__name__}: {error}); start the "
                    "workers in its folder, with the packages of requirements.txt"
                ) from None
            yield client


def say_what_differs(client: Client, say: Callable[[str], None]) -> None:
    """Say in what the workers differ from this process, because then their last bits may."""
    here = about()
    for address, there in client.run(about).items():
        for line in differences(there, here):
            say(f"worker {address} differs: {line}")


def say_dashboard(client: Client, say: Callable[[str], None]) -> None:
    """Say where Dask shows what its workers do; that page needs bokeh."""
    if importlib.util.find_spec("bokeh"):
        say(f"dashboard: {client.dashboard_link}")
    else:
        say(f"{len(client.scheduler_info(n_workers=-1)['workers'])} workers; their dashboard needs `pip install bokeh`")


def threads_here() -> int:
    """Return how many threads the workers of this machine may have together."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
