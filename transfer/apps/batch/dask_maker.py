"""Hands out the orders of a batch to Dask's workers, and writes the pictures that come back."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from distributed import Future

from transfer.apps.batch.making import Make
from transfer.cli.many import Display, Prepared, Row, row_of_record
from transfer.cli.options import RunOptions
from transfer.cli.run import write_picture
from transfer.cluster.painters import Painters, opened_painters
from transfer.cluster.worker import paint_task
from vgg.errors import InputError
from vgg.matfile.read import Weights
from vgg.tools.console import Say

#: Pictures for each worker that are handed out at a time: one in work, one ready.
AHEAD = 2


@contextmanager
def dask_maker(options: RunOptions, say: Say, weights: Weights, precision: str, display: Display) -> Iterator[Make]:
    """Yield what makes pictures on the workers that the options ask for; those of this machine end with the block.

    Raises:
        InputError: there are none; or, while pictures are made, one cannot be written.
        Lost: their scheduler is gone.
    """

    def tell(told: dict) -> None:
        display.on_step(told["name"], told["step"], told["total"])

    with opened_painters(options, weights, precision, say, tell) as painters:
        yield partial(_make, painters, options)


def _make(painters: Painters, options: RunOptions, items: Iterable[Prepared]) -> Generator[Row, None, None]:
    """Yield what became of each picture, as they are finished and written."""
    orders, in_work = iter(items), dict[Future, Prepared]()
    more = True
    while more or in_work:
        while more and len(in_work) < AHEAD * max(1, painters.count()):
            item = next(orders, None)
            more = item is not None
            if item and item.job is None:
                yield Row(item.name, problem=item.problem)
            elif item:
                state = item.place.outputs.state.absolute() if options.scheduler is None else None
                in_work[painters.submit(paint_task, item.name, item.job, state)] = item
        if in_work:
            future = painters.next()
            yield _written(painters, options, in_work.pop(future), future)


def _written(painters: Painters, options: RunOptions, item: Prepared, future: Future) -> Row:
    """Write a picture, and return what became of it; raises Lost if it cannot be fetched any more."""
    try:
        painted = painters.result(future)
    except InputError as error:
        return Row(item.name, problem=f"{item.name}: {error}")
    _, record = write_picture(painted, item.job, item.place, options)
    with suppress(OSError):
        item.place.outputs.state.unlink(missing_ok=True)
    return row_of_record(item.name, record)
