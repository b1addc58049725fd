"""Fills the partial file from one address: from which byte on, how often to try, and when to give up.

One request is in `request.py`, what its answer means in `answer.py`, what happens on the disk in `partial.py`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.request import OpenerDirector

from weights.download.answer import Answer, Dropped, RangeRefused, Refused, Unreachable
from weights.download.partial import PartialFile, TooMuch
from weights.download.request import ask
from weights.download.sources import Source

LARGEST = 1_000_000_000  # bytes; where a body of unknown length is stopped; the files have about half of this


@dataclass(frozen=True)
class Progress:
    """How far a download is: `done` bytes of `total`, which is None while nobody knows it, from the address `url`.

    What an earlier run left counts as done.
    """

    done: int
    total: int | None
    url: str


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class RetryPolicy:
    """When to try again: `waits` are the seconds before each attempt that follows one without progress.

    `timeout` is the longest silence of a server in seconds.
    """

    waits: tuple[float, ...] = (1.0, 2.0, 4.0)
    timeout: float = 30.0


DEFAULT_RETRIES = RetryPolicy()


def fetch(opener: OpenerDirector, url: str, part: PartialFile, report: Report | None, retries: RetryPolicy) -> None:
    """Fill `part` from one address, and continue after each cut.

    Raises:
        Refused: the address does not give the file.
    """
    # Only a new record counts as progress: a server that always starts at zero and breaks off at the same place must
    # run out of attempts too.
    began = record = part.size()
    fruitless = 0
    while not part.is_complete():
        try:
            receive(opener, url, part, report, retries.timeout)
            return
        except RangeRefused:
            # 416 is also the answer when there is nothing left to send.
            if part.is_genuine():
                return
            part.remove()
        except Dropped as error:
            if part.size() > record:
                record, fruitless = part.size(), 0
            never_answered = isinstance(error, Unreachable) and record == began
            if never_answered or fruitless == len(retries.waits):
                raise Refused(str(error)) from error
            time.sleep(retries.waits[fruitless])
            fruitless += 1


def receive(opener: OpenerDirector, url: str, part: PartialFile, report: Report | None, timeout: float) -> None:
    """Add to `part` what one request brings, and return when the body has ended where it should.

    Raises:
        Dropped, Refused, RangeRefused: see `answer.py`.
    """
    with ask(opener, url, part.size(), timeout) as answer:
        total = agreed_total(part.source, answer)
        if total is not None:
            part.check_space(total)
        limit = LARGEST if total is None else total

        def advance(done: int) -> None:
            if report is not None:
                report(Progress(done, total, url))

        try:
            done = part.write(answer.start, answer.chunks(), limit, advance)
        except TooMuch as error:
            raise Refused(f"the server went on sending after {limit:,} bytes, the most that was expected") from error
    if total is not None and done < total:
        raise Dropped(f"the connection was cut after {done:,} of {total:,} bytes")


def agreed_total(source: Source, answer: Answer) -> int | None:
    """Return the file's length in bytes, or None if nobody knows it.

    Raises:
        Refused: server and source disagree.
    """
    if source.size is None:
        if answer.total is not None and answer.total > LARGEST:
            raise Refused(f"the server announced {answer.total:,} bytes, too many for a VGG-19 file")
        return answer.total
    if answer.total not in (None, source.size):
        raise Refused(f"the server announced {answer.total:,} bytes, the file has {source.size:,}")
    return source.size
