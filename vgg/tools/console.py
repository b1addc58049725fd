"""How a command begins and ends: options, one-line messages, exit codes, Ctrl-C, and a quiet TensorFlow."""

import argparse
import difflib
import faulthandler
import io
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

from vgg.errors import InputError

DONE, UNUSABLE_INPUT, SOME_FAILED = 0, 2, 3
STOPPED = 130  # as a shell reports a program that Ctrl-C ended
#: More than this no size, seed or number of steps can use, and larger ones overflow in NumPy.
LARGEST = 2**63 - 1
#: SIGHUP does not exist on Windows.
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

#: What is given a line for the user.
Say = Callable[[str], None]
Handler = Callable[[int, FrameType | None], Any]


# Options.


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line, like every other complaint of this project."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  (those of argparse)
        """Make a parser that can print its help on any terminal."""
        make_streams_usable()
        super().__init__(*args, **options)

    def error(self, message: str) -> NoReturn:
        """Exit with code 2. `… -m transfer.figures all` complains as `figures`, as `run("figures", …)` does."""
        program = self.prog.rpartition("-m ")[2].split()[0].split(".")[-1]
        _, _, words = message.partition("unrecognized arguments: ")
        slips = [word.partition("=")[0] for word in words.split() if word[:1] == "-"]
        nearest = difflib.get_close_matches(slips[0], self._all_options(), 1) if slips else []
        see = f"did you mean {nearest[0]}? See" if nearest else "see"
        self.exit(UNUSABLE_INPUT, printable(f"{program}: {message}; {see} {self.prog} --help") + "\n")

    def _all_options(self) -> list[str]:
        """Return the options of this parser and of its commands, whose unknown words this one complains of."""
        commands = [action.choices for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        parsers = [self, *(parser for choices in commands for parser in choices.values())]
        return [option for parser in parsers for option in parser._option_string_actions]

    def parse_intermixed_args(
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Return the words as options; those after `--` are files, also if they begin with a dash."""
        words = list(sys.argv[1:] if args is None else args)
        if "--" in words:  # argparse takes them for options here
            dashes = words.index("--")
            words[dashes:] = [os.path.join(".", word) if word[:1] == "-" else word for word in words[dashes + 1 :]]
        return super().parse_intermixed_args(words, namespace)


def whole_number(smallest: int) -> Callable[[str], int]:
    """Return the type of a whole number from `smallest` to `LARGEST`, for `add_argument(type=…)`."""

    def parse(text: str) -> int:
        with suppress(ValueError):  # also for more than 4300 digits
            if smallest <= int(text) <= LARGEST:
                return int(text)
        limit = f", at most {LARGEST}" if text.isdecimal() and len(text) >= len(str(LARGEST)) else ""
        raise argparse.ArgumentTypeError(f"{text[:30]!r} found, expected a whole number of {smallest} or more{limit}")

    return parse


def number(text: str) -> float:
    """Return the number, for `add_argument(type=number)`; NaN and infinity are left to whoever knows the range."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:30]!r} found, expected a number such as 0.5") from None


def file_name(text: str) -> Path:
    """Return the path, for `add_argument(type=file_name)`; an empty text is refused."""
    if not text:
        raise argparse.ArgumentTypeError("'' found, expected the name of a file")
    return Path(text)


# Messages.


def printable(text: str) -> str:
    r"""Return the text with each character that would not show replaced by its escape, such as `\x1b` or `\n`.

    A file's name may hold anything, and a terminal would obey it.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def say(line: str, stream: TextIO | None = None) -> None:
    """Print `line` at once, on stdout by default, as one printable line.

    Once nobody can read it (a closed pipe, a full disk, a terminal that is gone) the work goes on in silence: a picture
    is worth more than the lines about it.
    """
    stream = stream or sys.stdout
    try:
        print(printable(line), file=stream, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # what is still buffered goes there too


def say_loading(quiet: bool) -> None:
    """Say on a terminal, unless `quiet`, what the next seconds are for: without a line they look like a hang."""
    if not quiet and sys.stdout.isatty():
        say("loading TensorFlow …")


def say_lines(text: str) -> None:
    """Print a text of several lines, such as a table, each by `say`."""
    for line in text.split("\n"):
        say(line)


def make_streams_usable() -> None:
    """Let printing always work: a closed stream becomes one that discards, an unknown letter becomes `?`."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, as by `>&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  (for as long as the program runs)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without Unicode shows ? for × instead of an error
            stream.reconfigure(errors="replace")


# A command.


def run(program: str, command: Callable[[], int | None]) -> int:
    """Run `command` and return the exit code: its own, 2 after an InputError, 130 after Ctrl-C, `kill` or hang-up.

    Inside, compiled libraries print nothing. Any other exception is a bug of ours and goes on to the caller.
    """
    make_streams_usable()
    with _signals_handled_by(_interrupt), _compiled_code_silenced():
        try:
            return command() or DONE
        except InputError as error:
            say(f"{program}: {error}", sys.stderr)
            return UNUSABLE_INPUT
        except FileNotFoundError as error:
            if error.filename is not None:
                raise
            # Of `os.getcwd`, which `Path.absolute`, for one, calls.
            say(f"{program}: the current folder is gone; change to another one, as by `cd`", sys.stderr)
            return UNUSABLE_INPUT
        except KeyboardInterrupt as stop:
            say(f"{program}: stopped; {stop}" if str(stop) else f"{program}: stopped", sys.stderr)
            return STOPPED


# Ctrl-C, `kill` and a hang-up: as KeyboardInterrupt, later, or at once. Python delivers signals to the main thread, and
# in any other thread nothing here does anything.


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Handle signals while a command runs."""
    raise KeyboardInterrupt


def _end_process(number: int, frame: FrameType | None) -> None:
    _write_to_stderr("stopped\n")
    os._exit(STOPPED)


@contextmanager
def interrupts_polled(notice: str, firm: bool = False) -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt if a Ctrl-C has arrived inside the block.

    So the block decides where it can be interrupted, and loses nothing that it has. The person at the keyboard sees the
    line `notice` at once. A second Ctrl-C raises KeyboardInterrupt wherever it arrives, unless the block is `firm`. One
    that nobody asked for takes effect at the end of the block.
    """
    arrived: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if not arrived:
            arrived.append(number)
            _write_to_stderr(f"{notice}\n")
        elif not firm:
            check()

    def check() -> None:
        if arrived:
            arrived.clear()
            raise KeyboardInterrupt

    with _signals_handled_by(note):
        yield check
    if arrived:
        signal.raise_signal(arrived[0])  # to the handler outside the block


@contextmanager
def interrupts_at_once() -> Iterator[None]:
    """Let a Ctrl-C inside the block end a running command at once, as there is nothing to save yet.

    TensorFlow turns a KeyboardInterrupt into other errors, prints it or loses it while it is imported or compiles.
    Where no command runs, as in a notebook, nothing changes.
    """
    is_command = any(signal.getsignal(number) is _interrupt for number in _SIGNALS)
    with _signals_handled_by(_end_process if is_command else None):
        yield


@contextmanager
def _signals_handled_by(handler: Handler | None) -> Iterator[None]:
    """Let `handler`, unless None, take all `_SIGNALS` inside the block but those that are ignored, as by `nohup`."""
    before: dict[int, Any] = {}
    try:
        for number in _SIGNALS:
            if handler and signal.getsignal(number) not in (signal.SIG_IGN, None):
                with suppress(ValueError):  # another thread than the main one
                    before[number] = signal.signal(number, handler)
        yield
    finally:
        for number, outside in before.items():
            signal.signal(number, outside)


def _write_to_stderr(text: str) -> None:
    """Write past Python's buffers: print() may be what was interrupted."""
    with suppress(AttributeError, OSError, ValueError):  # nobody can read it
        os.write(sys.stderr.fileno(), text.encode())


# A terminal that shows only our lines.


@contextmanager
def _compiled_code_silenced() -> Iterator[None]:
    """Discard what compiled libraries write to file descriptor 2 inside the block; Python's `sys.stderr` still arrives.

    The descriptor belongs to the whole process, so it is redirected once for a whole command, never around single
    calls, where threads would disturb each other. Processes that are started inside the block inherit the silence; give
    them `stderr=sys.stderr` to hear them.
    """
    before, original = sys.stderr, None
    with suppress(OSError):  # it is closed, and stays so: the next file to be opened would get the number 2
        original = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != 2:
        os.dup2(nowhere, 2)
        os.close(nowhere)
    try:
        if original is not None and _descriptor(before) == 2:
            # Not closed at the end: loggers that were made inside the block go on writing to it.
            sys.stderr = os.fdopen(os.dup(original), "w", 1, before.encoding, before.errors, closefd=False)
            faulthandler.enable(sys.stderr)  # a crash in compiled code says at least where it was
        yield
    finally:
        sys.stderr = before
        if original is not None:
            os.dup2(original, 2)
            os.close(original)


def _descriptor(stream: TextIO | None) -> int | None:
    with suppress(AttributeError, OSError, ValueError):  # None, or a stream without a file, as in a notebook
        return stream.fileno()
    return None


def start_tensorflow() -> None:
    """Import TensorFlow without its start-up messages, and make its results the same from run to run."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # for what it logs later, such as large allocations
    disabled = logging.root.manager.disable
    with _compiled_code_silenced(), interrupts_at_once(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)  # such as those about a missing home folder
        # TensorFlow would import Keras, which nothing here needs, for a quarter of its time; `tf.keras` still can.
        without_keras = "keras" not in sys.modules
        if without_keras:
            sys.modules["keras"] = None  # so that it is not found
        try:
            import tensorflow as tf

            tf.config.list_physical_devices()  # it also prints while it looks for a GPU
        finally:
            if without_keras:
                del sys.modules["keras"]
            logging.disable(disabled)
    tf.get_logger().setLevel("ERROR")  # it warns of every new graph, and each size and recipe needs its own
    tf.config.experimental.enable_op_determinism()
    # One of the graph rewrites adds up gradients in the order in which they happen to arrive, so that the last bits
    # change from run to run. None of the rewrites makes this network measurably faster.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
