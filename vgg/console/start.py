"""The first thing that each `__main__.py` imports: Ctrl-C ends the program in one line from here on.

Until then Python would answer with a traceback, so this file imports nothing that takes time: `_signal` is the part of
`signal` that is built in, without the enumerations that the standard library wraps around it.
"""

import _signal
import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress

STOPPED = 130  # as a shell reports a program that Ctrl-C ended
#: SIGHUP does not exist on Windows.
SIGNALS = tuple(getattr(_signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(_signal, name))


class Stop:
    """The signal handlers of a program of ours."""

    def __init__(self, program: str) -> None:
        """Make the handlers of `program`, whose name begins its lines."""
        self.program = program

    def __call__(self, number: int, frame: object) -> None:
        """Raise KeyboardInterrupt, which `terminal.run` catches."""
        raise KeyboardInterrupt

    def leave(self, number: int, frame: object) -> None:
        """End the process at once with one line and exit code 130.

        Libraries that are being imported turn a KeyboardInterrupt into other errors, print it or lose it.
        """
        with suppress(AttributeError, OSError, ValueError):  # nobody can read it
            os.write(sys.stderr.fileno(), f"{self.program}: stopped\n".encode())  # print() may be what was interrupted
        os._exit(STOPPED)


def make_streams_usable() -> None:
    """Let printing always work: a closed stream becomes one that discards, an unknown letter becomes `?`."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, as by `>&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  (for as long as the program runs)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without Unicode shows ? for × instead of an error
            stream.reconfigure(errors="replace")


def start_program(program: str, main: Callable[[], int]) -> None:
    """Exit with the code of `main`, which imports what it needs, parses the options and calls `terminal.run`.

    A Ctrl-C during these imports, or after the command while Python shuts down, ends the process at once. While the
    command runs, `terminal.run` decides.
    """
    for number in SIGNALS:
        if _signal.getsignal(number) != _signal.SIG_IGN:  # `nohup` wants it ignored
            _signal.signal(number, Stop(program).leave)
    make_streams_usable()
    sys.exit(main())
