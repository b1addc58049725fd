"""Pictures from and to files: read, resize, write.

Inside the project a picture is an array (height, width, 3), RGB, in [0, 255]: uint8 as read, uint8 or float
afterwards.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from vgg.errors import InputError
from vgg.files import atomic_write
from vgg.image import codec, kind
from vgg.layers import SMALLEST_SIDE


def read_image(path: Path | str) -> np.ndarray:
    """The picture as uint8 (height, width, 3), RGB in [0, 255], upright, transparency laid on white.

    16-bit pictures are scaled to 8 bits; of several frames or pages the first is taken; colour profiles are
    ignored.

    Raises:
        InputError: the file is missing, unreadable, not a picture, damaged, cut off, too large or of a rare kind.
    """
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder, expected a picture; name the file inside it")
    try:
        with open(path, "rb") as file:
            start = file.read(1024)
            found = kind.kind_of(start)
            if found not in kind.READABLE:  # before reading on: a video can have gigabytes
                known = ", ".join(kind.READABLE)
                raise InputError(f"{path} is {found}, expected a picture ({known}); save it in one of these formats")
            data = start + file.read()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check its name and permissions") from error
    return codec.decode(data, found, name=str(path))


def resize(image: np.ndarray, longer_side: int) -> np.ndarray:
    """The picture with `longer_side` pixels on its longer side, its shape kept; never enlarged.

    Args:
        image: (height, width, 3); comes back as it is when it is already small enough.
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
    """The picture, uint8 or float32 (·, ·, 3), at exactly this size in pixels, stretched if need be.

    Shrinking averages areas. Enlarging is bicubic: a float picture may then exceed its range a little.
    """
    if image.shape[:2] == (height, width):
        return image
    shrinks = height <= image.shape[0] and width <= image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def check_output(path: Path | str, inputs: Sequence[Path | str] = ()) -> None:
    """Return if a picture can be written to `path`, so that a long run does not fail at its end; creates nothing.

    Raises:
        InputError: `path` is a folder, has no ending we can write, is write-protected or one of the `inputs`, or
            its folder cannot be created or written to.
    """
    path = Path(path)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:  # such as a name that is too long
        raise InputError(f"the output {path} cannot be written ({error.strerror}); choose another name") from None
    if os.path.isdir(path):
        raise InputError(f"the output {path} is a folder, expected a file; add a name, such as {path / 'out.png'}")
    if path.suffix.lower() not in codec.WRITABLE:
        endings = ", ".join(codec.WRITABLE)
        raise InputError(f"the output {path} ends in {path.suffix!r}, expected one of {endings}; change its ending")
    if os.path.exists(path):
        if any(os.path.exists(file) and os.path.samefile(path, file) for file in inputs):
            raise InputError(f"the output {path} is also an input, which it would overwrite; choose another name")
        if not os.access(path, os.W_OK):
            raise InputError(f"the output {path} exists and is write-protected; choose another name")
    nearest = next(folder for folder in path.absolute().parents if os.path.exists(folder))
    if not os.path.isdir(nearest) or not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(f"the output {path} cannot be written: {nearest} is no folder that lets us; choose another")


def write_image(path: Path | str, image: np.ndarray) -> None:
    """Write the picture in the format its ending names; the parent folder is created.

    The file appears whole or not at all: an interrupted run leaves an older file of this name as it was.

    Args:
        path: ends in one of `codec.WRITABLE`; JPEG has quality 95, the other formats are lossless.
        image: (height, width, 3), RGB, uint8 or float in [0, 255], which is rounded and clipped.

    Raises:
        InputError: the ending is unknown, the picture too large for the format, or the disk full or write-protected.
    """
    path = Path(path)
    check_output(path)
    data = codec.encode(image, path.suffix.lower())
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(data)
