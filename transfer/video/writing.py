"""Frames to a video file, whole or not at all, and to a folder of pictures, one file for each.

OpenCV's FFmpeg encodes. Its wheels have no H.264, which has to be licensed, but these, on all systems:

    .mp4 .mov .m4v   MPEG-4 part 2   what most players show, though not a browser
    .webm            VP9             what a browser shows
    .avi             Motion JPEG     each frame by itself, for programs that cut films
    .mkv             FFV1            lossless, seven times as large

All but the last keep colours at half the resolution. They want even sides, so an odd one gets its last row or column
twice. A .webm and a .mkv hold a random number, so the same frames do not give the same bytes; the others have none.
`VideoWriter` tells of no error after it is open, so the film is read again before it gets its name.
"""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from vgg.errors import InputError
from vgg.files import atomic_write, check_place
from vgg.image.codec import to_uint8
from vgg.image.file import write_image

#: FFmpeg's four letters for what each ending holds.
CODECS = {".mp4": "mp4v", ".mov": "mp4v", ".m4v": "mp4v", ".webm": "VP90", ".avi": "MJPG", ".mkv": "FFV1"}


def is_folder(path: Path) -> bool:
    """Return whether an output of this name is a folder of frames: it is one already, or has no ending."""
    return os.path.isdir(path) or not path.suffix


def check_film_output(path: Path, fps: float) -> None:
    """Return if a film can be written to `path`, so that a long run does not fail at its end.

    Raises:
        InputError: the ending is unknown, this OpenCV has no encoder for it, or nothing can be written there.
    """
    if is_folder(path):
        check_place(frame_place(path, 0))
        return
    if path.suffix.lower() not in CODECS:
        raise InputError(
            f"the output {path} ends in {path.suffix!r}, expected one of {', '.join(CODECS)}, or no ending for a "
            "folder of frames; change its ending"
        )
    check_place(path)
    with tempfile.TemporaryDirectory() as folder:
        _encode(Path(folder) / f"probe{path.suffix}", [np.zeros((64, 64, 3), np.uint8)] * 2, fps, path)


def frame_place(folder: Path, number: int) -> Path:
    """Return where the frame with this number, counted from 0, is in a folder: 00001.png is the first."""
    return folder / f"{number + 1:05}.png"


def write_frame(folder: Path, number: int, frame: np.ndarray) -> None:
    """Write one frame (H, W, 3), RGB in [0, 255], to a folder, whole or not at all; the folder is created.

    Raises:
        InputError: the disk is full or write-protected.
    """
    write_image(frame_place(folder, number), frame)


def write_film(path: Path, frames: Iterable[np.ndarray], fps: float) -> int:
    """Write a video file from frames, one at a time in memory, and return their number. The parent folder is created.

    The file appears whole or not at all: an interrupted run leaves an older file of this name as it was.

    Args:
        path: ends in one of `CODECS`.
        frames: (H, W, 3) each, RGB, uint8 or float in [0, 255], all of one size; an odd side gets one pixel more.
        fps: frames per second.

    Raises:
        InputError: there is no encoder, or the disk is full or write-protected.
    """
    with atomic_write(path) as unfinished:
        return _encode(unfinished, frames, fps, path)


def even(frame: np.ndarray) -> np.ndarray:
    """Return the frame with its last row and column repeated where a side is odd: (H, W, 3) → (H or H + 1, …, 3)."""
    return np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), mode="edge")


def _encode(file: Path, frames: Iterable[np.ndarray], fps: float, path: Path) -> int:
    """Write `file` and return the number of frames in it; errors call it `path`."""
    writer, count, size = None, 0, None
    try:
        for frame in frames:
            pixels = even(to_uint8(frame))
            if writer is None:
                size, code = pixels.shape, cv2.VideoWriter_fourcc(*CODECS[path.suffix.lower()])
                writer = cv2.VideoWriter(str(file.absolute()), cv2.CAP_FFMPEG, code, fps, size[1::-1])
                if not writer.isOpened():
                    raise InputError(
                        f"{path} cannot be written: OpenCV {cv2.__version__} has no encoder for {path.suffix} with "
                        f"{size[1]} × {size[0]} pixels at {fps:g} frames per second; choose a folder or another ending"
                    )
            if pixels.shape != size:  # OpenCV would leave it out and say nothing
                raise ValueError(f"a frame of {pixels.shape} among frames of {size}")
            writer.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
            count += 1
    finally:
        if writer is not None:
            writer.release()
    if not count:
        raise ValueError("no frames to write")
    if (found := _frames_in(file)) != count:
        raise InputError(f"{path} was not written whole ({found} of {count} frames); free some space on its disk")
    return count


def _frames_in(file: Path) -> int:
    capture, count = cv2.VideoCapture(str(file.absolute()), cv2.CAP_FFMPEG), 0
    try:
        while capture.grab():
            count += 1
    finally:
        capture.release()
    return count
