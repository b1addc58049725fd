"""Files: written whole or not at all, at a place that was checked before, and told apart by their digests."""

import difflib
import errno
import glob
import hashlib
import os
import secrets
import shlex
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import combinations, count
from pathlib import Path
from typing import BinaryIO

from vgg.errors import InputError

try:
    import fcntl
except ImportError:  # Windows, where nobody can delete a file that is open
    fcntl = None


def check_place(path: Path) -> None:
    """Raise InputError unless a file can be written at `path`, before long work for it begins; leave nothing behind.

    Refused are a folder, a pipe or a device, what is write-protected, has no name or one that is too long, and a place
    whose folder cannot be made or written to.
    """
    if not path.name or os.path.isdir(path):
        raise InputError(f"{path} is a folder, expected the name of a file in it")
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(f"{path} is a pipe or a device, expected the name of a file; choose another name")
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise InputError(f"{path} exists and is write-protected; choose another name")
    absolute = path.absolute()
    # With `lexists` a link that leads nowhere, as to a disk that is not mounted, counts as being there.
    folder = next(folder for folder in absolute.parents if os.path.lexists(folder))
    unfinished = _unfinished(absolute)
    # One by one: the system does not look at what follows a folder that does not exist.
    names = (*absolute.relative_to(folder).parts, unfinished.name)
    try:
        for place in (absolute, unfinished, *(folder / name for name in names)):
            with suppress(FileNotFoundError):
                os.lstat(place)
        # Only a try tells: to `root` os.access allows everything, also in /proc.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: no file can be made in the folder {folder} ({error.strerror}); "
            "choose another place or a shorter name"
        ) from None


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; it becomes `path` when the block ends well, else `path` stays as it was.

    The parent folder is created. Several processes and threads may write in one folder. Raises InputError if the folder
    cannot be made, or the disk is full or write-protected.
    """
    unfinished = _unfinished(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with _held(unfinished):
                yield unfinished
                with unfinished.open("rb") as file:  # else after a power cut the name could belong to an empty file
                    os.fsync(file.fileno())
                os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        what_to_do = "free some space or choose" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "choose"
        raise InputError(f"{path} cannot be written ({error.strerror}); {what_to_do} another place") from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a text, in UTF-8, or bytes by `atomic_write`, whose errors are those of this function."""
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(content.encode() if isinstance(content, str) else content)


def remove_leftovers(path: Path) -> None:
    """Delete what `atomic_write(path)` left behind in a process that was killed; one that writes keeps its file."""
    for leftover in path.parent.glob(_unfinished(path, "*").name):
        with suppress(OSError):
            with leftover.open("r+b") as file:
                if fcntl:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises OSError if somebody holds it
            leftover.unlink()


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Make the file, and show `remove_leftovers` that it is in use; the system frees it when this process is killed."""
    if fcntl is None:
        yield
        return
    with path.open("xb") as file:
        with suppress(OSError):  # a disk without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unfinished(path: Path, number: str | None = None) -> Path:
    """Return a new temporary name beside `path`, as os.replace cannot cross disks, with the same ending.

    It is short, because a name may be as long as the disk allows. Not tempfile.mkstemp: its file could be read by its
    owner only, whatever the user's umask says.
    """
    start = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]
    return path.with_name(f".unfinished-{start}-{number or secrets.token_hex(4)}{path.suffix}")


def write_or_rescue(path: Path, write: Callable[[Path], None]) -> Path:
    """Call `write(path)`, or if that fails `write` with a place elsewhere, and return the place that was used.

    A result that took long is not lost because a disk was unmounted or filled up meanwhile. The other places are the
    current folder and then the folder for temporary files, under the same name; a file that is there is not
    overwritten. Raises the InputError of `path` itself if nothing can be written anywhere.
    """
    try:
        write(path)
        return path
    except InputError as error:
        first = error
    for current_or_temporary in (os.getcwd, tempfile.gettempdir):
        with suppress(InputError, OSError):  # OSError: the folder itself is gone
            places = alternatives(Path(current_or_temporary()) / path.name)
            # What belongs to a picture has its name with another ending, and is not to be overwritten either.
            place = next(place for place in places if not any(place.parent.glob(f"{glob.escape(place.stem)}*")))
            write(place)
            return place
    raise first


def alternatives(path: Path) -> Iterator[Path]:
    """Yield `name.png`, `name-2.png`, `name-3.png` …, for who looks for a name that is not taken."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def first_free(path: Path, *beside: Callable[[Path], Path]) -> Path:
    """Return the first of `alternatives(path)` that is not taken, and for which what each `beside` returns is not."""
    places = ((place, *(other(place) for other in beside)) for place in alternatives(path))
    return next(place for place, *others in places if not any(map(os.path.lexists, (place, *others))))


def open_file(path: Path | str) -> BinaryIO:
    """Open a file that the user named, for reading bytes.

    Raises OSError if it cannot be read, or is a pipe or a device, whose other end might never come; `strerror` tells.
    """
    try:
        mode = os.stat(path).st_mode
    except ValueError:
        raise OSError(errno.EINVAL, "its name has a NUL, expected the name of a file", str(path)) from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # of a folder Python itself says what it is
        raise OSError(errno.EINVAL, "it is a pipe or a device, expected a file", str(path))
    return open(path, "rb")


def unreadable(path: Path | str, error: OSError) -> InputError:
    """Return what to say of a file that the user named and that could not be opened; ask for the nearest name."""
    if not isinstance(error, FileNotFoundError):
        what = "permissions" if isinstance(error, PermissionError) else "name"
        return InputError(f"{path} cannot be read ({error.strerror}); check its {what}")
    folder, name = os.path.split(path)
    by_stem: dict[str, str] = {}  # without the endings, by which all pictures would be alike
    with suppress(OSError):
        by_stem = {Path(other).stem: os.path.join(folder, other) for other in os.listdir(folder or ".")}
    nearest = difflib.get_close_matches(Path(name).stem, by_stem, 1)
    what_to_do = "check its name, which needs quotes if it has spaces"
    if str(path).startswith("~"):
        what_to_do = "the shell does not replace ~ inside quotes; write $HOME there"
    elif nearest:
        what_to_do = f"did you mean {shlex.quote(by_stem[nearest[0]])}?"
    return InputError(f"{path} does not exist; {what_to_do}")


def require_quoted(names: Sequence[str]) -> None:
    """Raise InputError if some of the names, which stand side by side, are one name that the shell took apart."""
    for first, end in combinations(range(len(names) + 1), 2):
        together = " ".join(names[first:end])
        if os.path.exists(together) and not all(map(os.path.exists, names[first:end])):
            raise InputError(f"{names[first]} is a part of {together!r}; a name with spaces needs quotes")


def file_digest(path: Path, algorithm: str) -> str:
    """Return the hexadecimal digest of a whole file, read one MiB at a time; raise OSError as `open_file` does."""
    # Without this flag, machines in FIPS mode refuse MD5 altogether.
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open_file(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
