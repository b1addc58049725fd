"""How the command line shows a download: a moving bar on a terminal, plain lines anywhere else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from vgg.console.terminal import say
from weights.download.progress import Progress

LINE_SECONDS = 5.0  # a log wants a line when this much time has passed …
LINE_SHARE = 0.1  # … or when this share of the file has arrived


@contextmanager
def progress_display(stream: TextIO) -> Iterator[Callable[[Progress], None]]:
    """Yield the function that shows each `Progress` on `stream`."""
    if stream.isatty():
        with moving_bar(stream) as show:
            yield show
    else:
        yield plain_lines(stream)


def describe(progress: Progress) -> str:
    """Return, for example, `45 %  240.7 of 534.9 MB  5.2 MB/s  56 s left`."""
    megabytes = f"{progress.done / 1e6:.1f}"
    parts = [f"{megabytes} MB"]
    if progress.total:
        parts = [f"{100 * progress.done // progress.total} %", f"{megabytes} of {progress.total / 1e6:.1f} MB"]
    parts.append(f"{progress.rate / 1e6:.1f} MB/s")
    if progress.eta is not None:
        minutes, seconds = divmod(round(progress.eta), 60)
        parts.append(f"{minutes} min {seconds:02d} s left" if minutes else f"{seconds} s left")
    return "  ".join(parts)


def plain_lines(stream: TextIO, clock: Callable[[], float] = time.monotonic) -> Callable[[Progress], None]:
    """Return a function that writes a line now and then, and one for each address."""
    shown: Progress | None = None
    shown_at = 0.0

    def show(progress: Progress) -> None:
        nonlocal shown, shown_at
        now = clock()
        new_address = shown is None or progress.url != shown.url
        if new_address:
            say(f"from {progress.url}", stream)
        elif now - shown_at < LINE_SECONDS and not has_grown(shown, progress):
            return
        say(describe(progress), stream)
        shown, shown_at = progress, now

    return show


def has_grown(before: Progress, now: Progress) -> bool:
    """Tell whether the file has grown enough for a new line, or has just become complete."""
    if not now.total:
        return False
    return now.done - before.done >= LINE_SHARE * now.total or before.done < now.done == now.total


@contextmanager
def moving_bar(stream: TextIO) -> Iterator[Callable[[Progress], None]]:
    """Yield a function that redraws one line on a terminal."""
    # Here and not above: rich takes a tenth of a second to import, and `--help` has no bar.
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(file=stream)
    # markup=False: an address may contain the square brackets that rich reads as formatting.
    with Bar(BarColumn(bar_width=20), TextColumn("{task.description}", markup=False), console=console) as bar:
        task = bar.add_task("connecting", total=None)
        address = None

        def show(progress: Progress) -> None:
            nonlocal address
            if progress.url != address:
                address = progress.url
                console.print(f"from {address}", markup=False, highlight=False, soft_wrap=True)
            bar.update(task, completed=progress.done, total=progress.total, description=describe(progress))

        yield show


@contextmanager
def layer_display(stream: TextIO) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows each layer of filters as it is learned, all on one growing line."""
    began = time.monotonic()
    say("learning filters, about 30 s, once:", stream, end=" ")
    try:
        yield lambda layer: say(layer, stream, end=" ")
    except BaseException:
        say("", stream)
        raise
    say(f"done in {time.monotonic() - began:.0f} s", stream)
