"""What a command does with a Ctrl-C that Python would lose."""

import time

from vgg.console import terminal


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

    assert terminal.run("transfer", work) == 130
    assert capfd.readouterr().err == "transfer: stopped\n"


def test_other_errors_there_are_shown_as_ever(capfd):
    class Broken:
        def __del__(self):
            raise ValueError("from inside")

    def work() -> int:
        Broken()
        return 0

    assert terminal.run("transfer", work) == 0
    assert "ValueError: from inside" in capfd.readouterr().err
