"""Downloads a weights file: from which addresses, and when to believe the result.

What happens with one address is in `fetch.py`, what happens on the disk in `partial.py`.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.request import build_opener

from vgg.errors import WeightsError, typed
from vgg.files import check_place, file_digest
from weights.download.answer import Refused
from weights.download.fetch import DEFAULT_RETRIES, Report, RetryPolicy, fetch
from weights.download.partial import PartialFile, WrongDigest, describe_digest, disk_errors
from weights.download.request import HttpRedirects
from weights.download.sources import Source


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
    # A new opener reads the proxy variables now; urlopen keeps those of its first call.
    opener = build_opener(HttpRedirects)
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
        f"Try again{kept}, or download it in a browser and put it at {target}, then run {typed('weights', 'verify')}"
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
