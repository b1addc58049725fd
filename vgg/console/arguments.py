"""Types of command-line arguments; what they refuse becomes one line that names what was expected."""

import argparse
from collections.abc import Callable
from pathlib import Path

#: More than this no size, seed or number of steps can use, and larger ones overflow in NumPy.
LARGEST = 2**63 - 1


def whole_number(smallest: int) -> Callable[[str], int]:
    """Return the type of a whole number from `smallest` to `LARGEST`, for `add_argument(type=…)`."""

    def parse(text: str) -> int:
        try:
            number = int(text)  # ValueError also for more than 4300 digits
        except ValueError:
            number = None
        if number is None or not smallest <= number <= LARGEST:
            too_large = text.isdecimal() and len(text) >= len(str(LARGEST))
            limit = f", at most {LARGEST}" if too_large else ""
            raise argparse.ArgumentTypeError(
                f"{_shortened(text)} found, expected a whole number of {smallest} or more{limit}"
            )
        return number

    return parse


def number(text: str) -> float:
    """Return the number, for `add_argument(type=number)`; NaN and infinity are left to whoever knows the range."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{_shortened(text)} found, expected a number such as 0.5") from None


def file_name(text: str) -> Path:
    """Return the path, for `add_argument(type=file_name)`; an empty text is refused."""
    if not text:
        raise argparse.ArgumentTypeError("'' found, expected the name of a file")
    return Path(text)


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:20]}…{text[-10:]}")
