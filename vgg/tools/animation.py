"""Small looping pictures, WebP or GIF, for a page that shows no videos."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from vgg.errors import InputError
from vgg.tools.files import atomic_write, check_place
from vgg.tools.image import shrunk

LOOP_ENDINGS = (".webp", ".gif")
LOOP_FRAMES = 240


def check_loop(path: Path) -> None:
    """Raise InputError unless a loop can be written to `path`, whose ending must be one of `LOOP_ENDINGS`."""
    if path.suffix.lower() not in LOOP_ENDINGS:
        raise InputError(f"the loop {path} ends in {path.suffix!r}, expected {' or '.join(LOOP_ENDINGS)}; change it")
    check_place(path)


def write_loop(
    path: Path, frames: Iterable[np.ndarray], fps: float, longer_side: int = 320, most_bytes: int = 1_000_000
) -> None:
    """Write a small looping picture of at most `longer_side` pixels; it is made smaller until it fits.

    It ends after `LOOP_FRAMES` of the frames, uint8 (H, W, 3) RGB each, `fps` a second. WebP is a third as large as
    GIF, with all colours. Raises InputError if even a very small picture of the frames has more than `most_bytes`.
    """
    sides = [round(longer_side * 0.85**n) for n in range(11)]  # one try after the other
    images = [shrunk(frame, sides[0]) for frame in islice(frames, LOOP_FRAMES)]
    animation = cv2.Animation()
    # Rounded so that the sum is right, not each of them: 24 frames per second are 1 s, not 0.96 s.
    unit = 10 if path.suffix.lower() == ".gif" else 1  # milliseconds
    ends = np.rint(np.arange(len(images) + 1) * 1000 / fps / unit).astype(np.int32) * unit
    animation.durations = np.maximum(np.diff(ends), 2 * unit)  # browsers show what is shorter at a tenth of its speed
    animation.loop_count = 0  # for ever
    # GIF's strongest dither, without which a sky has steps.
    options = [cv2.IMWRITE_GIF_DITHER, 3] if path.suffix.lower() == ".gif" else [cv2.IMWRITE_WEBP_QUALITY, 75]
    with atomic_write(path) as unfinished:
        for side in sides:
            animation.frames = [cv2.cvtColor(shrunk(image, side), cv2.COLOR_RGB2BGR) for image in images]
            is_written = cv2.imwriteanimation(str(unfinished), animation, options)
            if is_written and unfinished.stat().st_size <= most_bytes:
                return
        raise InputError(f"the loop {path} is too large, expected {most_bytes} bytes at most; choose a shorter part")
