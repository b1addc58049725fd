"""Makes what is missing of a batch, writes each picture as soon as it is ready, and ends with the summary.

What makes pictures is a function from what is prepared to a row of the table for each, whatever became of it.
`make_here` makes them one after the other in this process; `dask_maker` sends them to other processes and machines.
"""

import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from functools import partial

from transfer.apps.batch.jobs import Prepared, prepared
from transfer.apps.batch.orders import TABLE, Batch, Order, still_missing
from transfer.apps.batch.results import Row, row_of_record, write_summary
from transfer.cli.options import RunOptions
from transfer.cli.record import read_record
from transfer.cli.run import Lost, NotWritten, make_picture, write_overviews, write_there
from transfer.precision import precision_of
from transfer.session import Session
from transfer.striped import IN_STRIPES
from vgg.errors import InputError
from vgg.matfile.read import Weights
from vgg.tools import console
from vgg.tools.console import interrupts_polled
from vgg.tools.image import read_image
from vgg.tools.progress import Shown, duration, moving_bar
from weights.load import load_weights

SOME_FAILED = 3
Say = Callable[[str], None]
#: A picture's name, the number of its step, and the total loss there.
OnStep = Callable[[str, int, float], None]


#: What is prepared → what became of each, in any order.
Make = Callable[[Iterable[Prepared]], Generator[Row, None, None]]
#: The options, whom to tell what, the weights, the precision, whom to tell of steps → what makes, while it is open.
OpenMaker = Callable[[RunOptions, Say, Weights, str, OnStep], AbstractContextManager[Make]]


def make_here(
    session: Session, options: RunOptions, on_step: OnStep, items: Iterable[Prepared]
) -> Generator[Row, None, None]:
    """Make pictures in this process, and yield what became of each.

    A Ctrl-C is heeded between two steps only, and not before the last row is taken; the present state is kept.

    Raises:
        NotWritten: a picture cannot be written, so nor will the next one.
        KeyboardInterrupt: stopped.
    """
    for name, job, place, problem in items:
        if job is None:
            yield Row(name, problem=problem)
            continue
        with interrupts_polled("stopping after this step; what is finished is kept") as check_interrupt:
            display = nullcontext(lambda step, image, name=name: on_step(name, step.step, step.losses.total))
            try:
                *_, record = make_picture(session, job, place, options, display, check_interrupt)
                row = row_of_record(name, record)
            except NotWritten:
                raise
            except InputError as error:
                row = Row(name, problem=f"{name}: {error}")
            yield row


@contextmanager
def local_maker(options: RunOptions, say: Say, weights: Weights, precision: str, on_step: OnStep) -> Iterator[Make]:
    """Yield what makes pictures in this process."""
    yield partial(make_here, Session(weights, options.memory_bytes, precision, IN_STRIPES), options, on_step)


def run(batch: Batch, open_maker: OpenMaker = local_maker) -> int:
    """Make what is missing; return the exit code.

    Raises:
        InputError: nothing can be written any more; what is finished is kept.
        KeyboardInterrupt: stopped; what is finished is kept.
    """
    options = batch.options
    say: Say = (lambda line: None) if options.quiet else console.say
    weights = load_weights(options.weights, say)
    missing = still_missing(batch, weights.sha256)
    finished = [order for order in batch.orders if order not in missing]
    rows = {}
    for order in finished:
        rows[order.pair.name] = row_of_record(order.pair.name, read_record(order.outputs.record))
    say(f"{len(missing)} of {len(batch.orders)} pictures to make")
    problem = ""
    try:
        _add_overviews(finished, batch, say)
        if missing:
            precision, display = precision_of(options.precision, batch.recipe), Display(len(missing), options.quiet)
            # The clock begins when there are workers: to start them takes as long as many small pictures.
            with (
                open_maker(options, say, weights, precision, display.on_step) as make,
                display,
                closing(make(prepared(missing, batch, say))) as results,
            ):
                for row in results:
                    rows[row.name] = row
                    display.finished(row)
    except Lost as error:
        problem = str(error)
    except (InputError, KeyboardInterrupt) as error:
        with suppress(InputError):  # the disk is full, say
            write_summary(batch, rows, say)
        further = "what is finished is kept; the same command goes on from here"
        raise type(error)(f"{error}; {further}" if str(error) else further) from None
    write_summary(batch, rows, say)
    failed = sum(bool(row.problem) for row in rows.values())
    if failed and not problem:
        problem = f"{failed} of {len(batch.orders)} pictures could not be made, see {TABLE}"
    if problem:
        console.say(f"batch: {problem}", sys.stderr)
    return SOME_FAILED if problem else console.DONE


def _add_overviews(finished: Sequence[Order], batch: Batch, say: Say) -> None:
    """Write the sheets and pages of finished pictures that are asked for only now; raises InputError if it cannot."""
    lacking = [order for order in finished if not all(path.exists() for path in order.outputs.written)]
    for item in prepared(lacking, batch, say) if lacking else ():
        if item.job:
            outputs = item.place.outputs
            image, record = read_image(outputs.picture), read_record(outputs.record)
            write_overviews(item.job.pictures, image, item.place.finish.profile, outputs, record, write_there)


class Display:
    """Shows many pictures as they are made: a bar over all of them on a terminal, elsewhere a line for each."""

    def __init__(self, count: int, quiet: bool) -> None:
        """Take how many pictures there are to make."""
        self.count, self.quiet, self.done = count, quiet, 0
        self._began, self._said = time.monotonic(), set[str]()
        bar = moving_bar(sys.stdout, count, lambda shown: shown.text, transient=True)
        self._bar = nullcontext(lambda shown: None) if quiet else bar

    def __enter__(self) -> None:
        """Open the bar, and begin the clock."""
        self._began, self._show = time.monotonic(), self._bar.__enter__()

    def __exit__(self, *error: object) -> None:
        """Close the bar."""
        self._bar.__exit__(*error)

    def on_step(self, name: str, number: int, loss: float) -> None:
        """Show a step of one picture; with many workers, of the one that was heard of last."""
        self._show(Shown(self.done, self._left(), f"{name} step {number} loss {loss:.3g}"))

    def finished(self, row: Row) -> None:
        """Say what became of a picture."""
        self.done += 1
        if row.problem and row.problem not in self._said:  # a bad file is a problem of all its pairs
            self._said.add(row.problem)
            console.say(f"batch: {row.problem}", sys.stderr)
        elif not row.problem and not self.quiet:
            left = f"{duration(self._left())} left"
            console.say(
                f"{self.done}/{self.count} {row.name}: loss {row.losses['total']:.4g}, {row.seconds:.1f} s, {left}"
            )

    def _left(self) -> float:
        """Return the seconds that the pictures to come will take."""
        return (time.monotonic() - self._began) / max(self.done, 1) * (self.count - self.done)
