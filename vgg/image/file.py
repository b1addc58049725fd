"""Read, resize and write pictures.

Inside the project a picture is an array (height, width, 3), RGB, in [0, 255]: uint8 as read, uint8 or float
afterwards.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from vgg.errors import InputError
from vgg.files import atomic_write, check_place, open_file
from vgg.image import codec, kind
from vgg.image.profile import profile_of
from vgg.layers import SMALLEST_SIDE


def read_image(path: Path | str, most_bytes: float = math.inf) -> np.ndarray:
    """Return the picture as uint8 (height, width, 3), RGB in [0, 255], upright, transparency laid on white.

    16-bit pictures are scaled to 8 bits; of several frames or pages the first is taken; colour profiles are
    ignored, see `read_profile`. A picture that needs more than `most_bytes` of memory is refused before it is decoded.

    Raises:
        InputError: the file is missing, unreadable, not a picture, damaged, cut off, too large or of a rare kind.
    """
    return codec.decode(*_read(path), str(path), most_bytes)


def read_profile(path: Path | str) -> bytes | None:
    """Return the ICC profile that says which colours the RGB numbers of a PNG, JPEG or WebP file mean.

    None if there is none, if it is damaged, or if it is not for RGB.

    Raises:
        InputError: the file is missing, unreadable, or not a picture.
    """
    return profile_of(*_read(path))


def read_size(path: Path | str) -> tuple[int, int]:
    """Return the height and width of what `read_image` returns, without decoding it; raises InputError as that does."""
    data, found = _read(path)
    width, height = kind.size_of(data, found)
    if not width or not height:
        raise InputError(f"{path} is a {found} picture without a size, as it is damaged; copy it again")
    return (width, height) if kind.exif_orientation(data, found) in kind.TURNED else (height, width)


def _read(path: Path | str) -> tuple[bytes, str]:
    """Return the whole file and which kind of picture it is."""
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder, expected a picture; name the file inside it")
    try:
        with open_file(path) as file:
            start = file.read(1024)
            found = kind.kind_of(start)
            if found not in kind.READABLE:  # before reading on: a video can have gigabytes
                known = ", ".join(kind.READABLE)
                raise InputError(f"{path} is {found}, expected a picture ({known}); save it in one of these formats")
            return start + file.read(), found
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check its name and permissions") from error


def resize(image: np.ndarray, longer_side: int) -> np.ndarray:
    """Return the picture with `longer_side` pixels on its longer side, in the same proportions; never enlarge it.

    Args:
        image: (height, width, 3); it is returned as it is when it is already small enough.
        longer_side: in pixels.

    Raises:
        InputError: a side would be shorter than `SMALLEST_SIDE`, as with a very long and narrow picture.
    """
    height, width = image.shape[:2]
    scale = min(1.0, longer_side / max(height, width))
    new_height, new_width = round(height * scale), round(width * scale)
    if min(new_height, new_width) < SMALLEST_SIDE:
        raise InputError(
            f"a picture of {width} × {height} pixels would be used at {new_width} × {new_height}, expected at least "
            f"{SMALLEST_SIDE} on both sides; crop it, or choose a larger picture or size"
        )
    return resize_to(image, new_height, new_width)


def resize_to(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the picture, uint8 or float32 (·, ·, 3), at exactly this size in pixels, stretched if necessary.

    A side that shrinks averages areas. One that grows is bicubic: a float picture may then exceed its range a little.
    """
    shrunk = min(height, image.shape[0]), min(width, image.shape[1])
    if shrunk != image.shape[:2]:
        image = cv2.resize(image, shrunk[::-1], interpolation=cv2.INTER_AREA)
    if shrunk != (height, width):
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    return image


def check_output(path: Path | str, inputs: Sequence[Path | str] = (), depth: codec.Depth = 8) -> None:
    """Return if a picture can be written to `path`, so that a long run does not fail at its end.

    Raises:
        InputError: `path` has no ending that we can write, or none with room for `depth` bits; it is one of the
            `inputs`; or `check_place` refuses it.
    """
    path = Path(path)
    if path.name and not os.path.isdir(path) and path.suffix.lower() not in codec.WRITABLE:
        endings = ", ".join(codec.WRITABLE)
        raise InputError(f"the output {path} ends in {path.suffix!r}, expected one of {endings}; change its ending")
    if depth == 16 and path.suffix.lower() not in codec.WRITABLE_DEEP:
        endings = ", ".join(codec.WRITABLE_DEEP)
        raise InputError(
            f"the output {path} ends in {path.suffix!r}, a format of 8 bits, expected one of {endings} for a depth of "
            "16; change its ending, or leave out --depth"
        )
    if os.path.exists(path) and any(os.path.exists(file) and os.path.samefile(path, file) for file in inputs):
        raise InputError(f"the output {path} is also an input, which it would overwrite; choose another name")
    try:
        check_place(path)
    except InputError as error:
        raise InputError(f"the output {error}") from None


def write_image(path: Path | str, image: np.ndarray, depth: codec.Depth = 8, profile: bytes | None = None) -> None:
    """Write the picture in the format its ending names; the parent folder is created.

    The file appears whole or not at all: an interrupted run leaves an older file of this name as it was.

    Args:
        path: ends in one of `codec.WRITABLE`; JPEG has quality 95, the other formats are lossless.
        image: (height, width, 3), RGB, uint8 or float in [0, 255], which is rounded and clipped.
        depth: bits of each number in the file; 16 only with the endings in `codec.WRITABLE_DEEP`.
        profile: an ICC profile, which PNG and JPEG get and other formats do not.

    Raises:
        InputError: the ending is unknown or has no room for the depth, the picture too large for the format, or the
            disk full or write-protected.
    """
    path = Path(path)
    check_output(path, depth=depth)
    data = codec.encode(image, path.suffix.lower(), depth, profile)
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(data)
