"""How the command line shows a download: a moving bar on a terminal, plain lines anywhere else.

rich computes the rate and the time to go in both cases. When to write a plain line is decided here, because rich draws
nothing but the end of a download where there is no terminal, and a log should show that the download is alive.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from vgg.console.terminal import say
from weights.download.fetch import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import ProgressColumn, Task

LINE_SECONDS = 5.0  # a log gets a line when this much time has passed …
LINE_SHARE = 0.1  # … or when this share of the file has arrived


@contextmanager
def progress_display(stream: TextIO) -> Iterator[Callable[[Progress], None]]:
    """Yield the function that shows each `Progress` on `stream`."""
    if stream.isatty():
        with moving_bar(stream) as show:
            yield show
    else:
        yield plain_lines(stream)


@contextmanager
def moving_bar(stream: TextIO) -> Iterator[Callable[[Progress], None]]:
    """Yield a function that redraws one line on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(file=stream)
    with Bar(TextColumn("{task.description}"), BarColumn(20), *columns(), console=console) as bar:
        tasks = Tasks(bar)

        def show(progress: Progress) -> None:
            if tasks.update(progress):
                # markup=False: an address may contain the square brackets that rich reads as formatting.
                console.print(f"from {progress.url}", markup=False, highlight=False, soft_wrap=True)

        yield show


def plain_lines(stream: TextIO, clock: Callable[[], float] = time.monotonic) -> Callable[[Progress], None]:
    """Return a function that writes a line for each address, and others now and then; `clock` gives seconds."""
    from rich.progress import Progress as Bar

    shown_columns = columns()
    tasks = Tasks(Bar(disable=True, get_time=clock))  # measures, but draws nothing
    shown: Progress | None = None
    shown_at = 0.0

    def show(progress: Progress) -> None:
        nonlocal shown, shown_at
        if tasks.update(progress):
            say(f"from {progress.url}", stream)
        elif clock() - shown_at < LINE_SECONDS and not has_grown(shown, progress):
            return
        say("  ".join(column.render(tasks.current).plain for column in shown_columns), stream)
        shown, shown_at = progress, clock()

    return show


def columns() -> "tuple[ProgressColumn, ...]":
    """Return what both displays show, for example `240.7/534.9 MB`, `5.2 MB/s` and `0:00:56`."""
    # Imported here and not above: rich takes a tenth of a second, and `--help` shows no progress.
    from rich.progress import DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

    return DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()


class Tasks:
    """The tasks of a rich progress display: a new one for each address, so that its rate counts only its own bytes."""

    def __init__(self, bar: "Bar") -> None:
        """Begin with a task that waits for the first answer."""
        self.bar = bar
        self.url: str | None = None
        self.id = bar.add_task("connecting", total=None)

    def update(self, progress: Progress) -> bool:
        """Note how far the download is, and return whether its address is a new one."""
        is_new = progress.url != self.url
        if is_new:
            self.bar.remove_task(self.id)
            self.url = progress.url
            # The bytes of an earlier run count as done, but not towards the rate.
            self.id = self.bar.add_task("receiving", total=progress.total, completed=progress.done)
        self.bar.update(self.id, completed=progress.done, total=progress.total)
        return is_new

    @property
    def current(self) -> "Task":
        """The task of the address in use."""
        return self.bar.tasks[0]


def has_grown(before: Progress, now: Progress) -> bool:
    """Return whether the file has grown enough for a new line, or has just become complete."""
    if not now.total:
        return False
    return now.done - before.done >= LINE_SHARE * now.total or before.done < now.done == now.total
