"""Fetches a published weights file; its digest decides whether to believe what arrived.

The bytes are in `<target>.part` until the file is complete, so that a download that was cut, stopped or killed goes on
where it was. Range requests are those of RFC 9110, section 14. Proxies and certificates are left to `requests`.
"""

import errno
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import requests

from vgg.errors import WeightsError, typed
from vgg.tools.console import printable, say
from vgg.tools.files import check_place, file_digest
from vgg.tools.progress import bytes_display
from weights.published import Source, recognise

BLOCK = 1 << 14  # bytes read at a time; a cut loses less than this
LARGEST = 1_000_000_000  # bytes; where a body of unknown length is stopped; the files have about half of this
SILENCE = 30.0  # seconds without a byte after which a connection counts as cut
WAITS = (1.0, 2.0, 4.0)  # seconds before each attempt that follows one without progress
TEMPORARY = (408, 425, 429, 500, 502, 503, 504)  # status codes that may be different in a moment


class Refused(Exception):
    """This address does not give the file; another one may."""


class Broken(Exception):
    """The transfer broke off; the same address may go on where it stopped."""


class Unreachable(Broken):
    """No answer came; another attempt makes sense only if this address has answered before."""


def download(
    source: Source,
    target: Path,
    stream: TextIO,
    urls: Sequence[str] | None = None,
    waits: Sequence[float] = WAITS,
    silence: float = SILENCE,
) -> None:
    """Put a verified copy of `source` at `target`; a correct file that is already there is not fetched again.

    Nothing else at `target` is overwritten. `stream` shows the progress. The `urls` are tried in order, by default the
    source's own. `waits` are the seconds before each attempt that follows one without progress; a server may be silent
    for `silence` seconds.

    Raises:
        InputError: the file cannot be fetched or written; the message says why and what is kept.
        KeyboardInterrupt: after a Ctrl-C; its text says what is kept.
    """
    failures = []
    with _disk_errors(target):
        if os.path.isfile(target) and _is_genuine(source, target):
            return
        check_place(target)
        if target.exists():
            raise WeightsError(
                f"{target} exists and has {_digest_in_words(source, target)}, expected {source.digest} of "
                f"{source.name} ({source.layout} layout): move it away, or choose another file with --to"
            )
        part = target.with_name(target.name + ".part")
        check_place(part)
        part.parent.mkdir(parents=True, exist_ok=True)
        if _size(part) and source.size in (None, _size(part)) and _is_genuine(source, part):
            os.replace(part, target)  # a run was killed after its last byte
            return
        for url in source.urls if urls is None else urls:
            try:
                _fill(part, url, source, stream, waits, silence)
                _accept(part, source, target)
                return
            except Refused as refused:
                failures.append(f"{url}: {refused}")
            except KeyboardInterrupt:
                if not _size(part):
                    raise
                received = f"the {_size(part) / 1e6:,.1f} MB received are kept in {part}"
                raise KeyboardInterrupt(f"{received}; run the same command to resume") from None
        received = f" (the {_size(part) / 1e6:,.1f} MB received are kept)" if _size(part) else ""
    raise WeightsError(
        f"{source.name} was not downloaded: {'; '.join(failures)}. "
        f"Try again{received}, or download it in a browser and put it at {target}, then run "
        + typed("weights", "verify")
    )


def _fill(part: Path, url: str, source: Source, stream: TextIO, waits: Sequence[float], silence: float) -> None:
    """Fetch the rest of the file from one address, and go on after each cut; raise Refused if it does not give it."""
    # Only a new record counts as progress: a server that always starts at zero and breaks off at the same place must
    # run out of attempts too.
    began = record = _size(part)
    fruitless = 0
    while True:
        try:
            _receive(part, url, source, stream, silence)
            return
        except Broken as broken:
            if _size(part) > record:
                record, fruitless = _size(part), 0
            if fruitless == len(waits) or (isinstance(broken, Unreachable) and record == began):
                raise Refused(str(broken)) from broken
        time.sleep(waits[fruitless])
        fruitless += 1


