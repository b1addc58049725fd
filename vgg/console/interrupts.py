"""When Ctrl-C, `kill` and a hang-up take effect: as KeyboardInterrupt, later, or at once without one.

Python delivers signals to the main thread only. In any other thread everything in here does nothing.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from vgg.console.start import SIGNALS, Stop

Handler = Callable[[int, FrameType | None], Any]


@contextmanager
def signals_handled_by(handler: Handler) -> Iterator[None]:
    """Let `handler` take all `SIGNALS` inside the block, but for those that are ignored: `nohup` wants it so."""
    before: dict[int, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    before[number] = signal.signal(number, handler)
        yield
    finally:
        for number, outside in before.items():
            signal.signal(number, outside)


@contextmanager
def interrupts_polled(notice: str, firm: bool = False) -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt if a Ctrl-C has arrived inside the block.

    So the block decides where it can be interrupted, and loses nothing that it has. The person at the keyboard sees the
    line `notice` at once. A second Ctrl-C raises KeyboardInterrupt wherever it arrives, unless the block is `firm`. One
    that nobody asked for takes effect at the end of the block.
    """
    arrived: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if arrived:
            if firm:
                return
            arrived.clear()
            raise KeyboardInterrupt
        arrived.append(number)
        with suppress(OSError, ValueError, AttributeError):  # nobody can read it
            os.write(sys.stderr.fileno(), f"{notice}\n".encode())  # print() may be what was interrupted

    def check() -> None:
        if arrived:
            arrived.clear()
            raise KeyboardInterrupt

    with signals_handled_by(note):
        yield check
    if arrived:
        signal.raise_signal(arrived[0])  # to the handler outside the block


@contextmanager
def interrupts_at_once() -> Iterator[None]:
    """Let a Ctrl-C inside the block end a running command at once; for imports, while there is nothing to save.

    Where no command runs, as in a notebook, nothing changes.
    """
    handlers = [signal.getsignal(number) for number in SIGNALS]
    stop = next((handler for handler in handlers if isinstance(handler, Stop)), None)
    if stop is None:
        yield
        return
    with signals_handled_by(stop.leave):
        yield
