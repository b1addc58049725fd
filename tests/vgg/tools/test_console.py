"""What all commands share: options, lines, how Ctrl-C takes effect, and that only our own lines arrive."""

import logging
import signal
import threading

import pytest
import tensorflow as tf

from own_process import run_python
from vgg.errors import InputError
from vgg.tools import console
from vgg.tools.console import Parser, file_name, interrupts_at_once, interrupts_polled, whole_number

# Options.


def complaint(capfd, text: str, smallest: int = 16) -> str:
    parser = Parser(prog="python -m transfer.figures")
    parser.add_argument("--size", type=whole_number(smallest))
    parser.add_argument("--file", type=file_name)
    with pytest.raises(SystemExit) as stop:
        parser.parse_args([text if text.startswith("--") else f"--size={text}"])
    assert stop.value.code == 2
    line = capfd.readouterr().err
    assert line.count("\n") == 1 and line.endswith("\n") and line[:-1].isprintable() and len(line) < 300
    assert line.startswith("figures: ") and line.endswith("; see python -m transfer.figures --help\n")
    return line


@pytest.mark.parametrize("text", ["1e3", "x", "", "15", "-1", "16.5", "\x1b[31m\n"])
def test_no_whole_number(capfd, text):
    assert f"{text!r} found, expected a whole number of 16 or more;" in complaint(capfd, text)


@pytest.mark.parametrize("digits", [19, 400, 4299, 5000])
def test_far_too_many_digits(capfd, digits):
    assert "or more, at most 9223372036854775807;" in complaint(capfd, "9" * digits)


def test_what_is_accepted():
    assert [whole_number(0)(text) for text in ("0", "512", " 7 ", str(2**63 - 1))] == [0, 512, 7, 2**63 - 1]
    assert str(file_name("a/b.png")) == "a/b.png"


def test_an_empty_name(capfd):
    assert "'' found, expected the name of a file" in complaint(capfd, "--file=")


def test_escape_codes_in_an_unknown_option(capfd):
    assert r"unrecognized arguments: --\x1b[31m\nred" in complaint(capfd, "--\x1b[31m\nred")


@pytest.mark.parametrize(
    ("slip", "near"),
    [("--sizze", "--size"), ("--flie=a.png", "--file"), ("--strenght", "--strength"), ("--zzz", None), ("-x", None)],
)
def test_a_mistyped_option_is_answered_with_the_nearest(capfd, slip, near):
    """Of the commands' options, too: argparse lets the outer parser complain of them."""
    parser = Parser(prog="python -m weights")
    parser.add_argument("--size")
    commands = parser.add_subparsers()
    commands.add_parser("train").add_argument("--strength")
    commands.add_parser("verify").add_argument("--file")
    with pytest.raises(SystemExit):
        parser.parse_args(["train", slip])
    line = f"weights: unrecognized arguments: {slip}; {f'did you mean {near}? See' if near else 'see'} python -m"
    assert capfd.readouterr().err.startswith(line)


# Lines.


EVIL = "a\x1b]0;title\x07\nb\r\u202e\udcff×…é日"
SHOWN = r"a\x1b]0;title\x07\nb\r\u202e\udcff×…é日"


def test_every_line_is_printable(capfd):
    console.say(EVIL)
    console.say_lines("first\nsecond\t")
    assert capfd.readouterr().out == SHOWN + "\nfirst\nsecond\\t\n"


@pytest.mark.parametrize(("error", "line"), [(InputError, "test: "), (KeyboardInterrupt, "test: stopped; ")])
def test_the_last_line_of_a_command_is_printable(capfd, error, line):
    def command():
        raise error(EVIL)

    console.run("test", command)
    assert capfd.readouterr().err == f"{line}{SHOWN}\n"


# Signals.


def test_outside_the_main_thread_a_command_runs_and_blocks_do_nothing(capfd):
    codes = []

    def command():
        with interrupts_polled("one moment"), interrupts_at_once():
            return 5

    thread = threading.Thread(target=lambda: codes.append(console.run("test", command)))
    thread.start()
    thread.join()
    assert codes == [5] and capfd.readouterr().err == ""


def test_handlers_are_put_back():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    assert console.run("test", lambda: 0) == 0
    assert {number: signal.getsignal(number) for number in before} == before


def test_ignored_signals_stay_ignored():
    """As `nohup` wants it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert console.run("test", lambda: signal.raise_signal(signal.SIGHUP)) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_system_without_sighup():
    """Windows: the module is imported and a command runs."""
    program = (
        "import _signal, signal; del _signal.SIGHUP, signal.SIGHUP\n"
        "from vgg.tools.console import run; print(run('test', lambda: 3))"
    )
    assert run_python(program).stdout == "3\n"


AT_ONCE = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from vgg.tools.console import interrupts_at_once
from vgg.tools.console import run

def swallows():
    with interrupts_at_once():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except BaseException as error:
            print("caught by the library:", type(error).__name__)
"""


def test_at_once_inside_a_command_no_library_can_swallow_it():
    done = run_python(AT_ONCE + "run('test', swallows)")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped\n")


