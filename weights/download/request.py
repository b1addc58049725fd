"""One HTTP request for a file, from a given byte on. What the answer means is in `answer.py`.

Nothing is written or tried again here.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.client import HTTPException, HTTPResponse, InvalidURL
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request

from weights.download.answer import (
    Answer,
    Dropped,
    Refused,
    Unreachable,
    failure_of_status,
    one_line,
    reason,
    understand,
)

HTTP = ("http://", "https://")


class HttpRedirects(HTTPRedirectHandler):
    """Follows a redirect to another HTTP address only; Python's own follows one to ftp: too."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        """Return the next request; raise HTTPError if it would not be HTTP."""
        if not newurl.lower().startswith(HTTP):
            raise HTTPError(newurl, code, f"{msg}, which leads away from http: {newurl}", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def ask(opener: OpenerDirector, url: str, start: int, timeout: float) -> Iterator[Answer]:
    """Request `url` from byte `start` on and yield the answer; the connection closes at the end of the block.

    `timeout` is the longest silence in seconds.

    Raises:
        Refused, Dropped, Unreachable, RangeRefused: see `answer.py`.
    """
    with open_url(opener, url, start, timeout) as response:
        yield understand(response, start)


def open_url(opener: OpenerDirector, url: str, start: int, timeout: float) -> HTTPResponse:
    """Send the request and return the response; raise one of the four exceptions of `answer.py` if there is none."""
    if not url.lower().startswith(HTTP):
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


def failure_to_connect(error: URLError) -> Exception:
    """Return the exception for a request that got no answer."""
    if isinstance(error.reason, ssl.SSLCertVerificationError):
        why = one_line(error.reason.verify_message)
        return Refused(f"its TLS certificate is not valid ({why}; http addresses are tried too, the digest decides)")
    return Unreachable(f"no connection ({reason(error)})")
