"""Pictures made one after the other in this process: what a batch, a sweep and the figures have in common."""

import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

from transfer.cli.options import RunOptions
from transfer.cli.outputs import Place
from transfer.cli.run import NotWritten, make_picture
from transfer.session import Job, Session
from vgg.errors import InputError
from vgg.tools import console
from vgg.tools.console import interrupts_polled
from vgg.tools.progress import Show, Shown, duration, moving_bar

LOSSES = ("total", "content", "style", "tv")  # their names in a record


class Prepared(NamedTuple):
    """What makes a picture: its job, with images at their sizes, and its place; or why it cannot be made.

    With neither a job nor a problem the picture is there already.
    """

    name: str
    job: Job | None = None
    place: Place | None = None
    problem: str = ""


@dataclass(frozen=True)
class Row:
    """What became of a picture."""

    name: str
    file: str = ""
    losses: Mapping[str, float] | None = None  # by the names in `LOSSES`
    steps: int = 0
    seconds: float = 0.0
    problem: str = ""

    @property
    def text(self) -> str:
        """Return the loss and the time of a picture that was made."""
        return f"loss {self.losses['total']:.4g}, {self.seconds:.1f} s"


def row_of_record(name: str, record: dict[str, Any]) -> Row:
    """Return the row of the finished picture of that name."""
    steps = record["steps"]
    losses = {name: (record["losses"] or steps[-1])[name] for name in LOSSES}
    return Row(name, record["result"]["file"], losses, len(steps), steps[-1]["seconds"])


def make_here(
    session: Session,
    options: RunOptions,
    display_of: Callable[[Prepared], AbstractContextManager[Show | None]],
    items: Iterable[Prepared],
) -> Generator[Row, None, None]:
    """Make pictures in this process, and yield what became of each; `display_of` one of them shows its steps.

    A Ctrl-C is heeded between two steps only, and not before the last row is taken; the present state is kept.

    Raises:
        NotWritten: a picture cannot be written, so nor will the next one.
        KeyboardInterrupt: stopped.
    """
    for item in items:
        if item.job is None:
            yield Row(item.name, problem=item.problem)
            continue
        with interrupts_polled("stopping after this step; what is finished is kept") as check_interrupt:
            try:
                *_, record = make_picture(session, item.job, item.place, options, display_of(item), check_interrupt)
                row = row_of_record(item.name, record)
            except NotWritten:
                raise
            except InputError as error:
                row = Row(item.name, problem=f"{item.name}: {error}")
            yield row


class Display:
    """Shows many pictures as they are made: a bar over all of them on a terminal, elsewhere a line for each."""

    def __init__(self, program: str, count: int, quiet: bool) -> None:
        self.program, self.count, self.quiet, self.done = program, count, quiet, 0
        self._began, self._said = time.monotonic(), set[str]()
        bar = moving_bar(sys.stdout, count, lambda shown: shown.text, transient=True)
        self._bar = nullcontext(lambda shown: None) if quiet else bar

    def __enter__(self) -> None:
        self._began, self._show = time.monotonic(), self._bar.__enter__()

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(*error)

    def of(self, item: Prepared) -> AbstractContextManager[Show]:
        """Return what shows the steps of one picture."""
        return nullcontext(lambda step: self.on_step(item.name, step.step, step.losses.total))

    def on_step(self, name: str, number: int, loss: float) -> None:
        """Show a step of one picture; with many workers, of the one that was heard of last."""
        self._show(Shown(self.done, self._left(), f"{name} step {number} loss {loss:.3g}"))

    def finished(self, row: Row) -> None:
        """Say what became of a picture."""
        self.done += 1
        if row.problem and row.problem not in self._said:  # a bad file is a problem of all its pairs
            self._said.add(row.problem)
            console.say(f"{self.program}: {row.problem}", sys.stderr)
        elif not row.problem and not self.quiet:
            console.say(f"{self.done}/{self.count} {row.name}: {row.text}, {duration(self._left())} left")

    def _left(self) -> float:
        """Return the seconds that the pictures to come will take."""
        return (time.monotonic() - self._began) / max(self.done, 1) * (self.count - self.done)
