"""Hands out the orders of a batch to Dask's workers, and writes the pictures that come back."""

import pickle
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from uuid import uuid4

from distributed import Client, Future, KilledWorker, as_completed

from transfer.apps.batch.making import Make
from transfer.cli.many import Display, Prepared, Row, row_of_record
from transfer.cli.options import RunOptions
from transfer.cli.run import Lost, write_picture
from transfer.cluster.client import LOST, able, lost_if_gone, opened_client, say_workers
from transfer.cluster.worker import RESOURCE, TOPIC, Task, paint_task
from vgg.errors import InputError
from vgg.matfile.read import Weights
from vgg.tools.console import Say

#: Pictures for each worker that are handed out at a time: one in work, one ready.
AHEAD = 2
#: Seconds between two looks whether there are workers.
PATIENCE = 10.0


@contextmanager
def dask_maker(options: RunOptions, say: Say, weights: Weights, precision: str, display: Display) -> Iterator[Make]:
    """Yield what makes pictures on the workers that the options ask for; those of this machine end with the block.

    Raises:
        InputError: there are none; or, while pictures are made, one cannot be written.
        Lost: their scheduler is gone.
    """
    batch = f"batch-{uuid4().hex}"  # the name under which workers know the batch

    def tell(event: tuple[float, dict[str, Any]]) -> None:
        _, told = event
        display.on_step(told["name"], told["step"], told["total"])

    def submit(item: Prepared) -> Future:
        state = item.place.outputs.state.absolute() if options.scheduler is None else None
        task = Task(batch, item.name, item.job, precision, state, options)
        # The name of the batch keeps pictures of the same name apart that somebody else has made there.
        key = f"picture-{item.name}-{batch}"
        return client.submit(
            paint_task, pickle.dumps(task), remote_weights, key=key, pure=False, resources={RESOURCE: 1}
        )

    with opened_client(options, batch) as client:
        with lost_if_gone(client):
            say_workers(client, say)
            client.subscribe_topic(TOPIC + batch, tell)
            # As a task, and not by `scatter`: if the worker dies that has them, Dask unpacks them again elsewhere.
            key = f"weights-{weights.sha256}"
            remote_weights = client.submit(pickle.loads, pickle.dumps(weights), key=key, pure=False)
        yield partial(_make, client, options, submit, say)


def _make(
    client: Client, options: RunOptions, submit: Callable[[Prepared], Future], say: Say, items: Iterable[Prepared]
) -> Generator[Row, None, None]:
    """Yield what became of each picture, as they are finished and written."""
    orders, in_work, finished = iter(items), dict[Future, Prepared](), as_completed(loop=client.loop)
    more = True
    while more or in_work:
        while more and len(in_work) < AHEAD * max(1, _workers(client)):
            item = next(orders, None)
            more = item is not None
            if item and item.job is None:
                yield Row(item.name, problem=item.problem)
            elif item:
                with lost_if_gone(client):
                    future = submit(item)
                    in_work[future] = item
                    finished.add(future)
        if in_work:
            future = _next(client, finished, say)
            yield _written(client, options, in_work.pop(future), future)


def _workers(client: Client) -> int:
    """Return how many workers can paint; raises Lost if there is no scheduler any more."""
    with lost_if_gone(client):
        return len(able(client))


def _next(client: Client, finished: as_completed, say: Say) -> Future:
    """Return the next future that is done; raises Lost if there is no scheduler any more."""
    looked = time.monotonic()
    while not finished.has_ready():
        time.sleep(0.1)
        if time.monotonic() - looked > PATIENCE:
            looked = time.monotonic()
            if not _workers(client):
                say("no worker is left; waiting for one (Ctrl-C ends this, and keeps what is finished)")
    return next(finished)


def _written(client: Client, options: RunOptions, item: Prepared, future: Future) -> Row:
    """Write a picture, and return what became of it; raises Lost if it cannot be fetched any more."""
    if future.status == "cancelled":
        raise Lost(LOST)
    with lost_if_gone(client):
        error = future.exception()
        painted = None if error else future.result()
    if error:
        return Row(item.name, problem=f"{item.name}: {reason_of(error)}")
    _, record = write_picture(painted, item.job, item.place, options)
    with suppress(OSError):
        item.place.outputs.state.unlink(missing_ok=True)
    return row_of_record(item.name, record)


def reason_of(error: BaseException) -> str:
    """Return in one line why a worker could not make a picture."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, KilledWorker):
        return f"{error.allowed_failures + 1} workers died while they made it; see if memory is short"
    first, *_ = str(error).splitlines() or [""]
    return f"a worker failed with {type(error).__name__}: {first}"
