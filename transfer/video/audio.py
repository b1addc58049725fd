"""The sound of a film. OpenCV leaves it out; an `ffmpeg` program copies it, if there is one.

Whether there is sound at all can be read from the boxes of an MP4 or MOV file (ISO/IEC 14496-12, §8.4.3: a track's
handler is "soun") and from the header of an AVI file (its stream header has the type "auds").
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from vgg.files import atomic_write

#: Where an AVI file has its stream headers.
AVI_HEADER = 1 << 16
COPIED, ENCODED = ("-c:a", "copy"), ()  # what is said to ffmpeg of the sound
#: Boxes that hold the one that says what a track is.
OUTER = (b"moov", b"trak", b"mdia")


def has_sound(path: Path) -> bool | None:
    """Return whether a video file has a track of sound; None if only `ffmpeg` could tell."""
    if path.is_dir():
        return False
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] == b"RIFF" and start[8:] == b"AVI ":
            return b"auds" in file.read(AVI_HEADER)
        if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
            return b"soun" in _handlers(file, 0, file.seek(0, 2))
    return None


def copy_sound(source: Path, film: Path, start: float = 0.0, length: float | None = None) -> str | None:
    """Add the sound of `source` to the video file `film`, and return None; or a line that says why it was not added.

    The film's pictures are copied as they are. So is the sound from the beginning on, if the film's kind of file can
    hold it. Else it is encoded anew: copied from a later start on, it would begin at the picture before that is stored
    whole, and some kinds of files would show the film late by as much.

    Args:
        source: the video that the film was made from, or a folder, which has no sound.
        film: a video file; it is replaced, whole or not at all.
        start: seconds of the source at which the film begins.
        length: seconds; None: to the end.

    Raises:
        InputError: the disk is full or write-protected.
    """
    sound = has_sound(source)
    if sound is False:
        return None
    program = shutil.which("ffmpeg")
    if program is None:
        maybe = "" if sound else " if it has any"
        return f"the sound of {source} is not copied{maybe}, because there is no program ffmpeg; install it"
    part = ["-ss", f"{start:.6f}", *([] if length is None else ["-t", f"{length:.6f}"])]
    # "file:", so that no name is taken for an option or a protocol; "1:a?": sound, if there is any
    inputs = ["-i", f"file:{film}", *part, "-i", f"file:{source}", "-map", "0:v", "-map", "1:a?", "-c:v", "copy"]
    try:
        with atomic_write(film) as unfinished:
            _run(
                [program, "-nostdin", "-v", "error", "-y", *inputs], ([] if start else [COPIED]) + [ENCODED], unfinished
            )
    except _Failed as error:
        return f"the sound of {source} is not copied, ffmpeg says: {error}"
    return None


class _Failed(Exception):
    """What ffmpeg said last."""


def _run(command: list[str], ways: list[tuple[str, ...]], output: Path) -> None:
    """Write `output` in the first of the ways that works; raise _Failed if none does."""
    for way in ways:
        done = subprocess.run([*command, *way, f"file:{output}"], capture_output=True, check=False)
        if done.returncode == 0 and output.exists():
            return
    said = done.stderr.decode(errors="replace").strip().splitlines()
    raise _Failed(said[-1] if said else f"exit code {done.returncode}")


def _handlers(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    """Yield the handlers of all tracks between two places of an MP4 file."""
    while start + 8 <= stop:
        file.seek(start)
        size, kind, head = int.from_bytes(file.read(4), "big"), file.read(4), 8
        if size == 1:  # the true one follows, in 64 bits
            size, head = int.from_bytes(file.read(8), "big"), 16
        end = stop if size == 0 else min(start + size, stop)  # 0: to the end of the file
        if kind in OUTER:
            yield from _handlers(file, start + head, end)
        elif kind == b"hdlr":
            file.seek(start + head + 8)
            yield file.read(4)
        if end < start + head:  # damaged
            return
        start = end
