"""The errors of unusable input.

The message of an `InputError` is one line for the person at the keyboard: what was found, what was expected,
what to do. Command lines print it as it is and exit with code 2; anything else that escapes is a bug of ours.
"""


class InputError(ValueError):
    """A file, a picture or an option cannot be used; `str(error)` is one complete line."""


class WeightsError(InputError):
    """A weights file is missing, is damaged or does not hold VGG-19."""
