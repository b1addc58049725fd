"""The pictures of a folder, in the order in which people count them: photo2 before photo10."""

import os
import re

from vgg.errors import InputError

#: Endings of what is taken from a folder; a file that is named may have any.
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")


def pictures_in(folder: str) -> list[str]:
    """Return the names of the pictures in a folder, those that are hidden left out; raises InputError if unreadable."""
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}); name a folder with pictures") from None
    visible = (name for name in names if name.lower().endswith(ENDINGS) and not name.startswith("."))
    return sorted(visible, key=natural)


def natural(name: str) -> list[object]:
    """Return a key that sorts photo2 before photo10."""
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in re.split(r"(\d+)", name.casefold())]
