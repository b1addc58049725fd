"""A server on this machine that misbehaves in every way met in the wild.

The answer is known independently: `BODY` is what the server holds, and `hashlib` gives its digest. A behaviour is a
function that answers one request; a list of them answers request after request, the last one for ever.
"""

import hashlib
import io
import os
import random
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from vgg.errors import InputError
from weights.download import download
from weights.published import Source

BODY = random.Random(19).randbytes(300_000)
SHA256 = hashlib.sha256(BODY).hexdigest()
SOURCE = Source("tiny.mat", "later", ("http://unused.invalid/tiny.mat",), "sha256", SHA256, len(BODY))
# As with beta16: nobody has recorded the size, and there is only an MD5.
UNSIZED = replace(SOURCE, algorithm="md5", digest=hashlib.md5(BODY).hexdigest(), size=None)
QUICK = (0.01, 0.01, 0.01)  # seconds before an address is asked again
ROOT = Path(__file__).resolve().parents[2]
PAGE = b"<!DOCTYPE html><html><head><title>Sign in\nplease</title></head></html>"


class Handler(BaseHTTPRequestHandler):
    """Notes each request and lets the server's next behaviour answer it."""

    def do_GET(self):
        behaviours = self.server.behaviours
        self.server.requests.append((self.path, self.headers["Range"]))
        try:
            behaviours[min(len(self.server.requests), len(behaviours)) - 1](self)
        except (BrokenPipeError, ConnectionResetError):
            self.server.hung_up.set()

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """Return a function that starts a server with the given behaviours."""
    servers = []

    def start(*behaviours, tls=None):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.behaviours, server.requests = behaviours, []
        server.hung_up, server.release = threading.Event(), threading.Event()
        server.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/tiny.mat"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.release.set()
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def no_proxy_from_outside(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "WEIGHTS_URL":
            monkeypatch.delenv(name)


def reply(status=200, body=BODY, **headers):
    """Behaviour: exactly this answer; `Content_Length=None` leaves the length out."""

    def behave(handler):
        handler.send_response(status)
        for name, value in {"Content_Length": len(body), **headers}.items():
            if value is not None:
                handler.send_header(name.replace("_", "-"), str(value))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def start_of_range(handler):
    return int((handler.headers["Range"] or "bytes=0-")[len("bytes=") : -1])


def ranged(handler, body=BODY, stop_after=None):
    """Behaviour: honour Range as RFC 9110 says; `stop_after` cuts the connection after so many bytes."""
    start = start_of_range(handler)
    place = f"bytes {start}-{len(body) - 1}/{len(body)}"
    if start >= len(body):
        reply(416, b"", Content_Range=f"bytes */{len(body)}")(handler)
    else:
        headers = {"Content_Range": place} if handler.headers["Range"] else {}
        status = 206 if headers else 200
        reply(status, body[start:][:stop_after], Content_Length=len(body) - start, **headers)(handler)


def cut(after):
    return lambda handler: ranged(handler, stop_after=after)


def ranged_then_silent(handler, after=100_000):
    """Behaviour: so many bytes, then nothing until the test is over."""
    cut(after)(handler)
    handler.wfile.flush()
    handler.server.release.wait(30)


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(10_000):
        handler.wfile.write(BODY)


def fetch(server_or_url, target, source=SOURCE, silence=5):
    url = getattr(server_or_url, "url", server_or_url)
    download(source, target, io.StringIO(), [url], QUICK, silence)


def failure(*args, **more):
    """Return the sentence of a download that must fail, after checking what holds for every sentence."""
    with pytest.raises(InputError) as caught:
        fetch(*args, **more)
    sentence = str(caught.value)
    assert sentence.isprintable() and sentence, "one line"
    return sentence


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/tiny.mat"


def part_of(target):
    return target.with_name(target.name + ".part")


@pytest.fixture
def target(tmp_path):
    return tmp_path / "new folder" / "tiny.mat"


@pytest.fixture
def part(target):
    """The partial file that an earlier run left: a third of the bytes."""
    target.parent.mkdir()
    part_of(target).write_bytes(BODY[:100_000])
    return part_of(target)


def assert_arrived(target):
    assert target.read_bytes() == BODY
    assert os.listdir(target.parent) == [target.name]
