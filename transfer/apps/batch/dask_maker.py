"""Hands out the orders of a batch to Dask's workers, and writes the pictures that come back."""

import pickle
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from distributed import Client, Future, KilledWorker, as_completed

from transfer.apps.batch.jobs import PreparedOrder
from transfer.apps.batch.making import Made, OnStep
from transfer.cli.options import RunOptions
from transfer.cli.run import Lost, write_picture
from transfer.cluster.client import LOST, able, lost_if_gone, opened_client, say_workers
from transfer.cluster.worker import RESOURCE, TOPIC, Task, paint_task
from vgg.errors import InputError
from vgg.matfile.read import Weights

#: Pictures for each worker that are handed out at a time: one in work, one ready.
AHEAD = 2
#: Seconds between two looks whether there are workers.
PATIENCE = 10.0

Say = Callable[[str], None]


class DaskMaker:
    """The maker that has Dask's workers paint the pictures of one batch."""

    def __init__(
        self, client: Client, batch: str, weights: Weights, precision: str, options: RunOptions, say: Say
    ) -> None:
        """Send the weights; `batch` is the name under which workers know the batch."""
        self.client, self.batch, self.precision, self.options, self.say = client, batch, precision, options, say
        self.sent, self.received, self.pictures = 0, 0, 0
        packed = pickle.dumps(weights, pickle.HIGHEST_PROTOCOL)
        self.weights_bytes = len(packed)
        # As a task, and not by `scatter`: if the worker dies that has them, Dask unpacks them again elsewhere.
        self._weights = client.submit(pickle.loads, packed, key=f"weights-{weights.sha256}", pure=False)

    def make(self, items: Iterable[PreparedOrder]) -> Generator[Made, None, None]:
        """Yield what became of each order, as they are finished and written.

        Raises:
            InputError: a picture cannot be written.
            Lost: the scheduler is gone.
        """
        orders, in_work, finished = iter(items), dict[Future, PreparedOrder](), as_completed(loop=self.client.loop)
        more = True
        while more or in_work:
            while more and len(in_work) < AHEAD * max(1, self._able()):
                item = next(orders, None)
                more = item is not None
                if item and item.job is None:
                    yield Made(item.order, problem=item.problem)
                elif item:
                    with lost_if_gone(self.client):
                        future = self._submit(item)
                        in_work[future] = item
                        finished.add(future)
            if in_work:
                future = self._next(finished)
                yield self._made(in_work.pop(future), future)

    def _able(self) -> int:
        """Return how many workers can paint; raises Lost if there is no scheduler any more."""
        with lost_if_gone(self.client):
            return len(able(self.client))

    def _next(self, finished: as_completed) -> Future:
        """Return the next future that is done; raises Lost if there is no scheduler any more."""
        looked = time.monotonic()
        while not finished.has_ready():
            time.sleep(0.1)
            if time.monotonic() - looked > PATIENCE:
                looked = time.monotonic()
                if not self._able():
                    self.say("no worker is left; waiting for one (Ctrl-C ends this, and keeps what is finished)")
        return next(finished)

    def _submit(self, item: PreparedOrder) -> Future:
        """Hand out a picture."""
        name = item.order.pair.name
        state = item.order.outputs.state.absolute() if self.options.scheduler is None else None
        task = Task(self.batch, name, item.job, self.precision, state, self.options)
        packed = pickle.dumps(task, pickle.HIGHEST_PROTOCOL)
        self.sent += len(packed)
        # The name of the batch keeps pictures of the same name apart that somebody else has made there.
        key = f"picture-{name}-{self.batch}"
        return self.client.submit(paint_task, packed, self._weights, key=key, pure=False, resources={RESOURCE: 1})

    def _made(self, item: PreparedOrder, future: Future) -> Made:
        """Write a picture, and return what became of it; raises Lost if it cannot be fetched any more."""
        if future.status == "cancelled":
            raise Lost(LOST)
        with lost_if_gone(self.client):
            error = future.exception()
            painted = None if error else future.result()
        self.pictures += 1
        if error:
            return Made(item.order, problem=problem_of(item.order.pair.name, error))
        self.received += painted.image.nbytes
        _, record = write_picture(painted, item.job, item.place)
        with suppress(OSError):
            item.order.outputs.state.unlink(missing_ok=True)
        return Made(item.order, record)

    def traffic(self) -> str:
        """Return in words how many bytes went to the workers and came back."""
        many = max(self.pictures, 1)
        return (
            f"sent to the workers: {self.weights_bytes / 1e6:.1f} MB of weights, then {self.sent / many / 1e6:.2f} MB "
            f"a picture; received: {self.received / many / 1e6:.2f} MB a picture"
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
def dask_maker(options: RunOptions, say: Say, weights: Weights, precision: str, on_step: OnStep) -> Iterator[DaskMaker]:
    """Yield the maker with the workers that the options ask for; those of this machine end with the block.

    Raises:
        InputError: there are none.
        Lost: their scheduler is gone already.
    """
    batch = f"batch-{uuid4().hex}"
    with opened_client(options, batch) as client:

        def tell(event: tuple[float, dict[str, Any]]) -> None:
            _, told = event
            on_step(told["name"], told["step"], told["total"])

        with lost_if_gone(client):
            say_workers(client, say)
            client.subscribe_topic(TOPIC + batch, tell)
            maker = DaskMaker(client, batch, weights, precision, options, say)
        yield maker
        say(maker.traffic())
