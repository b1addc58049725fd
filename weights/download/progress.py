"""How far a download is: the record that callers receive, and the meter that fills it in."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

RATE_WINDOW = 5.0  # seconds; long enough to calm the rate, short enough to notice a stall
REPORT_INTERVAL = 0.1  # seconds; a display needs no more


@dataclass(frozen=True)
class Progress:
    """The state of a download.

    `done` and `total` are bytes of the whole file, what an earlier run left included; `rate` is bytes per second
    over the last seconds; `eta` is seconds to go. `total` and `eta` are None while they cannot be known.
    """

    done: int
    total: int | None
    rate: float
    eta: float | None
    url: str


class Meter:
    """Turns positions in the file into `Progress` records, a few per second."""

    def __init__(
        self,
        report: Callable[[Progress], None] | None,
        url: str,
        done: int,
        total: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start at `done` bytes: only what comes after it counts towards the rate."""
        self.report = report
        self.url = url
        self.total = total
        self.clock = clock
        self.samples = deque([(clock(), done)])
        self.last_report = float("-inf")

    def advance(self, done: int, final: bool = False) -> None:
        """Note that `done` bytes of the file are there; reports when the last report is old, or if `final`."""
        now = self.clock()
        if self.report is None or (now - self.last_report < REPORT_INTERVAL and not final):
            return
        self.last_report = now
        self.samples.append((now, done))
        # One sample older than the window stays, so that the rate always spans the whole window.
        while self.samples[1][0] <= now - RATE_WINDOW:
            self.samples.popleft()
        self.report(self.progress())

    def progress(self) -> Progress:
        """Return the record for the newest sample."""
        (then, before), (now, done) = self.samples[0], self.samples[-1]
        rate = (done - before) / (now - then) if now > then else 0.0
        eta = (self.total - done) / rate if self.total is not None and rate > 0 else None
        return Progress(done, self.total, rate, eta, self.url)
