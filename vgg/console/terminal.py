"""What all command lines share: one-line complaints and exit codes."""

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import NoReturn, TextIO

from vgg.errors import InputError

DONE, UNUSABLE_INPUT, STOPPED = 0, 2, 130


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line, like every other complaint of this project."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        program = self.prog.removeprefix("python -m ").split()[0]
        self.exit(UNUSABLE_INPUT, f"{program}: {' '.join(message.split())}; see {self.prog} --help\n")


def say(line: str, stream: TextIO | None = None, end: str = "\n") -> None:
    """Print `line` at once, on stdout by default.

    Once nobody can read it (a closed pipe, a full disk, a terminal that is gone) the work goes on in silence: a picture
    is worth more than the lines about it.
    """
    stream = stream or sys.stdout
    try:
        print(line, file=stream, end=end, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # what is still buffered goes there too


def run(program: str, command: Callable[[], int | None]) -> int:
    """Run `command` and return the exit code: its own, 2 after an InputError, 130 after Ctrl-C, `kill` or hang-up."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) is signal.SIG_DFL:  # `nohup` has it ignored, and should have its way
            signal.signal(ending, signal.default_int_handler)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, as by `>&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  (for as long as the program runs)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without Unicode shows ? for × instead of an error
            stream.reconfigure(errors="replace")
    sys.unraisablehook, before = _interrupt_again, sys.unraisablehook
    try:
        return command() or DONE
    except InputError as error:
        say(f"{program}: {error}", sys.stderr)
        return UNUSABLE_INPUT
    except KeyboardInterrupt as stop:
        say(f"{program}: stopped; {stop}" if str(stop) else f"{program}: stopped", sys.stderr)
        return STOPPED
    finally:
        sys.unraisablehook = before


def _interrupt_again(unraisable: "sys.UnraisableHookArgs") -> None:
    """Send a Ctrl-C once more that arrived while Python was inside a `__del__`, where exceptions get lost."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        threading.Timer(0.01, signal.raise_signal, [signal.SIGINT]).start()
    else:
        sys.__unraisablehook__(unraisable)
