"""The file on the disk during a download: `<target>.part` until it is complete and verified.

Every function that touches the disk turns the system's errors into one line for the user.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vgg.errors import WeightsError
from weights.download.sources import Source, file_digest, recognise


class TooMuch(Exception):
    """More bytes arrived than the file can have; they were deleted."""


class WrongDigest(Exception):
    """The complete file is not the published one; it was deleted. `str(error)` gives both digests."""


@dataclass(frozen=True)
class PartialFile:
    """The growing copy of `source` that becomes `target`. All methods raise WeightsError if the disk fails."""

    source: Source
    target: Path

    @property
    def path(self) -> Path:
        """Where the bytes are kept until the file is complete."""
        return self.target.with_name(self.target.name + ".part")

    def size(self) -> int:
        """Return how many bytes are there, 0 if there is no file."""
        with disk_errors(self.path):
            return self.path.stat().st_size if self.path.exists() else 0

    def remove(self) -> None:
        """Delete the file if there is one."""
        with disk_errors(self.path):
            self.path.unlink(missing_ok=True)

    def is_genuine(self) -> bool:
        """Return whether the bytes are the whole published file."""
        with disk_errors(self.path):
            return file_digest(self.path, self.source.algorithm) == self.source.digest

    def is_complete(self) -> bool:
        """Return whether nothing is left to fetch; delete a file that is long enough but wrong.

        A run that was killed after its last byte and before the renaming leaves a complete partial file.
        """
        if self.source.size is None or self.size() < self.source.size:
            return False
        if self.is_genuine():
            return True
        self.remove()
        return False

    def check_space(self, total: int) -> None:
        """Raise WeightsError if the disk has no room for a file of `total` bytes."""
        needed = total - self.size()
        with disk_errors(self.path):
            free = shutil.disk_usage(self.path.parent).free
        if needed > free:
            raise WeightsError(
                f"{self.path.parent} has {free / 1e6:,.1f} MB of free space, the download needs "
                f"{needed / 1e6:,.1f} MB: free some space or choose another disk with --to"
            )

    def write(self, start: int, chunks: Iterable[bytes], limit: int, advance: Callable[[int], None]) -> int:
        """Write `chunks` from byte `start` on and return the new length in bytes; with `start` 0 empty the file first.

        `advance` is called with the length after every chunk.

        Raises:
            TooMuch: more than `limit` bytes arrived.
        """
        done = start
        # Unbuffered: every byte that arrived is in the file if the process is killed, and closing writes nothing.
        with disk_errors(self.path):
            file = self.path.open("ab" if start else "wb", buffering=0)
        with file:
            for chunk in chunks:
                done += len(chunk)
                if done > limit:
                    self.remove()
                    raise TooMuch
                with disk_errors(self.path):
                    write_all(file.write, chunk)
                advance(done)
        return done

    def accept(self) -> None:
        """Rename the complete file to the target in one step; raise WrongDigest if it is not the published file."""
        if not self.is_genuine():
            found = describe_digest(self.source, self.path)
            self.remove()
            raise WrongDigest(f"{found}, expected {self.source.digest}")
        with disk_errors(self.target):
            with self.path.open("r+b") as file:
                # Before the renaming: after a power cut the name must not be there without the bytes.
                os.fsync(file.fileno())
            os.replace(self.path, self.target)


def write_all(write: Callable[[bytes], int], chunk: bytes) -> None:
    """Write the whole chunk; one unbuffered write may take only a part of it, as when the disk fills up."""
    while chunk:
        chunk = chunk[write(chunk) :]


def describe_digest(source: Source, path: Path) -> str:
    """Return the digest found at `path`, and which published file that is, if any."""
    with disk_errors(path):
        digest, known = file_digest(path, source.algorithm), recognise(path)
    note = f" (it is the {known.layout} file: use --layout {known.layout})" if known else ""
    return f"{source.algorithm.upper()} {digest}{note}"


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn each error of the file system inside the block into a WeightsError, as no other address would help."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WeightsError(f"the disk is full at {path}: free some space and run again, it resumes") from error
        why = error.strerror or type(error).__name__
        raise WeightsError(f"{path} cannot be read or written ({why}): choose another file with --to") from error
