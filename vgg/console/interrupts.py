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
from typing import Any, NoReturn

#: SIGHUP does not exist on Windows.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
STOPPED = 130  # as a shell reports a program that Ctrl-C ended

Handler = Callable[[int, FrameType | None], Any]


class Stop:
    """The signal handler of a running command: it raises KeyboardInterrupt, which `terminal.run` catches."""

    def __init__(self, program: str) -> None:
        """Make the handler of `program`, whose name begins its lines."""
        self.program = program

    def __call__(self, number: int, frame: FrameType | None) -> NoReturn:
        """Raise KeyboardInterrupt."""
        raise KeyboardInterrupt

    def leave(self, number: int, frame: FrameType | None) -> NoReturn:
        """End the process at once with one line and exit code 130.

        Libraries that are being imported turn a KeyboardInterrupt into other errors, print it or lose it.
        """
        with suppress(OSError, ValueError, AttributeError):  # nobody can read it
            os.write(sys.stderr.fileno(), f"{self.program}: stopped\n".encode())  # print() may be what was interrupted
        os._exit(STOPPED)


def handle_signals(handler: Handler) -> dict[int, Any]:
    """Let `handler` take all `SIGNALS` and return the handlers before, to be put back by `restore_signals`.

    Ignored signals stay ignored: `nohup` wants it so.
    """
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, handler)
    return before


def restore_signals(before: dict[int, Any]) -> None:
    """Put back what `handle_signals` returned."""
    for number, handler in before.items():
        signal.signal(number, handler)


@contextmanager
def signals_handled_by(handler: Handler) -> Iterator[None]:
    """Let `handler` take all `SIGNALS` inside the block."""
    before = handle_signals(handler)
    try:
        yield
    finally:
        restore_signals(before)


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Let a Ctrl-C that arrives inside the block take effect at its end, so that what is being saved is not lost.

    If the block raises an error of its own, that error counts and the Ctrl-C is dropped. Blocks may be nested.
    """
    arrived: list[int] = []
    with signals_handled_by(lambda number, frame: arrived.append(number)):
        yield
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
