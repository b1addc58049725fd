"""The drawn clip, or its beginning, drawn once for all tests of a process."""

from functools import cache
from itertools import islice

from transfer.video.clip import Frame, frames


@cache
def first_frames(wanted: int, count: int = 48, height: int = 192, width: int = 256) -> tuple[Frame, ...]:
    """The first `wanted` frames of a clip of `count`; the cut is at two thirds of `count`."""
    return tuple(islice(frames(count, height, width), wanted))
