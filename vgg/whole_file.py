"""Files that appear whole or not at all, however a program ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vgg.errors import InputError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; it becomes `path` when the block ends well, else `path` stays as it was.

    The parent folder is created.

    Raises:
        InputError: the folder cannot be made, or the disk is full or write-protected.
    """
    # In the same folder, as os.replace cannot cross disks; named by process, as two runs may share the folder.
    unfinished = path.with_name(f".unfinished-{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield unfinished
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}); free some space or choose another place"
        ) from error
