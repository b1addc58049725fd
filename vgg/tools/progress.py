"""How a command shows how far it is: as a moving bar on a terminal, elsewhere as plain lines."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TextIO, TypeVar

from vgg.tools.console import say

LINE_SECONDS = 10.0  # a log gets a line at least this often


class Shown(NamedTuple):
    """What a display is told of anything that is no step of a run: two numbers, and the text beside the bar."""

    step: int  # from 1
    left: float  # seconds that all remaining steps will take
    text: str


#: Shows one step: any record with `step` and `left` as in `Shown`.
Show = Callable[[Any], None]
Describe = Callable[[Any], str]  # what else is shown of such a record; "" for nothing
Item = TypeVar("Item")


def duration(seconds: float) -> str:
    """Return a duration in words, such as `1 min 15 s` for 75.0."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def with_time_left(items: Iterable[Item], count: int) -> Iterator[tuple[int, float, Item]]:
    """Yield of each of up to `count` items its number, from 1, the seconds left at the pace so far, and the item."""
    began = time.perf_counter()
    for number, item in enumerate(items, start=1):
        yield number, (time.perf_counter() - began) / number * (count - number), item


@contextmanager
def steps_display(stream: TextIO, steps: int, describe: Describe, what: str = "step") -> Iterator[Show]:
    """Yield the function that shows each of up to `steps` steps on `stream`; `what` they are called in plain lines."""
    if stream.isatty():
        with moving_bar(stream, steps, describe) as show:
            yield show
    else:
        yield plain_lines(stream, steps, describe, what=what)


def plain_lines(
    stream: TextIO, steps: int, describe: Describe, clock: Callable[[], float] = time.monotonic, what: str = "step"
) -> Show:
    """Return a function that writes a line at the first and last step, at every tenth of the way, and every 10 s."""
    is_due = _pace(steps, clock)

    def show(step: Any) -> None:  # noqa: ANN401
        if is_due(step.step):
            words = (f"{what} {step.step}/{steps}", describe(step), f"{duration(step.left)} left")
            say("  ".join(filter(None, words)), stream)

    return show


@contextmanager
def moving_bar(stream: TextIO, steps: int, describe: Describe, transient: bool = False) -> Iterator[Show]:
    """Yield a function that redraws one line, or does nothing off a terminal; a `transient` line is gone at the end."""
    # Here and not above: rich takes a tenth of a second to import, and `--help` has no bar.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(20), MofNCompleteColumn(), TextColumn("{task.description}"))
    console, on_terminal = Console(file=stream), stream.isatty()
    with Progress(*columns, console=console, transient=transient, disable=not on_terminal) as bar:
        task = bar.add_task("", total=steps)

        def show(step: Any) -> None:  # noqa: ANN401
            bar.update(task, completed=step.step, description=f"{duration(step.left)} left  {describe(step)}")

        yield show


@contextmanager
def bytes_display(stream: TextIO, start: int, total: int | None) -> Iterator[Callable[[int], None]]:
    """Yield the function that shows how many bytes of a download are done, of `total` if that is known.

    The first `start` bytes count as done, but not towards the rate.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    is_due = _pace(total)
    with Progress(BarColumn(20), *columns, console=Console(file=stream), disable=not stream.isatty()) as bar:
        task = bar.add_task("", total=total, completed=start)

        def show(done: int) -> None:
            bar.update(task, completed=done)
            if bar.disable and is_due(done):
                say("  ".join(column.render(bar.tasks[0]).plain for column in columns), stream)

        yield show


def _pace(total: int | None, clock: Callable[[], float] = time.monotonic) -> Callable[[int], bool]:
    """Return the function that tells if a log is due a line: at its first call, each tenth of `total`, every 10 s."""
    said, said_at = 0, float("-inf")

    def is_due(done: int) -> bool:
        nonlocal said, said_at
        passed_a_tenth = total and done * 10 // total > said * 10 // total
        if not passed_a_tenth and clock() - said_at < LINE_SECONDS:
            return False
        said, said_at = done, clock()
        return True

    return is_due
