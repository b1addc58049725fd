"""One run of a batch: makes the pictures that are missing, writes each as soon as it is ready, then the summary."""

import argparse
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from functools import partial
from typing import Any, Protocol

from transfer.batch.display import Display
from transfer.batch.making import Here, Lost, Made, OnStep, Wanted
from transfer.batch.orders import Order
from transfer.batch.places import TABLE
from transfer.batch.summary import write_summary
from transfer.batch.table import Row, row_of
from transfer.batch.wanted import wanted_of
from transfer.command.record import outcome
from transfer.command.save import save, save_overviews, written_to
from transfer.full_size import full_size
from transfer.machine import usable_bytes
from transfer.recipe.choices import Recipe
from transfer.session import Session, precision_of
from vgg.errors import InputError
from vgg.matfile.read import Weights
from vgg.tools import console
from vgg.tools.files import remove_leftovers
from vgg.tools.image import read_image
from weights.load import load_weights

SOME_FAILED = 3
#: Settings that are named if pictures of others would be replaced.
MOST_NAMES = 4
Say = Callable[[str], None]


class Maker(Protocol):
    """What makes pictures, such as `Here`."""

    def make(self, wanted: Iterator[Wanted]) -> Generator[Made, None, None]:
        """Yield what became of each order, in any order."""


#: The weights, the precision and whom to tell of each step → a maker that is closed when the batch ends.
Hire = Callable[[Weights, str, OnStep], AbstractContextManager[Maker]]


def run(
    orders: Sequence[Order],
    recipe: Recipe,
    options: argparse.Namespace,
    command: Sequence[str],
    hire: Hire | None = None,
) -> int:
    """Make what is missing; return the exit code. `hire` is for other machines; without it this process does the work.

    Raises:
        InputError: nothing can be written any more; what is finished is kept.
        KeyboardInterrupt: stopped; what is finished is kept.
    """
    say: Say = (lambda line: None) if options.quiet else console.say
    weights = load_weights(options.weights, say)
    rows: dict[Order, Row] = {}
    missing = still_missing(orders, recipe, options, weights, rows)
    say(f"{len(missing)} of {len(orders)} pictures to make")
    hire = hire or (lambda *known: nullcontext(Here(session_of(*known[:2], options), options, known[2])))
    summarise = partial(write_summary, orders, rows, recipe, options, command)
    lost = None
    try:
        add_overviews(list(rows), recipe, options, say)
        if missing:
            precision, display = precision_of(options.precision, recipe), Display(len(missing), quiet=options.quiet)
            # The clock begins when there are workers: to start them takes as long as many small pictures.
            with (
                hire(weights, precision, display.on_step) as maker,
                display,
                closing(maker.make(wanted_of(missing, recipe, options, say))) as found,
            ):
                for made in found:
                    rows[made.order] = kept(made, recipe, command) if made.result else row_of(made)
                    display.finished(rows[made.order])
    except Lost as error:
        lost = error
    except (InputError, KeyboardInterrupt) as error:
        with suppress(InputError):  # the disk is full, say
            summarise(say)
        further = "what is finished is kept; the same command goes on from here"
        raise type(error)(f"{error}; {further}" if str(error) else further) from None
    summarise(say)
    return ended(orders, rows, lost)


def still_missing(
    orders: Sequence[Order], recipe: Recipe, options: argparse.Namespace, weights: Weights, rows: dict[Order, Row]
) -> list[Order]:
    """Return the orders that are not made yet, and put a row for each of the others.

    Raises:
        InputError: pictures of other settings would be replaced.
    """
    known: dict[str, Any] = {}  # each file is read once, in however many pairs it is
    missing, others = [], []
    for order in orders:
        try:
            differing = None if order.problem else order.others(recipe, options, weights.sha256, known)
        except InputError:  # an input cannot be read; whoever makes the picture will find out and say so
            differing = None
        if differing == []:
            rows[order] = Row.of_record(order)
            continue
        missing.append(order)
        others += [differing] if differing else []
    if others and not options.overwrite:
        count = "1 picture in {} was" if len(others) == 1 else f"{len(others)} pictures in {{}} were"
        names = list(dict.fromkeys(name for differing in others for name in differing))
        what = ", ".join(names[:MOST_NAMES]) + ", …" * (len(names) > MOST_NAMES)
        raise InputError(
            f"{count.format(options.output)} made with other settings ({what}); name another folder with -o or add "
            "--overwrite"
        )
    for path in (path for order in missing if not order.problem for path in order.outputs.written):
        remove_leftovers(path)  # of a batch that was killed while it wrote
    return missing


def add_overviews(made: Sequence[Order], recipe: Recipe, options: argparse.Namespace, say: Say) -> None:
    """Write the sheets and pages of finished pictures that are asked for only now; raises InputError if it cannot."""
    lacking = [order for order in made if order.lacks_overview()]
    for wanted in wanted_of(lacking, recipe, options, say) if lacking else ():
        if wanted.job:
            outputs, profile = wanted.order.outputs, wanted.finish.profile
            image = read_image(outputs.picture)
            save_overviews(wanted.job.pictures, image, profile, outputs, wanted.order.record(), written_to)


def ended(orders: Sequence[Order], rows: Mapping[Order, Row], lost: Lost | None) -> int:
    """Say on stderr if something could not be made; return the exit code."""
    if lost:
        console.say(f"batch: {lost}", sys.stderr)
        return SOME_FAILED
    failed = sum(bool(row.problem) for row in rows.values())
    if failed:
        console.say(f"batch: {failed} of {len(orders)} pictures could not be made, see {TABLE}", sys.stderr)
    return SOME_FAILED if failed else console.DONE


def session_of(weights: Weights, precision: str, options: argparse.Namespace) -> Session:
    """Return the session in which this process makes pictures."""
    return Session(weights, options.max_memory or usable_bytes(), precision)


def kept(made: Made, recipe: Recipe, command: Sequence[str]) -> Row:
    """Write the picture with its record, delete its state, and return its row; raises InputError if it cannot."""
    wanted, result, outputs = made.wanted, made.result, made.order.outputs
    pictures, finish, image = wanted.job.pictures, wanted.finish, result.image
    if finish.full_content is not None:
        image = full_size(image, finish.full_content, recipe.colors)
    known = {"command": list(command), "finish": finish.settings} | wanted.sources
    _, recorded = save(pictures, image, finish, outputs, outcome(result) | made.settings | known, rescue=False)
    outputs.state.unlink(missing_ok=True)
    return Row.of(made.order, recorded)
