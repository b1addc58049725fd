"""Files: written whole or not at all, however a program ends, and told apart by their digests."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vgg.errors import InputError


def check_place(path: Path) -> None:
    """Return if a file can be written at `path`, before long work for it begins; creates nothing.

    Raises:
        InputError: `path` is a folder or has no name, or its folder cannot be made or written to.
    """
    if not path.name or os.path.isdir(path):
        raise InputError(f"{str(path) or 'an empty name'} is a folder, expected the name of a file in it")
    nearest = next(folder for folder in path.absolute().parents if os.path.exists(folder))
    if not os.path.isdir(nearest) or not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(f"{path} cannot be written: {nearest} is no folder that lets us; choose another place")


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
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
        what_to_do = "free some space or choose" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "choose"
        raise InputError(f"{path} cannot be written ({error.strerror}); {what_to_do} another place") from error


def file_digest(path: Path, algorithm: str) -> str:
    """The hexadecimal digest of a whole file, read one MiB at a time; raises OSError if it cannot be read."""
    # Without this flag, machines in FIPS mode refuse MD5 altogether.
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