def test_at_once_does_nothing_where_no_command_runs():
    """A notebook must not end because a library was being imported."""
    done = run_python(AT_ONCE + "swallows()")
    assert (done.returncode, done.stdout) == (0, "caught by the library: KeyboardInterrupt\n")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_polled_signal_waits_until_somebody_asks(capfd, name):
    done = []

    def command():
        with interrupts_polled("one moment") as check:
            check()
            signal.raise_signal(getattr(signal, name))
            done.append("the step ends")
            with pytest.raises(KeyboardInterrupt):
                check()
            done.append("saved")
            check()
        done.append("after the block")

    assert console.run("test", command) == 0, "it took effect once"
    assert done == ["the step ends", "saved", "after the block"]
    assert capfd.readouterr().err == "one moment\n"


def test_a_second_signal_does_not_wait(capfd):
    with interrupts_polled("one moment"), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
        assert capfd.readouterr().err == "one moment\n"
        signal.raise_signal(signal.SIGINT)


def test_a_polled_signal_that_nobody_asked_for_stops_the_command_after_the_block(capfd):
    done = []

    def command():
        with interrupts_polled("one moment"):
            signal.raise_signal(signal.SIGINT)
            done.append("saved")
        done.append("not reached")

    assert console.run("test", command) == 130
    assert done == ["saved"] and capfd.readouterr().err == "one moment\ntest: stopped\n"


# Silence.


# `os.write(2, …)` is what libpng and TensorFlow do.
IN_A_COMMAND = """
import os, subprocess, sys
from vgg.tools.console import run, say

def command():
    os.write(2, b"compiled code\\n")
    say("ours", sys.stderr)
    {more}

code = run("test", command)
try:
    os.write(2, b"compiled code afterwards\\n")
    print("python afterwards", file=sys.stderr)
except OSError:
    pass
sys.exit(code)
"""
AFTERWARDS = "compiled code afterwards\npython afterwards\n"


def test_only_our_lines_arrive():
    done = run_python(IN_A_COMMAND.format(more="return 7"))
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "ours\n" + AFTERWARDS)


def test_the_traceback_of_a_bug_arrives():
    done = run_python(IN_A_COMMAND.format(more="raise RuntimeError('a bug')"))
    assert done.returncode == 1
    assert done.stderr.startswith("ours\nTraceback ") and done.stderr.endswith("\nRuntimeError: a bug\n")


def test_a_crash_in_compiled_code_says_where():
    done = run_python(IN_A_COMMAND.format(more="import ctypes; ctypes.string_at(0)"))
    assert done.returncode != 0 and "Segmentation fault" in done.stderr and "in command" in done.stderr


def test_what_a_logger_kept_still_arrives():
    """TensorFlow's logger is made inside the command and writes until Python ends."""
    more = "import logging, atexit; logging.basicConfig(); atexit.register(lambda: logging.warning('late'))"
    done = run_python(IN_A_COMMAND.format(more=more))
    assert done.stderr == "ours\n" + AFTERWARDS + "WARNING:root:late\n"


def test_a_child_is_heard_if_it_is_given_our_stream():
    child = "subprocess.run([sys.executable, '-c', 'import os; os.write(2, bytes([65, 10]))'], stderr={})"
    for stream, heard in (("sys.stderr", "A\n"), ("None", "")):
        assert run_python(IN_A_COMMAND.format(more=child.format(stream))).stderr == f"ours\n{heard}{AFTERWARDS}"


@pytest.mark.parametrize("closed", ["2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_closed_streams(tmp_path, closed):
    """The first file that is opened would get the number 2, and compiled libraries would write into it."""
    more = f"f = open({str(tmp_path / 'file')!r}, 'wb'); os.write(2, b'compiled'); f.close()"
    done = run_python(IN_A_COMMAND.format(more=more), shell=closed)
    assert done.returncode == 0 and (done.stdout, done.stderr) == ("", "")
    assert (tmp_path / "file").read_bytes() == b""


def test_two_threads_that_decode_leave_stderr_alone(tmp_path):
    """Each used to point descriptor 2 elsewhere, and to put back what the other had put there."""
    program = """
import os, sys, threading
import cv2, numpy
from vgg.tools.image import read_image, write_image
before, seen = os.fstat(2), set()
real = cv2.imdecode
def watched(*arguments):
    seen.add(os.fstat(2).st_ino == before.st_ino)
    return real(*arguments)
cv2.imdecode = watched
write_image(sys.argv[1], numpy.zeros((64, 64, 3), numpy.uint8))
work = lambda: [read_image(sys.argv[1]) for _ in range(20)]
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(seen, os.fstat(2).st_ino == before.st_ino)
"""
    assert run_python(program, str(tmp_path / "a.png")).stdout == "{True} True\n"


def test_tensorflow_starts_without_keras(started_with):
    """It would be a quarter of the start, with Matplotlib. Tests of Adam ask for it afterwards."""
    assert "tensorflow" in started_with and not {"keras", "matplotlib"} & started_with


def test_it_does_not_warn_of_new_graphs():
    """A run makes one for each picture size and recipe, and TensorFlow takes that for a mistake."""
    said = []
    handler = logging.Handler()
    handler.emit = said.append
    tf.get_logger().addHandler(handler)
    try:
        doubled = tf.function(lambda number: 2 * number)
        assert [int(doubled(number)) for number in range(12)] == list(range(0, 24, 2)), "a graph for each number"
    finally:
        tf.get_logger().removeHandler(handler)
    assert not said
