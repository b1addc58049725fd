"""Hands out the orders of a batch to Dask's workers, and takes in what became of them."""

import argparse
import pickle
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from distributed import Client, Future, KilledWorker

from transfer.batch.making import Lost, Made, OnStep, Wanted
from transfer.cluster.client import LOST, able, joined_client, local_client, lost_if_gone, say_workers
from transfer.cluster.shipment import Shipment
from transfer.cluster.worker import RESOURCE, TOPIC, Task, make
from transfer.machine import usable_bytes
from transfer.term import Losses
from vgg.errors import InputError
from vgg.matfile.read import Weights

#: Pictures for each worker that are handed out at a time: one in work, one ready.
AHEAD = 2
#: Seconds without a scheduler after which it is lost.
PATIENCE = 10.0

Say = Callable[[str], None]


class InWork(NamedTuple):
    """A picture that was handed out."""

    wanted: Wanted
    images: list[Future]  # so that they stay on the workers for the next pictures that are made from them


class Workers:
    """The maker that has Dask's workers make the pictures of one batch."""

    def __init__(
        self, client: Client, batch: str, weights: Weights, precision: str, options: argparse.Namespace, say: Say
    ) -> None:
        """Ship the weights; they go to each worker once. `batch` is the name under which workers know the batch."""
        self.client, self.batch, self.precision, self.options, self.say = client, batch, precision, options, say
        self.shipment, self.received, self.pictures = Shipment(client), 0, 0
        self._weights = self.shipment.value(f"weights-{weights.sha256}", weights)
        self._make = self.shipment.value(f"make-{batch}", make)
        self.sent_once = self.shipment.sent

    def make(self, wanted: Iterable[Wanted]) -> Generator[Made, None, None]:
        """Yield what became of each order, as they are finished.

        Raises:
            Lost: the scheduler is gone.
        """
        orders, finished, in_work = iter(wanted), SimpleQueue[Future](), dict[Future, InWork]()
        more = True
        while more or in_work:
            while more and len(in_work) < AHEAD * max(1, self._able()):
                item = next(orders, None)
                more = item is not None
                if item and item.job is None:
                    yield Made(item, problem=item.problem)
                elif item:
                    with lost_if_gone(self.client):
                        future, images = self._submit(item)
                    in_work[future] = InWork(item, images)
                    future.add_done_callback(finished.put)
            if in_work:
                future = self._next(finished)
                yield self._made(in_work.pop(future).wanted, future)

    def _able(self) -> int:
        """Return how many workers can make pictures; raises Lost if there is no scheduler any more."""
        with lost_if_gone(self.client):
            return len(able(self.client))

    def _next(self, finished: SimpleQueue[Future]) -> Future:
        """Return the next future that is done; raises Lost if there is no scheduler any more."""
        seen = asked = time.monotonic()
        while True:
            try:
                return finished.get(timeout=0.5)
            except Empty:
                now = time.monotonic()
                if self.client.status != "running":
                    if now - seen > PATIENCE:
                        raise Lost(LOST) from None
                    continue
                seen = now
                if now - asked > PATIENCE:
                    asked = now
                    if not self._able():
                        self.say("no worker is left; waiting for one (Ctrl-C ends this, and keeps what is finished)")

    def _submit(self, wanted: Wanted) -> tuple[Future, list[Future]]:
        """Hand out a picture; return it as a future, and the pictures that it is made from."""
        order, job = wanted.order, wanted.job
        pictures = job.pictures
        from_content = pictures.init_image is not None and np.array_equal(pictures.init_image, pictures.content_image)
        bare = replace(
            pictures, content_image=None, style_images=(), init_image=None if from_content else pictures.init_image
        )
        state = order.outputs.state.absolute() if self.options.scheduler is None else None
        task = Task(
            self.batch, order.pair.name, replace(job, pictures=bare), from_content, self.precision, state,
            self.options.checkpoint_every, self.options.report_as, self.options.depth,
        )  # fmt: skip
        styles = [self.shipment.image(image, recurs=True) for image in pictures.style_images]
        images = [self.shipment.image(pictures.content_image), *styles]
        # The name of the batch keeps pictures of the same name apart that somebody else has made there.
        key = f"picture-{order.pair.name}-{self.batch}"
        future = self.shipment.call(self._make, task, self._weights, *images, key=key, resources={RESOURCE: 1})
        return future, images

    def _made(self, wanted: Wanted, future: Future) -> Made:
        """Return what became of a picture; raises Lost if it cannot be fetched any more."""
        if future.status == "cancelled":
            raise Lost(LOST)
        with lost_if_gone(self.client):
            error = future.exception()
            packed = b"" if error else future.result()
        if error is None:
            self.received, self.pictures = self.received + len(packed), self.pictures + 1
            return Made(wanted, *pickle.loads(packed))
        return Made(wanted, problem=problem_of(wanted.order.pair.name, error))

    def traffic(self) -> str:
        """Return in words how many bytes went to the workers and came back."""
        many = max(self.pictures, 1)
        there, back = (self.shipment.sent - self.sent_once) / many, self.received / many
        return (
            f"sent to the workers: {self.sent_once / 1e6:.1f} MB of weights, then {there / 1e6:.2f} MB a picture; "
            f"received: {back / 1e6:.2f} MB a picture"
        )


def problem_of(name: str, error: BaseException) -> str:
    """Return in one line why a worker could not make the picture of that name."""
    if isinstance(error, InputError):
        return f"{name}: {error}"
    if isinstance(error, KilledWorker):
        return f"{name}: {error.allowed_failures + 1} workers died while they made it; see if memory is short"
    first, *_ = str(error).splitlines() or [""]
    return f"{name}: a worker failed with {type(error).__name__}: {first}"


@contextmanager
def hired(
    options: argparse.Namespace, say: Say, weights: Weights, precision: str, on_step: OnStep
) -> Iterator[Workers]:
    """Yield the workers that the options ask for; those of this machine end with the block.

    Raises:
        InputError: there are none.
        Lost: their scheduler is gone already.
    """
    batch = f"batch-{uuid4().hex}"
    opened = (
        joined_client(options.scheduler, batch)
        if options.scheduler is not None
        else local_client(options.workers, options.max_memory or usable_bytes(), batch)
    )
    with opened as client:

        def tell(event: tuple[float, dict[str, Any]]) -> None:
            _, told = event
            on_step(told["name"], told["step"], Losses(told["total"], {}, {}))

        with lost_if_gone(client):
            say_workers(client, say)
            client.subscribe_topic(TOPIC + batch, tell)
            workers = Workers(client, batch, weights, precision, options, say)
        yield workers
        say(workers.traffic())
