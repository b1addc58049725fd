"""Jobs for the workers of a Dask cluster, and what comes back: shared by the batch and the film."""

import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from distributed import Client, Future, KilledWorker, as_completed

from transfer.cli.options import RunOptions
from transfer.cli.run import Lost
from transfer.cluster.client import LOST, able, lost_if_gone, opened_client, say_workers
from transfer.cluster.worker import RESOURCE, TOPIC, Task
from transfer.session import Job
from vgg.errors import InputError
from vgg.matfile.read import Weights
from vgg.tools.console import Say

#: Seconds between two looks whether there are workers.
PATIENCE = 10.0


class Painters:
    """The workers of a cluster, each of which does one job at a time."""

    def __init__(
        self, client: Client, work: str, options: RunOptions, weights: Weights, precision: str, say: Say
    ) -> None:
        """Send the weights; the workers know all that is submitted here by the name `work`."""
        self._client, self._work, self._options, self._precision, self._say = client, work, options, precision, say
        self._finished = as_completed(loop=client.loop)
        # As a task, and not by `scatter`: if the worker dies that has them, Dask unpacks them again elsewhere.
        key = f"weights-{weights.sha256}"
        self._weights = client.submit(pickle.loads, pickle.dumps(weights), key=key, pure=False)

    def submit(self, do: Callable[[bytes, Weights], Any], name: str, job: Job, state: Path | None = None) -> Future:
        """Let a worker do a job, as `do` of a pickled `Task`; raises Lost if there is no scheduler any more."""
        task = pickle.dumps(Task(self._work, name, job, self._precision, state, self._options))
        # The name of the work keeps pictures of the same name apart that somebody else has made there.
        key = f"picture-{name}-{self._work}"
        with lost_if_gone(self._client):
            future = self._client.submit(do, task, self._weights, key=key, pure=False, resources={RESOURCE: 1})
            self._finished.add(future)
        return future

    def count(self) -> int:
        """Return how many workers can paint; raises Lost if there is no scheduler any more."""
        with lost_if_gone(self._client):
            return len(able(self._client))

    def next(self) -> Future:
        """Return the next future that is done; raises Lost if there is no scheduler any more."""
        looked = time.monotonic()
        while not self._finished.has_ready():
            time.sleep(0.1)
            if time.monotonic() - looked > PATIENCE:
                looked = time.monotonic()
                if not self.count():
                    self._say("no worker is left; waiting for one (Ctrl-C ends this, and keeps what is finished)")
        return next(self._finished)

    def result(self, future: Future) -> Any:  # noqa: ANN401  (whatever `do` returns)
        """Return what became of a job; raises InputError if it failed, or Lost if it cannot be fetched any more."""
        if future.status == "cancelled":
            raise Lost(LOST)
        with lost_if_gone(self._client):
            error = future.exception()
            result = None if error else future.result()
        if error:
            raise InputError(reason_of(error))
        return result


@contextmanager
def opened_painters(
    options: RunOptions,
    weights: Weights,
    precision: str,
    say: Say,
    tell: Callable[[dict[str, Any]], None] | None = None,
) -> Iterator[Painters]:
    """Yield the workers that the options ask for; those of this machine end with the block.

    `tell` gets what a worker tells of its steps. Raises InputError if there are none, and Lost if the scheduler is gone
    soon.
    """
    work = f"batch-{uuid4().hex}"
    with opened_client(options, work) as client:
        with lost_if_gone(client):
            say_workers(client, say)
            if tell:
                client.subscribe_topic(TOPIC + work, lambda event: tell(event[1]))
            painters = Painters(client, work, options, weights, precision, say)
        yield painters


def reason_of(error: BaseException) -> str:
    """Return in one line why a worker could not make a picture."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, KilledWorker):
        return f"{error.allowed_failures + 1} workers died while they made it; see if memory is short"
    first, *_ = str(error).splitlines() or [""]
    return f"a worker failed with {type(error).__name__}: {first}"
