"""A small looping picture of a film, GIF or animated WebP, for a page that shows no videos.

WebP is a third as large as GIF at the same size, with all colours. OpenCV writes both from 4.12 on.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from vgg.errors import InputError, typed
from vgg.files import atomic_write, check_place
from vgg.image.codec import to_uint8
from vgg.image.file import resize_to

ENDINGS = (".webp", ".gif")
MOST_BYTES = 1_000_000
LONGER_SIDE = 320  # pixels, at first
MOST_FRAMES = 240
#: WebP's qualities that are tried before the picture gets smaller.
QUALITIES = (80, 60)
SMALLER, SMALLEST = 0.85, 64  # the factor of each further try, and the longer side at which to stop
GIF_DITHER = 3  # OpenCV's strongest; without it a sky has steps


def check_preview(path: Path) -> None:
    """Return if a preview can be written to `path`.

    Raises:
        InputError: the ending is none of `ENDINGS`, OpenCV is too old, or nothing can be written there.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"the preview {path} ends in {path.suffix!r}, expected {' or '.join(ENDINGS)}; change it")
    if not hasattr(cv2, "imwriteanimation"):
        raise InputError(
            f"the preview {path} needs OpenCV 4.12 or newer, found {cv2.__version__}; "
            f"install it with `{typed('pip', 'install', '--upgrade', 'opencv-python')}`"
        )
    check_place(path)


def write_preview(path: Path, frames: Iterable[np.ndarray], fps: float, most_bytes: int = MOST_BYTES) -> int:
    """Write a preview of at most `most_bytes` and return its size in bytes; it is made smaller until it fits.

    Args:
        path: ends in one of `ENDINGS`; the parent folder is created.
        frames: (H, W, 3) each, RGB in [0, 255]; after `MOST_FRAMES` of them it ends.
        fps: frames per second; GIF counts in hundredths of a second.
        most_bytes: of the file.

    Raises:
        InputError: see `check_preview`; or even a very small picture of the film has more bytes.
    """
    check_preview(path)
    small = [_limited(to_uint8(frame), LONGER_SIDE) for frame, _ in zip(frames, range(MOST_FRAMES), strict=False)]
    with atomic_write(path) as unfinished:
        for pictures, options in _tries(small, path.suffix.lower()):
            _animate(unfinished, pictures, fps, options)
            size = unfinished.stat().st_size
            if size <= most_bytes:
                return size
        raise InputError(f"the preview {path} would have {size} bytes, expected {most_bytes}; choose a shorter part")


def _tries(frames: list[np.ndarray], ending: str) -> Iterator[tuple[list[np.ndarray], list[int]]]:
    """Yield pictures and the encoder's options, each try with fewer bytes than the one before."""
    side = max(frames[0].shape[:2])
    while True:
        pictures = [_limited(frame, side) for frame in frames]
        for quality in QUALITIES if ending == ".webp" else (None,):
            yield pictures, [cv2.IMWRITE_GIF_DITHER, GIF_DITHER] if quality is None else _webp(quality)
        if side <= SMALLEST:
            return
        side = max(SMALLEST, round(side * SMALLER))


def _webp(quality: int) -> list[int]:
    return [cv2.IMWRITE_WEBP_QUALITY, quality]


def _animate(path: Path, frames: list[np.ndarray], fps: float, options: list[int]) -> None:
    animation = cv2.Animation()
    animation.frames = [cv2.cvtColor(frame, cv2.COLOR_RGB2BGR) for frame in frames]
    # Rounded so that the sum is right, not each of them: 24 frames per second are 1 s, not 0.96 s.
    unit = 10 if path.suffix.lower() == ".gif" else 1  # milliseconds
    ends = np.rint(np.arange(len(frames) + 1) * 1000 / fps / unit).astype(np.int32) * unit
    animation.durations = np.maximum(np.diff(ends), 2 * unit)  # browsers show what is shorter at a tenth of its speed
    animation.loop_count = 0  # for ever
    if not cv2.imwriteanimation(str(path), animation, options):
        raise InputError(f"the preview {path} cannot be written by OpenCV {cv2.__version__}; choose another ending")


def _limited(frame: np.ndarray, longer_side: int) -> np.ndarray:
    height, width = frame.shape[:2]
    scale = min(1.0, longer_side / max(height, width))
    return resize_to(frame, max(1, round(height * scale)), max(1, round(width * scale)))
