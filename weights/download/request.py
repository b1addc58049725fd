"""One HTTP request for a file, from a given byte on, and what each kind of answer means.

Nothing is written or retried here: an answer is either usable (`Answer`) or one of three exceptions that tell
`download.py` what to do next. Range requests are those of RFC 9110, section 14.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, InvalidURL
from urllib.error import HTTPError, URLError
from urllib.request import OpenerDirector, Request

CHUNK = 1 << 16  # bytes asked of the socket at a time
HEAD = 2048  # bytes looked at before anything is written; enough for the title of a web page
TEMPORARY = (408, 425, 429, 500, 502, 503, 504)  # answers that may be different in a moment


class Refused(Exception):
    """This address will not give the file; another one may."""


class Dropped(Exception):
    """The transfer broke off; the same address may go on from where it stopped."""


class Unreachable(Dropped):
    """No answer at all: worth waiting for only if this address has answered before."""


class RangeRefused(Exception):
    """The server will not continue the partial file; starting from zero may work."""


@dataclass(frozen=True)
class Answer:
    """A usable answer: its body holds the file from byte `start` on.

    `total` is the whole file's length in bytes as the server tells it, None if it does not; `head` is the body's
    beginning, already read.
    """

    start: int
    total: int | None
    head: bytes
    response: HTTPResponse

    def chunks(self) -> Iterator[bytes]:
        """Yield the body piece by piece as it arrives. Raises Dropped when the network fails."""
        yield self.head
        while True:
            try:
                # read1 returns what is there, read would sit on it until the chunk is full.
                chunk = self.response.read1(CHUNK)
            except (OSError, HTTPException) as error:
                raise Dropped(f"the connection broke ({reason(error)})") from error
            if not chunk:
                return
            yield chunk


@contextmanager
def ask(opener: OpenerDirector, url: str, start: int, timeout: float) -> Iterator[Answer]:
    """Request `url` from byte `start` on; the connection closes with the block.

    `timeout` is the longest silence, in seconds. Raises Refused, Dropped, Unreachable or RangeRefused.
    """
    with open_url(opener, url, start, timeout) as response:
        yield understand(response, start)


def open_url(opener: OpenerDirector, url: str, start: int, timeout: float) -> HTTPResponse:
    """Send the request and turn every way in which it can fail into one of our four exceptions."""
    if not url.lower().startswith(("http://", "https://")):
        raise Refused("not an http:// or https:// address")
    headers = {"User-Agent": "style-transfer-weights/1.0"}
    if start > 0:
        headers["Range"] = f"bytes={start}-"
    try:
        return opener.open(Request(url, headers=headers), timeout=timeout)
    except HTTPError as error:
        with error:
            raise failure_of_status(error, start) from error
    except URLError as error:
        raise failure_to_connect(error) from error
    except TimeoutError as error:
        raise Unreachable(f"no answer within {timeout:g} s") from error
    except (ValueError, InvalidURL) as error:
        raise Refused(f"not a usable address ({reason(error)})") from error
    except (OSError, HTTPException) as error:
        raise Dropped(f"the connection broke ({reason(error)})") from error


def failure_of_status(error: HTTPError, start: int) -> Exception:
    """Return what an answer other than success means."""
    if error.code == 416 and start > 0:
        return RangeRefused("the server has nothing after the partial file")
    if error.code in (404, 410):
        return Refused(f"the server has no such file ({error.code})")
    answered = f"the server answered {error.code} {one_line(error.reason)}"
    return Dropped(answered) if error.code in TEMPORARY else Refused(answered)


def failure_to_connect(error: URLError) -> Exception:
    """Return what it means that no answer came."""
    if isinstance(error.reason, ssl.SSLCertVerificationError):
        why = one_line(error.reason.verify_message)
        return Refused(f"its TLS certificate is not valid ({why}; http addresses are tried too, the digest decides)")
    return Unreachable(f"no connection ({reason(error)})")


def understand(response: HTTPResponse, start: int) -> Answer:
    """Check an answer's header and first bytes before any of it may touch the partial file."""
    if response.status not in (200, 206):
        raise Refused(f"the server answered {response.status} {one_line(response.reason)}")
    try:
        head = response.read(HEAD)
    except (OSError, HTTPException) as error:
        raise Dropped(f"the connection broke ({reason(error)})") from error
    if (page := web_page(response, head)) is not None:
        raise Refused(f"the server sent a web page ({page}), probably a login or error page")
    length = None if response.headers["Transfer-Encoding"] else number(response.headers["Content-Length"])
    if response.status == 200:
        return Answer(0, length, head, response)
    first, total = content_range(response.headers["Content-Range"])
    if first != start:
        # Without a partial file there is nothing to restart, so the same lie is final.
        kind = RangeRefused if start > 0 else Refused
        raise kind("the server sent another part of the file than the one asked for")
    if total is None and length is not None:
        total = start + length
    return Answer(start, total, head, response)


def web_page(response: HTTPResponse, head: bytes) -> str | None:
    """Return the title of a web page, or its type if it has none; None if this is no web page."""
    kind = response.headers.get_content_type()
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    looks_like_page = re.match(r"<(!doctype html|html|head)\b", text, re.IGNORECASE)
    if kind not in ("text/html", "application/xhtml+xml") and not looks_like_page:
        return None
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    return f"“{one_line(title[1])}”" if title else one_line(kind)


def content_range(value: str | None) -> tuple[int | None, int | None]:
    """Return first byte and total of a header such as `bytes 100-199/5000`; None for what it does not tell."""
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", (value or "").strip())
    return (int(match[1]), number(match[2])) if match else (None, None)


def number(value: str | None) -> int | None:
    """Return the non-negative integer in a header, or None."""
    return int(value) if value is not None and re.fullmatch(r"[0-9]{1,18}", value.strip()) else None


def reason(error: BaseException) -> str:
    """Return why the network failed, in one line."""
    cause = error.reason if isinstance(error, URLError) else error
    return one_line(getattr(cause, "strerror", None) or cause) or type(cause).__name__


def one_line(text: object) -> str:
    """Return `text` fit for a message: servers may send line breaks and terminal codes."""
    printable = "".join(c if c.isprintable() else " " for c in str(text))
    return " ".join(printable.split())[:120]
