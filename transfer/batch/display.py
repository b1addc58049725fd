"""Shows all pictures of a batch on one display."""

import sys
import time
from contextlib import nullcontext
from typing import NamedTuple

from transfer.batch.table import Row
from transfer.term import Losses
from vgg.tools import console
from vgg.tools.progress import duration, moving_bar

#: Pictures in work that the bar names; many workers have more.
NAMED = 3


class Display:
    """Shows all pictures of a batch: a bar over all of them on a terminal, elsewhere a line for each."""

    def __init__(self, pictures: int, quiet: bool) -> None:
        """Take how many `pictures` there are to make."""
        self.pictures, self.quiet, self.done = pictures, quiet, 0
        self._began, self._said, self._show = time.monotonic(), set[str](), None
        self._in_work: dict[str, str] = {}  # by the picture's name, which may be several with many workers
        self._finished: set[str] = set()

    def __enter__(self) -> "Display":
        """Open the bar, and begin the clock."""
        self._began = time.monotonic()
        on_terminal = sys.stdout.isatty() and not self.quiet
        self._bar = moving_bar(sys.stdout, self.pictures, str, transient=True) if on_terminal else nullcontext()
        self._show = self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Close the bar."""
        self._bar.__exit__(*error)

    def on_step(self, name: str, number: int, losses: Losses) -> None:
        """Show a step of one picture; one that workers tell of when the picture is finished is too late."""
        if self._show and name not in self._finished:
            self._in_work[name] = f"{name} step {number} loss {losses.total:.3g}"
            texts = list(self._in_work.values())
            more = [f"{len(texts) - NAMED} more"] if len(texts) > NAMED else []
            self._show(Shown(self.done, self.left(), ", ".join(texts[:NAMED] + more)))

    def finished(self, row: Row) -> None:
        """Say what became of a picture."""
        self.done += 1
        self._finished.add(row.name)
        self._in_work.pop(row.name, None)
        if row.problem in self._said:  # a bad file is a problem of all its pairs
            return
        if row.problem:
            self._said.add(row.problem)
            console.say(f"batch: {row.problem}", sys.stderr)
        elif not self.quiet:
            left = f"{duration(self.left())} left"
            console.say(f"{self.done}/{self.pictures} {row.name}: loss {row.total:.4g}, {row.seconds:.1f} s, {left}")

    def left(self) -> float:
        """Return the seconds that the pictures to come will take."""
        return (time.monotonic() - self._began) / max(self.done, 1) * (self.pictures - self.done)


class Shown(NamedTuple):
    """What the bar shows: so many pictures are done."""

    step: int
    left: float
    text: str

    def __str__(self) -> str:
        """Return the text about the pictures in work."""
        return self.text
