"""Which frames of a film are wanted: from when, to when, and how many are skipped."""

from dataclasses import dataclass
from math import ceil, floor

from vgg.errors import InputError

ROUNDING = 1e-6  # frames: 0.1 s times 30 per second can be a little more or less than 3


@dataclass(frozen=True)
class Chosen:
    """A part of a film. Times are in seconds, because players show seconds; what is left out between is counted."""

    start: float = 0.0  # seconds
    end: float | None = None  # seconds, not included; None: to the end of the film
    every: int = 1  # each second frame, each third, …: the film then has fewer frames, and is as long as before

    def check(self, length: float | None) -> None:
        """Return if there can be such a part; raise InputError if not, before any frame is read.

        Args:
            length: of the film in seconds, as its file claims; None if it does not.
        """
        if not self.start >= 0:
            raise InputError(f"--start is {self.start:g}, expected 0 seconds or more; choose another")
        if self.every < 1:
            raise InputError(f"--every is {self.every}, expected 1 or more; choose another")
        if self.end is not None and not self.end > self.start:
            raise InputError(f"--end is {self.end:g} and --start {self.start:g} seconds, expected a later end")
        if length is not None and self.start >= length:
            raise InputError(
                f"--start is {self.start:g} seconds, but the film has only {length:.4g}; choose an earlier start"
            )

    def numbers(self, fps: float, count: int) -> range:
        """Return the numbers of the chosen frames, counted from 0, of a film of at most `count` frames.

        Frame n is shown from n / fps on. The first frame is the one that is shown at `start`.
        """
        first = floor(self.start * fps + ROUNDING)
        stop = count if self.end is None else min(count, ceil(self.end * fps - ROUNDING))
        return range(first, max(stop, first), self.every)

    def rate(self, fps: float) -> float:
        """Return the frames per second of what was chosen of a film with `fps`."""
        return fps / self.every


#: The whole film.
ALL = Chosen()
