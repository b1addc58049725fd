"""The errors of unusable input, and how a message names a command.

The message of an `InputError` is one line for the person at the keyboard: what was found, what was expected,
what to do. Command lines print it as it is and exit with code 2; anything else that escapes is a bug of ours.
"""

import shlex
import sys
from pathlib import Path


def python() -> str:
    """Return the Python that runs this, as it is typed in the project's folder: `.venv/bin/python`, or its path."""
    program, folder = Path(sys.executable or "python"), Path(__file__).resolve().parents[1]
    return str(program.relative_to(folder) if program.is_relative_to(folder) else program)


def typed(*words: str) -> str:
    """Return a command of ours, such as `transfer --help`, as it works when it is typed in the project's folder."""
    return shlex.join([python(), "-m", *words])


class InputError(ValueError):
    """A file, a picture or an option cannot be used; `str(error)` is one complete line."""


class WeightsError(InputError):
    """A weights file is missing, is damaged or does not hold VGG-19."""
