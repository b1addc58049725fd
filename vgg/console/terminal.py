"""What all command lines share: exit codes, one-line messages, and how a command ends."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import NoReturn, TextIO

from vgg.console.interrupts import signals_handled_by
from vgg.console.quiet import compiled_code_silenced
from vgg.console.start import STOPPED, Stop, make_streams_usable
from vgg.errors import InputError

DONE, UNUSABLE_INPUT = 0, 2

__all__ = ["DONE", "STOPPED", "UNUSABLE_INPUT", "Parser", "printable", "run", "say", "say_lines"]


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line, like every other complaint of this project."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2. `… -m transfer.figures all` complains as `figures`, as `run("figures", …)` does."""
        program = self.prog.rpartition("-m ")[2].split()[0].split(".")[-1]
        self.exit(UNUSABLE_INPUT, printable(f"{program}: {message}; see {self.prog} --help") + "\n")

    def parse_intermixed_args(
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Return the words as options; those after `--` are files, also if they begin with a dash."""
        words = list(sys.argv[1:] if args is None else args)
        if "--" in words:  # argparse takes them for options here
            dashes = words.index("--")
            words[dashes:] = [os.path.join(".", word) if word[:1] == "-" else word for word in words[dashes + 1 :]]
        return super().parse_intermixed_args(words, namespace)


def printable(text: str) -> str:
    r"""Return the text with each character that would not show replaced by its escape, such as `\x1b` or `\n`.

    A file's name may hold anything, and a terminal would obey it.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def say(line: str, stream: TextIO | None = None, end: str = "\n") -> None:
    """Print `line` at once, on stdout by default, as one printable line.

    Once nobody can read it (a closed pipe, a full disk, a terminal that is gone) the work goes on in silence: a picture
    is worth more than the lines about it.
    """
    stream = stream or sys.stdout
    try:
        print(printable(line), file=stream, end=end, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # what is still buffered goes there too


def say_lines(text: str) -> None:
    """Print a text of several lines, such as a table, each by `say`."""
    for line in text.split("\n"):
        say(line)


def run(program: str, command: Callable[[], int | None]) -> int:
    """Run `command` and return the exit code: its own, 2 after an InputError, 130 after Ctrl-C, `kill` or hang-up.

    Inside, compiled libraries print nothing. Any other exception is a bug of ours and goes on to the caller.
    """
    make_streams_usable()
    sys.unraisablehook, before = _interrupt_again, sys.unraisablehook
    try:
        with signals_handled_by(Stop(program)), compiled_code_silenced():
            try:
                return command() or DONE
            except InputError as error:
                say(f"{program}: {error}", sys.stderr)
                return UNUSABLE_INPUT
            except FileNotFoundError:  # `Path.absolute`, for one, asks for the current folder
                if _has_current_folder():
                    raise
                say(f"{program}: the current folder is gone; change to another one, as by `cd`", sys.stderr)
                return UNUSABLE_INPUT
            except KeyboardInterrupt as stop:
                say(f"{program}: stopped; {stop}" if str(stop) else f"{program}: stopped", sys.stderr)
                return STOPPED
    finally:
        sys.unraisablehook = before


def _has_current_folder() -> bool:
    try:
        return bool(os.getcwd())
    except FileNotFoundError:
        return False


def _interrupt_again(unraisable: "sys.UnraisableHookArgs") -> None:
    """Send a Ctrl-C once more that arrived while Python was inside a `__del__`, where exceptions get lost."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        threading.Timer(0.01, signal.raise_signal, [signal.SIGINT]).start()
    else:
        sys.__unraisablehook__(unraisable)
