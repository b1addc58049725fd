"""Hands out the orders of a batch to Dask's workers, and takes in what became of them."""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from distributed import Client, Future, KilledWorker

from transfer.batch.making import Lost, Made, OnStep, Wanted
from transfer.cluster.client import joined_client, local_client, say_dashboard, say_what_differs, threads_here
from transfer.cluster.worker import RESOURCE, TOPIC, Task, make, shipped
from transfer.machine import usable_bytes
from transfer.term import Losses
from vgg.errors import InputError
from vgg.matfile.read import Weights

#: Pictures for each worker that are handed out at a time: one in work, one ready.
AHEAD = 2
#: Seconds without a scheduler after which it is lost.
PATIENCE = 10.0


class Workers:
    """The maker that has Dask's workers make the pictures."""

    def __init__(self, client: Client, weights: Weights, precision: str, options: argparse.Namespace) -> None:
        """Ship the weights; they go to each worker once."""
        self.client, self.precision, self.options = client, precision, options
        self._shipped: dict[str, Future] = {}
        self._weights = self._ship(f"weights-{weights.sha256}", weights)

    def make(self, wanted: Iterable[Wanted]) -> Iterator[Made]:
        """Yield what became of each order, as they are finished.

        Raises:
            Lost: the scheduler is gone.
        """
        orders, finished, in_work = iter(wanted), SimpleQueue[Future](), dict[Future, tuple[Wanted, float]]()
        more = True
        while more or in_work:
            while more and len(in_work) < AHEAD * max(1, len(self.client.nthreads())):
                item = next(orders, None)
                more = item is not None
                if item and item.job is None:
                    yield Made(item.order, problem=item.problem)
                elif item:
                    future = self._submit(item)
                    in_work[future] = item, time.monotonic()
                    future.add_done_callback(finished.put)
            if in_work:
                future = self._next(finished)
                item, began = in_work.pop(future)
                yield self._made(item, future, time.monotonic() - began)

    def _next(self, finished: SimpleQueue[Future]) -> Future:
        """Return the next future that is done; raises Lost if there is no scheduler any more."""
        seen = time.monotonic()
        while True:
            try:
                return finished.get(timeout=0.5)
            except Empty:
                if self.client.status == "running":
                    seen = time.monotonic()
                elif time.monotonic() - seen > PATIENCE:
                    raise Lost(LOST) from None

    def _submit(self, wanted: Wanted) -> Future:
        order, job = wanted.order, wanted.job
        pictures = job.pictures
        from_content = pictures.init_image is not None and np.array_equal(pictures.init_image, pictures.content_image)
        bare = replace(
            pictures, content_image=None, style_images=(), init_image=None if from_content else pictures.init_image
        )
        state = order.outputs.state.absolute() if self.options.scheduler is None else None
        task = Task(
            order.pair.name, replace(job, pictures=bare), from_content, self.precision, state,
            self.options.checkpoint_every, self.options.report_as,
        )  # fmt: skip
        images = [self._ship_image(image) for image in (pictures.content_image, *pictures.style_images)]
        return self.client.submit(
            make, task, self._weights, *images, resources={RESOURCE: 1}, pure=False, key=f"picture-{order.pair.name}"
        )

    def _ship_image(self, image: np.ndarray) -> Future:
        return self._ship(f"image-{image.shape}-{sha256(np.ascontiguousarray(image)).hexdigest()}", image)

    def _ship(self, key: str, value: object) -> Future:
        """Return the value as the result of a task: what it is needed for finds it by its digest."""
        if key not in self._shipped:
            self._shipped[key] = self.client.submit(shipped, value, key=key, pure=False)
        return self._shipped[key]

    def _made(self, wanted: Wanted, future: Future, seconds: float) -> Made:
        order, job = wanted.order, wanted.job
        if future.status == "cancelled":
            raise Lost(LOST)
        error = future.exception()
        if error is None:
            result, found = future.result()
            return Made(order, job, result, found, seconds=result.steps[-1].seconds if result.steps else seconds)
        if isinstance(error, KilledWorker):
            deaths = error.allowed_failures + 1
            problem = f"{order.pair.name}: {deaths} workers died while they made it; see if memory is short"
        elif isinstance(error, InputError):
            problem = str(error)
        else:
            problem = f"{order.pair.name}: a worker failed with {type(error).__name__}: {error}"
        return Made(order, job, problem=problem, seconds=seconds)


LOST = "the scheduler is lost; what is finished is kept, and the same command goes on from here"


@contextmanager
def hired(
    options: argparse.Namespace, say: Callable[[str], None], weights: Weights, precision: str, on_step: OnStep
) -> Iterator[Workers]:
    """Yield the workers that the options ask for; those of this machine end with the block.

    Raises:
        InputError: there are none.
    """
    memory = options.max_memory or usable_bytes()
    opened = (
        joined_client(options.scheduler)
        if options.scheduler is not None
        else local_client(options.workers, memory, threads_here())
    )
    with opened as client:
        say_dashboard(client, say)
        say_what_differs(client, say)

        def tell(event: tuple[float, dict[str, Any]]) -> None:
            _, told = event
            on_step(told["name"], told["step"], Losses(told["losses"][0], {}, {}))

        client.subscribe_topic(TOPIC, tell)
        yield Workers(client, weights, precision, options)
