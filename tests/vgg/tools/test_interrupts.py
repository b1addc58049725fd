"""When signals take effect: at the end of a block, at once, and never outside the main thread."""

import signal
import threading

import pytest

from own_process import run_python
from vgg.tools import console
from vgg.tools.console import interrupts_at_once, interrupts_polled


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
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "test: stopped\n")


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