def _receive(part: Path, url: str, source: Source, stream: TextIO, silence: float) -> None:
    """Add to `part` what one request brings; raise Refused or Broken unless it brings the rest of the file."""
    start = _size(part)
    headers = {"User-Agent": "style-transfer-weights/1.0", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        response = requests.get(url, headers=headers, stream=True, timeout=silence)
    except (ValueError, requests.TooManyRedirects) as error:
        raise Refused(f"{_reason(error)} (only http:// and https:// addresses are fetched)") from error
    except requests.RequestException as error:
        raise Unreachable(f"no connection ({_reason(error)})") from error
    with response:
        start = _check(response, start, part)
        total = _announced(response, start, source)
        free = shutil.disk_usage(part.parent).free
        if total and total - _size(part) > free:
            raise WeightsError(
                f"{part.parent} has {free / 1e6:,.1f} MB of free space, the download needs "
                f"{(total - _size(part)) / 1e6:,.1f} MB: free some space or choose another disk with --to"
            )
        say(f"from {url}", stream)
        done, limit = start, total or LARGEST
        with part.open("ab" if start else "wb") as file, bytes_display(stream, start, total) as show:
            try:
                for block in response.iter_content(BLOCK):
                    done += len(block)
                    if done > limit:
                        break
                    file.write(block)
                    show(done)
            except requests.RequestException as error:
                raise Broken(f"the connection broke ({_reason(error)})") from error
    if done > limit:
        part.unlink()
        raise Refused(f"the server went on sending after {limit:,} bytes, the most that was expected")
    if total and done < total:
        raise Broken(f"the connection was cut after {done:,} of {total:,} bytes")


def _check(response: requests.Response, start: int, part: Path) -> int:
    """Return the byte at which the answer's body begins; raise Refused or Broken if it is not the file."""
    status, place = response.status_code, response.headers.get("Content-Range", "")
    if status == 416 or (status == 206 and not place.startswith(f"bytes {start}-")):
        part.unlink(missing_ok=True)
        raise Broken(f"the server answered {status} and does not go on at byte {start:,}")
    if status in TEMPORARY:
        raise Broken(f"the server answered {status}")
    if status not in (200, 206):
        raise Refused(f"the server answered {status}")
    if "html" in response.headers.get("Content-Type", ""):
        raise Refused("the server sent a web page, probably to log in or about an error")
    return start if status == 206 else 0


def _announced(response: requests.Response, start: int, source: Source) -> int | None:
    """Return the length of the whole file in bytes, if it is known; raise Refused if the server's is another."""
    length = response.raw.length_remaining
    total = source.size if length is None else start + length
    if source.size not in (None, total) or (total or 0) > LARGEST:
        expected = f"{source.size:,}" if source.size else f"at most {LARGEST:,}"
        raise Refused(f"the server announced {total:,} bytes, expected {expected}")
    return total


def _accept(part: Path, source: Source, target: Path) -> None:
    """Rename the complete file to the target in one step; delete it and raise Refused if it has another digest."""
    if not _is_genuine(source, part):
        digest = _digest_in_words(source, part)
        part.unlink()
        raise Refused(f"what arrived has {digest}, expected {source.digest}; it was deleted")
    with part.open("r+b") as file:
        os.fsync(file.fileno())  # after a power cut the name must not be there without the bytes
    os.replace(part, target)


@contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    """Turn each error of the file system inside the block into a WeightsError, as no other address would help."""
    try:
        yield
    except OSError as error:
        what_to_do = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "choose another with --to"
        raise WeightsError(f"{target} cannot be written ({error.strerror}): {what_to_do} and run again") from error


def _reason(error: BaseException) -> str:
    """Return in one line why the network failed: the words of the first error, without the libraries' around it."""
    while error.__context__:
        error = error.__context__
    return printable(str(getattr(error, "strerror", None) or error) or type(error).__name__)[:200]


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _is_genuine(source: Source, path: Path) -> bool:
    return file_digest(path, source.algorithm) == source.digest


def _digest_in_words(source: Source, path: Path) -> str:
    """Return the digest of the file at `path`, and which published file that is, if any."""
    published = recognise(path)
    note = f" (it is the {published.layout} file: use --layout {published.layout})" if published else ""
    return f"{source.algorithm.upper()} {file_digest(path, source.algorithm)}{note}"
