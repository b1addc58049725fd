"""The first thing that each `__main__.py` imports, and the only one before Ctrl-C is taken care of."""

import sys
from collections.abc import Callable
from typing import NoReturn

from vgg.console.interrupts import Stop, handle_signals


def start_program(program: str, main: Callable[[], int]) -> NoReturn:
    """Exit with the code of `main`, which imports what it needs, parses the options and calls `terminal.run`.

    A Ctrl-C during these imports, or after the command while Python shuts down, ends the process with one line and
    exit code 130. While the command runs, `terminal.run` decides.
    """
    handle_signals(Stop(program).leave)
    sys.exit(main())
