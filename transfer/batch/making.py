"""Makes the pictures of a batch one after the other in this process, with one session.

What a maker gives back is a `Made` for each order, whatever became of it. `transfer.cluster` has another maker, which
sends the orders to other processes and machines.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from transfer.batch.orders import Order
from transfer.command.checkpoints import Checkpoints
from transfer.command.record import environment, settings
from transfer.session import Job, Session
from transfer.train import Result, Step
from vgg.console.interrupts import interrupts_polled
from vgg.errors import InputError

OnStep = Callable[[Order, Step], None]


class Wanted(NamedTuple):
    """An order with its pictures at their sizes; or why they cannot be used."""

    order: Order
    job: Job | None
    problem: str = ""


@dataclass(frozen=True)
class Made:
    """What became of an order."""

    order: Order
    job: Job | None = None
    result: Result | None = None
    settings: dict[str, Any] = field(default_factory=dict)  # of the record, with the environment it was computed in
    problem: str = ""  # why there is no result
    seconds: float = 0.0


class Here:
    """The maker of this process."""

    def __init__(self, session: Session, options: argparse.Namespace, on_step: OnStep) -> None:
        """Take the session, the words of the command line, and whom to tell of each step."""
        self.session, self.options, self.on_step = session, options, on_step

    def make(self, wanted: Iterable[Wanted]) -> Iterator[Made]:
        """Yield what became of each order.

        Raises:
            KeyboardInterrupt: stopped; the state of the present picture is kept.
        """
        for order, job, problem in wanted:
            if job is None:
                yield Made(order, problem=problem)
                continue
            began = time.monotonic()
            try:
                with interrupts_polled("stopping after this step; what is finished is kept") as check_interrupt:
                    result, found = make_one(
                        self.session, order, job, self.options.checkpoint_every, self.on_step, check_interrupt
                    )
                yield Made(order, job, result, found, seconds=time.monotonic() - began)
            except InputError as error:
                yield Made(order, job, problem=str(error), seconds=time.monotonic() - began)


def make_one(
    session: Session,
    order: Order,
    job: Job,
    checkpoint_every: int | None,
    on_step: OnStep,
    check_interrupt: Callable[[], None],
) -> tuple[Result, dict[str, Any]]:
    """Make one picture, or go on with it if it is unfinished; return it with what its record says of the run.

    Raises:
        InputError: it cannot be made.
        KeyboardInterrupt: stopped; the state is kept.
    """
    found, here = settings(job, session), environment()
    phases = session.phases(job)
    checkpoints = Checkpoints(order.outputs.state, phases, found, here, checkpoint_every)

    def watch(step: Step, image: object) -> None:
        on_step(order, step)
        try:
            check_interrupt()
        except KeyboardInterrupt:
            checkpoints.write()
            raise

    result = session.run(job, watch, checkpoints, checkpoints.unfinished_or(session.start(job)))
    if result.stopped == "interrupted":
        raise KeyboardInterrupt("what is finished is kept; the same command goes on from here")
    if result.stopped not in ("finished", "converged"):
        checkpoints.remove()  # to go on from there would end the same way
        raise InputError(f"{result.stopped}; choose smaller weights, and verify the .mat file")
    return result, found | here | {"memory_bytes": session.memory_bytes}
