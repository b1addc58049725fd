"""Shows all pictures of a batch on one display."""

import sys
import time
from contextlib import nullcontext

from transfer.batch.orders import Order
from transfer.batch.summary import Row
from transfer.command.watchers import describe as describe_step
from transfer.train import Step
from vgg.console import terminal
from vgg.console.progress import duration, moving_bar


class Display:
    """Shows all pictures of a batch: a bar over all steps on a terminal, elsewhere a line for each picture."""

    def __init__(self, pictures: int, quiet: bool) -> None:
        """Begin the clock; `pictures` is how many there are to make."""
        self.pictures, self.quiet, self.done = pictures, quiet, 0
        self._began, self._said = time.monotonic(), set[str]()

    def __enter__(self) -> "Display":
        """Open the bar."""
        on_terminal = sys.stdout.isatty() and not self.quiet
        self._bar = moving_bar(sys.stdout, self.pictures, str, transient=True) if on_terminal else nullcontext()
        self._show = self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Close the bar."""
        self._bar.__exit__(*error)

    def on_step(self, order: Order, step: Step) -> None:
        """Show a step of one picture."""
        if self._show:
            self._show(Shown(self.done, self._left(), f"{order.pair.name}: step {step.step}  {describe_step(step)}"))

    def finished(self, row: Row) -> None:
        """Say what became of a picture."""
        self.done += 1
        if row.problem in self._said:  # a bad file is a problem of all its pairs
            return
        if row.problem:
            self._said.add(row.problem)
            terminal.say(f"batch: {row.problem}", sys.stderr)
        elif not self.quiet:
            left = f"{duration(self._left())} left"
            terminal.say(f"{self.done}/{self.pictures} {row.name}: loss {row.total:.4g}, {row.seconds:.1f} s, {left}")

    def _left(self) -> float:
        return (time.monotonic() - self._began) / max(self.done, 1) * (self.pictures - self.done)


class Shown:
    """What the bar shows: so many pictures are done."""

    def __init__(self, step: int, left: float, text: str) -> None:
        """Take the number of pictures done, the seconds left, and the text about the present one."""
        self.step, self.left, self.text = step, left, text

    def __str__(self) -> str:
        """Return the text."""
        return self.text
