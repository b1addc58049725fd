"""What a command does with a Ctrl-C that Python would lose, and with text that a terminal would obey."""

import time

import pytest

from vgg.errors import InputError
from vgg.tools import console


class Stubborn:
    """Its end is when the Ctrl-C arrives, and in a `__del__` exceptions go nowhere."""

    def __del__(self):
        raise KeyboardInterrupt


def test_a_ctrl_c_that_falls_into_a_del_still_stops_the_command(capfd):
    def work() -> int:
        Stubborn()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            time.sleep(0.001)
        return 0

    assert console.run("transfer", work) == 130
    assert capfd.readouterr().err == "transfer: stopped\n"


def test_other_errors_there_are_shown_as_ever(capfd):
    class Broken:
        def __del__(self):
            raise ValueError("from inside")

    def work() -> int:
        Broken()
        return 0

    assert console.run("transfer", work) == 0
    assert "ValueError: from inside" in capfd.readouterr().err


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
