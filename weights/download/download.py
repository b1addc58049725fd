"""Fetching a weights file whole: which address, how often, from which byte on, and when to believe the result.

What one request can bring is in `request.py`, what happens on the disk in `partial.py`.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import OpenerDirector, build_opener

from vgg.errors import WeightsError
from vgg.files import check_place
from weights.download.partial import PartialFile, TooMuch, WrongDigest, describe_digest, disk_errors
from weights.download.request import Answer, Dropped, RangeRefused, Refused, Unreachable, ask
from weights.download.sources import Source, file_digest

LARGEST = 1_000_000_000  # bytes; where a body of unknown length is stopped (the files have about half of this)


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


def download(
    source: Source,
    target: Path,
    urls: Sequence[str] | None = None,
    report: Report | None = None,
    retries: RetryPolicy = DEFAULT_RETRIES,
) -> Path:
    """Put a verified copy of `source` at `target` and return `target`.

    `urls` replaces the source's own addresses; they are tried in order, through the proxies of the environment.
    `report` is called for every piece that arrives. A correct file that is already there is not fetched again. On
    KeyboardInterrupt the partial file stays for the next call.

    Raises:
        InputError: the file cannot be fetched or written; the message says why and what is kept.
    """
    part = PartialFile(source, target)
    if is_already_there(source, target):
        return target
    # A fresh opener reads the proxy variables now; urlopen would remember those of its first call.
    opener = build_opener()
    failures = []
    for url in source.urls if urls is None else urls:
        try:
            fetch(opener, url, part, report, retries)
            part.accept()
            return target
        except Refused as error:
            failures.append(f"{url}: {error}")
        except WrongDigest as error:
            failures.append(f"{url}: what arrived has {error}; it was deleted")
    kept = f" (the {part.size() / 1e6:,.1f} MB received are kept)" if part.size() else ""
    raise WeightsError(
        f"{source.name} was not downloaded: {'; '.join(failures) or 'no address was given'}. "
        f"Try again{kept}, or download it in a browser and put it at {target}, then run python -m weights verify"
    )


def is_already_there(source: Source, target: Path) -> bool:
    """Return whether `target` is `source` already; if it is missing, make the folder it goes to.

    Raises:
        InputError: it is anything else, as what the user put there is not overwritten, or it cannot be written.
    """
    if not os.path.exists(target):
        check_place(target)
    with disk_errors(target):
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            return False
        if target.is_dir():
            raise WeightsError(f"{target} is a folder; name a file to write, such as {target / source.name}")
        if file_digest(target, source.algorithm) == source.digest:
            return True
    raise WeightsError(
        f"{target} exists and has {describe_digest(source, target)}, expected {source.digest} of {source.name} "
        f"({source.layout} layout): move it away, or choose another file with --to"
    )


def fetch(opener: OpenerDirector, url: str, part: PartialFile, report: Report | None, retries: RetryPolicy) -> None:
    """Fill `part` from one address, going on after each cut. Raises Refused when the address is no use."""
    # Progress means a new record, not just new bytes: a server that always restarts at zero and breaks at the
    # same place must run out of attempts too.
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
    """Add to `part` what one request brings; returns when the body has ended where it should."""
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
    """Return the file's length in bytes, None if nobody knows. Raises Refused if server and source disagree."""
    if source.size is None:
        if answer.total is not None and answer.total > LARGEST:
            raise Refused(f"the server announced {answer.total:,} bytes, too many for a VGG-19 file")
        return answer.total
    if answer.total not in (None, source.size):
        raise Refused(f"the server announced {answer.total:,} bytes, the file has {source.size:,}")
    return source.size
