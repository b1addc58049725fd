"""Makes the pictures of a batch one after the other in this process, with one session.

What a maker gives back is a `Made` for each order, whatever became of it. `transfer.cluster` has another maker, which
sends the orders to other processes and machines.
"""

import argparse
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from transfer.batch.orders import Order
from transfer.command.checkpoints import Checkpoints
from transfer.command.finish import Finish
from transfer.command.record import environment, reported_as, settings
from transfer.command.run import require_step
from transfer.command.watching import watchers_of
from transfer.session import Job, Session
from transfer.term import Losses
from transfer.train import Result, Step, Watch
from vgg.errors import InputError
from vgg.tools.console import interrupts_polled
from vgg.tools.image import Depth

#: A picture's name, the number of its step, and the losses there.
OnStep = Callable[[str, int, Losses], None]


class Wanted(NamedTuple):
    """An order with its pictures at their sizes; or why they cannot be used."""

    order: Order
    job: Job | None = None
    finish: Finish | None = None  # how its result is written
    sources: dict[str, Any] | None = None  # what its record says of its files, see `transfer.command.sources`
    problem: str = ""


@dataclass(frozen=True)
class Made:
    """What became of an order."""

    wanted: Wanted
    result: Result | None = None
    settings: dict[str, Any] = field(default_factory=dict)  # of the record, with the environment it was computed in
    problem: str = ""  # why there is no result

    @property
    def order(self) -> Order:
        """Return what was to be made."""
        return self.wanted.order


class Lost(Exception):
    """Nothing more can be made; what is finished is kept. The message is one line for the user."""


class Here:
    """The maker of this process."""

    def __init__(self, session: Session, options: argparse.Namespace, on_step: OnStep) -> None:
        """Take the session, the words of the command line, and whom to tell of each step."""
        self.session, self.options, self.on_step = session, options, on_step

    def make(self, wanted: Iterable[Wanted]) -> Generator[Made, None, None]:
        """Yield what became of each order. A Ctrl-C is heeded between two steps, and not before who takes it is done.

        Raises:
            KeyboardInterrupt: stopped; the state of the present picture is kept.
        """
        for item in wanted:
            if item.job is None:
                yield Made(item, problem=item.problem)
                continue
            with interrupts_polled("stopping after this step; what is finished is kept") as check_interrupt:
                try:
                    made = Made(item, *self._make(item.order, item.job, check_interrupt))
                except InputError as error:
                    made = Made(item, problem=f"{item.order.pair.name}: {error}")
                yield made

    def _make(self, order: Order, job: Job, check_interrupt: Callable[[], None]) -> tuple[Result, dict[str, Any]]:
        session, options, name = self.session, self.options, order.pair.name
        with watchers_of(options, order.outputs, session.phases(job), partial(session.finished, job)) as watchers:
            watchers = [*watchers, lambda step, _: self.on_step(name, step.step, step.losses)]
            return make_one(
                session, job, order.outputs.state, options.checkpoint_every, watchers, check_interrupt,
                options.report_as, options.depth,
            )  # fmt: skip


def make_one(
    session: Session,
    job: Job,
    state: Path | None,
    checkpoint_every: int | None,
    watchers: Sequence[Watch],
    check_interrupt: Callable[[], None],
    report_as: str | None = None,
    depth: Depth = 8,
) -> tuple[Result, dict[str, Any]]:
    """Make one picture, or go on with it if it is unfinished; return it with what its record says of the run.

    Args:
        session: makes it.
        job: what to make.
        state: the file that the run keeps its state in; None for none.
        checkpoint_every: as in `Checkpoints`.
        watchers: are called after each step.
        check_interrupt: raises KeyboardInterrupt if the run shall stop.
        report_as: a recipe in whose units the record shall have the losses, too.
        depth: of the file that the picture is for.

    Raises:
        InputError: it cannot be made.
        KeyboardInterrupt: stopped; the state is kept.
    """
    found, here = settings(job, session), environment()
    every = 0 if state is None else checkpoint_every
    checkpoints = Checkpoints(state or Path(), session.phases(job), found, here, every)

    def watch(step: Step, image: np.ndarray) -> None:
        for watcher in watchers:
            watcher(step, image)
        checkpoints.written_if_stopped(check_interrupt)

    start = session.start(job)
    begin = start if state is None else checkpoints.unfinished_or(start)
    result = session.run(job, watch, checkpoints, begin)
    if result.stopped == "interrupted":
        raise KeyboardInterrupt
    if not result.steps:
        require_step(result)
    if result.stopped not in ("finished", "converged"):
        if state is not None:
            checkpoints.remove()  # to go on from there would end the same way
        raise InputError(f"{result.stopped}; choose smaller weights, and verify the .mat file")
    found |= here | {"memory_bytes": session.memory_bytes}
    if report_as:
        found |= {"reported_as": reported_as(report_as, session, job, result, depth)}
    result.wide_image = None  # a worker would send it back for nothing
    return result, found
