"""What a server's answer means: the file from a given byte on, or one of four exceptions.

An answer is checked before any of it may touch the partial file. `download.py` decides what follows from an exception.
Range requests are those of RFC 9110, section 14.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from urllib.error import HTTPError, URLError

CHUNK = 1 << 16  # bytes asked of the socket at a time
HEAD = 2048  # bytes looked at before anything is written; enough for the title of a web page
TEMPORARY = (408, 425, 429, 500, 502, 503, 504)  # status codes that may be different in a moment


class Refused(Exception):
    """This address does not give the file; another one may."""


class Dropped(Exception):
    """The transfer broke off; the same address may continue where it stopped."""


class Unreachable(Dropped):
    """No answer came; another attempt makes sense only if this address has answered before."""


class RangeRefused(Exception):
    """The server does not continue the partial file; a start from zero may work."""


@dataclass(frozen=True)
class Answer:
    """A usable answer, whose body is the file from byte `start` on.

    `total` is the length of the whole file in bytes, or None if the server does not say; `head` is the beginning of
    the body, which has been read already.
    """

    start: int
    total: int | None
    head: bytes
    response: HTTPResponse

    def chunks(self) -> Iterator[bytes]:
        """Yield the body piece by piece as it arrives; raise Dropped when the network fails."""
        yield self.head
        while True:
            try:
                # read1 returns what is there; read would wait until the chunk is full.
                chunk = self.response.read1(CHUNK)
            except (OSError, HTTPException) as error:
                raise Dropped(f"the connection broke ({reason(error)})") from error
            if not chunk:
                return
            yield chunk


def understand(response: HTTPResponse, start: int) -> Answer:
    """Return the answer, after a look at its header and its first bytes; raise what it means if it is no use."""
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
        # Without a partial file the request was for the whole file, so asking again would not help.
        kind = RangeRefused if start > 0 else Refused
        raise kind("the server sent another part of the file than the one asked for")
    if total is None and length is not None:
        total = start + length
    return Answer(start, total, head, response)


def web_page(response: HTTPResponse, head: bytes) -> str | None:
    """Return the title of a web page, or its type if it has no title, or None if this is no web page."""
    kind = response.headers.get_content_type()
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    looks_like_page = re.match(r"<(!doctype html|html|head)\b", text, re.IGNORECASE)
    if kind not in ("text/html", "application/xhtml+xml") and not looks_like_page:
        return None
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    return f"“{one_line(title[1])}”" if title else one_line(kind)


def content_range(value: str | None) -> tuple[int | None, int | None]:
    """Return first byte and total of a header such as `bytes 100-199/5000`, None for what it does not say."""
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", (value or "").strip())
    return (int(match[1]), number(match[2])) if match else (None, None)


def number(value: str | None) -> int | None:
    """Return the non-negative integer in a header, or None."""
    return int(value) if value is not None and re.fullmatch(r"[0-9]{1,18}", value.strip()) else None


def failure_of_status(error: HTTPError, start: int) -> Exception:
    """Return the exception for an answer that reports an error."""
    if error.code == 416 and start > 0:
        return RangeRefused("the server has nothing after the partial file")
    if error.code in (404, 410):
        return Refused(f"the server has no such file ({error.code})")
    answered = f"the server answered {error.code} {one_line(error.reason)}"
    return Dropped(answered) if error.code in TEMPORARY else Refused(answered)


def reason(error: BaseException) -> str:
    """Return in one line why the network failed."""
    cause = error.reason if isinstance(error, URLError) else error
    return one_line(getattr(cause, "strerror", None) or cause) or type(cause).__name__


def one_line(text: object) -> str:
    """Return `text` as one printable line of at most 120 characters; servers may send terminal codes."""
    printable = "".join(c if c.isprintable() else " " for c in str(text))
    return " ".join(printable.split())[:120]
