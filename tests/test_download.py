"""Downloads from a server on this machine that misbehaves in every way met in the wild.

The answer is known independently: `BODY` is what the server holds, and `hashlib` gives its digest. A behaviour is a
function that answers one request; a list of them answers request after request, the last one for ever.
"""

import errno
import hashlib
import io
import os
import random
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from vgg.errors import WeightsError
from weights import display, partial
from weights import download as download_module
from weights.__main__ import main
from weights.download import Patience, download
from weights.progress import Meter, Progress
from weights.sources import BETA16, LATER, SOURCES, Source

BODY = random.Random(19).randbytes(300_000)
SHA256 = hashlib.sha256(BODY).hexdigest()
SOURCE = Source("tiny.mat", "later", ("http://unused.invalid/tiny.mat",), "sha256", SHA256, len(BODY))
# As with beta16: nobody has recorded the size, and there is only an MD5.
UNSIZED = replace(SOURCE, algorithm="md5", digest=hashlib.md5(BODY).hexdigest(), size=None)
QUICK = Patience(waits=(0.01, 0.01, 0.01), timeout=5)
ROOT = Path(__file__).resolve().parents[1]
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


def fetch(server_or_url, target, source=SOURCE, **more):
    url = getattr(server_or_url, "url", server_or_url)
    return download(source, target, [url], patience=QUICK, **more)


def failure(*args, **more):
    """Return the sentence of a download that must fail, after checking what holds for every sentence."""
    with pytest.raises(WeightsError) as caught:
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


# --- The good case, and what is there already ---------------------------------------------------------------


@pytest.mark.parametrize("source", [SOURCE, UNSIZED], ids=["sha256", "md5, size unknown"])
def test_whole_file_arrives(serve, target, source):
    server = serve(ranged)
    assert fetch(server, target, source) == target
    assert_arrived(target)
    assert server.requests == [("/tiny.mat", None)]


def test_published_sources_are_the_recorded_ones():
    assert LATER.size == 534_904_783 and len(LATER.digest) == 64 and len(BETA16.digest) == 32
    assert [url[:23] for url in LATER.urls] == ["https://www.vlfeat.org/", "http://www.vlfeat.org/m"]


def test_partial_file_is_resumed(serve, target, part):
    server = serve(ranged)
    fetch(server, target)
    assert_arrived(target)
    assert server.requests == [("/tiny.mat", "bytes=100000-")]


def test_present_file_is_verified_and_not_fetched(serve, target):
    server = serve(ranged)
    target.parent.mkdir()
    target.write_bytes(BODY)
    assert fetch(server, target) == target
    assert server.requests == []


def test_present_wrong_file_is_refused_and_kept(serve, target):
    server = serve(ranged)
    target.parent.mkdir()
    target.write_bytes(b"my notes")
    sentence = failure(server, target)
    assert hashlib.sha256(b"my notes").hexdigest() in sentence and SHA256 in sentence
    assert target.read_bytes() == b"my notes" and server.requests == []


def test_present_other_layout_is_named(target, monkeypatch):
    other = b"the other file"
    monkeypatch.setitem(SOURCES, "beta16", replace(BETA16, digest=hashlib.md5(other).hexdigest()))
    target.parent.mkdir()
    target.write_bytes(other)
    assert "use --layout beta16" in failure("http://unused.invalid", target)


def test_folder_as_target(tmp_path):
    assert "is a folder" in failure("http://unused.invalid", tmp_path)


@pytest.mark.parametrize("length", [len(BODY), len(BODY) + 5], ids=["complete", "too long"])
def test_long_partial_file(serve, target, part, length):
    part.write_bytes((BODY + b"extra")[:length])
    server = serve(ranged)
    fetch(server, target)
    assert_arrived(target)
    assert server.requests == ([] if length == len(BODY) else [("/tiny.mat", None)])


# --- Cuts and ranges ----------------------------------------------------------------------------------------


def test_cut_connections_are_resumed(serve, target):
    server = serve(cut(70_000))
    fetch(server, target)
    assert_arrived(target)
    assert [given for _, given in server.requests] == [
        None,
        *(f"bytes={n}-" for n in (70_000, 140_000, 210_000, 280_000)),
    ]


def test_reset_connection_is_resumed(serve, target):
    def reset(handler):
        cut(100_000)(handler)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    fetch(serve(reset, ranged), target)
    assert_arrived(target)


def test_cut_in_chunked_body_is_resumed(serve, target):
    def chunked(handler):
        handler.protocol_version = "HTTP/1.1"
        reply(200, b"", Content_Length=None, Transfer_Encoding="chunked")(handler)
        handler.wfile.write(b"%x\r\n" % 50_000 + BODY[:50_000] + b"\r\n%x\r\n" % 50_000 + BODY[50_000:60_000])
        handler.close_connection = True

    server = serve(chunked, ranged)
    fetch(server, target)
    assert_arrived(target)
    assert server.requests[1][1] == "bytes=60000-"


def test_silence_is_a_cut(serve, target):
    server = serve(ranged_then_silent, ranged)
    started = time.monotonic()
    download(SOURCE, target, [server.url], patience=replace(QUICK, timeout=0.2))
    assert time.monotonic() - started < 5
    assert_arrived(target)
    assert server.requests[1][1] == "bytes=100000-"


def test_host_that_never_answers_is_left_after_one_timeout(serve, target):
    server = serve(lambda handler: handler.server.release.wait(30))
    with pytest.raises(WeightsError, match=r"no answer within 0\.2 s"):
        download(SOURCE, target, [server.url], patience=replace(QUICK, timeout=0.2))
    assert len(server.requests) == 1


def test_cut_shows_even_if_the_range_has_no_total(serve, target, part):
    place = "bytes 100000-299999/*"
    server = serve(reply(206, BODY[100_000:150_000], Content_Range=place, Content_Length=200_000), ranged)
    fetch(server, target, UNSIZED)
    assert_arrived(target)
    assert server.requests[1][1] == "bytes=150000-"


def test_server_that_ignores_range_restarts_from_zero(serve, target, part):
    part.write_bytes(b"x" * 100_000)  # bytes that must not survive
    server = serve(reply())
    fetch(server, target)
    assert_arrived(target)
    assert server.requests == [("/tiny.mat", "bytes=100000-")]


def test_attempts_without_progress_are_bounded(serve, target):
    server = serve(reply(body=BODY[:70_000], Content_Length=len(BODY)))
    sentence = failure(server, target)
    assert "cut after 70,000 of 300,000 bytes" in sentence and "received are kept" in sentence
    assert len(server.requests) == 1 + len(QUICK.waits)
    assert part_of(target).read_bytes() == BODY[:70_000]


@pytest.mark.parametrize("place", ["bytes 0-299999/300000", "bytes 99999-299999/300000", "nonsense", None])
def test_wrong_content_range_restarts_from_zero(serve, target, part, place):
    server = serve(reply(206, BODY[100_000:], Content_Range=place), ranged)
    fetch(server, target)
    assert_arrived(target)
    assert [given for _, given in server.requests] == ["bytes=100000-", None]


def test_server_that_always_lies_about_its_range(serve, target, part):
    server = serve(reply(206, BODY, Content_Range="bytes 7-300006/300007"))
    assert "another part of the file" in failure(server, target)
    assert len(server.requests) == 2


def test_416_after_the_last_byte_means_complete(serve, target, part):
    part.write_bytes(BODY)
    server = serve(ranged)
    fetch(server, target, UNSIZED)
    assert_arrived(target)
    assert server.requests == [("/tiny.mat", "bytes=300000-")]


def test_416_for_a_wrong_partial_file_restarts_from_zero(serve, target, part):
    part.write_bytes(b"x" * 400_000)
    server = serve(ranged)
    fetch(server, target, UNSIZED)
    assert_arrived(target)
    assert [given for _, given in server.requests] == ["bytes=400000-", None]


def test_server_that_always_says_416(serve, target, part):
    server = serve(reply(416, b""))
    assert "416" in failure(server, target)
    assert len(server.requests) == 2


# --- Answers that are not the file --------------------------------------------------------------------------


def test_redirect_is_followed_with_its_range(serve, target, part):
    server = serve(reply(302, b"", Location="/elsewhere"), ranged)
    fetch(server, target)
    assert_arrived(target)
    assert server.requests[1] == ("/elsewhere", "bytes=100000-")


def test_redirect_in_circles(serve, target):
    assert "302" in failure(serve(reply(302, b"", Location="/tiny.mat")), target)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (reply(404, b""), "no such file (404)"),
        (reply(403, b""), "403 Forbidden"),
        (reply(204, b""), "204"),
        (reply(body=PAGE), "a web page (“Sign in please”)"),
        (reply(body=b"Welcome", Content_Type="text/html; charset=utf-8"), "a web page (text/html)"),
        (reply(body=BODY[:9]), "announced 9 bytes, the file has 300,000"),
    ],
)
def test_answer_that_is_no_use(serve, target, part, behaviour, expected):
    server = serve(behaviour)
    sentence = failure(server, target)
    assert f"{server.url}: " in sentence and expected in sentence
    assert f"put it at {target}, then run python -m weights verify" in sentence
    assert len(server.requests) == 1, "asking again would not help"
    assert part.read_bytes() == BODY[:100_000], "nothing of it may reach the partial file"


def test_server_that_is_busy_is_asked_again(serve, target):
    fetch(serve(reply(503, b""), reply(503, b""), ranged), target)
    assert_arrived(target)


def test_wrong_digest(serve, target):
    wrong = bytes(len(BODY))
    sentence = failure(serve(reply(body=wrong)), target)
    assert hashlib.sha256(wrong).hexdigest() in sentence and SHA256 in sentence
    assert os.listdir(target.parent) == []


def test_length_that_is_too_long_and_no_range(serve, target):
    server = serve(reply(Content_Length=len(BODY) + 9))
    assert "cut after 300,000 of 300,009 bytes" in failure(server, target, UNSIZED)


def test_length_that_is_too_long_is_settled_by_416(serve, target):
    fetch(serve(reply(Content_Length=len(BODY) + 9), ranged), target, UNSIZED)
    assert_arrived(target)


def test_length_that_is_too_short(serve, target):
    sentence = failure(serve(reply(Content_Length=1000)), target, UNSIZED)
    assert hashlib.md5(BODY[:1000]).hexdigest() in sentence
    assert os.listdir(target.parent) == []


@pytest.mark.parametrize(("source", "limit"), [(SOURCE, "300,000"), (UNSIZED, "1,000,000")])
def test_endless_body_is_stopped(serve, target, monkeypatch, source, limit):
    monkeypatch.setattr(download_module, "LARGEST", 1_000_000)
    server = serve(endless)
    assert f"after {limit} bytes" in failure(server, target, source)
    assert server.hung_up.wait(5), "the server must notice that nobody listens"
    assert os.listdir(target.parent) == []


def test_announced_length_beyond_reason(serve, target):
    server = serve(reply(Content_Length=2_000_000_000))
    assert "announced 2,000,000,000 bytes, too many" in failure(server, target, UNSIZED)
    assert os.listdir(target.parent) == []


# --- Addresses ----------------------------------------------------------------------------------------------


def test_dead_first_address_then_a_good_one(serve, target):
    server = serve(ranged)
    download(SOURCE, target, [closed_port(), server.url], patience=QUICK)
    assert_arrived(target)


def test_own_addresses_are_the_default_and_every_reason_is_named(serve, target):
    dead, wrong, missing = closed_port(), serve(reply(body=bytes(len(BODY)))), serve(reply(404, b""))
    with pytest.raises(WeightsError) as caught:
        download(replace(SOURCE, urls=(dead, wrong.url, missing.url)), target, patience=QUICK)
    sentence = str(caught.value)
    assert [sentence.count(text) for text in (f"{dead}: no connection", f"{wrong.url}: what arrived")] == [1, 1]
    assert f"{missing.url}: the server has no such file" in sentence


def test_dead_host_is_not_waited_for(target):
    started = time.monotonic()
    with pytest.raises(WeightsError, match="no connection"):
        download(SOURCE, target, [closed_port()], patience=Patience(waits=(60,)))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("url", ["", "tiny.mat", "ftp://a/b", Path(__file__).as_uri()])
def test_address_that_is_not_http(target, url):
    assert "not an http:// or https:// address" in failure(url, target)


@pytest.mark.parametrize("url", ["http://a:b/", "http://a b/", "http://[/", "http://é" + "x" * 70 + "/"])
def test_unusable_address(target, url):
    assert "not a usable address" in failure(url, target)


def test_proxy_of_the_environment_is_asked(serve, target, monkeypatch):
    proxy = serve(ranged)
    monkeypatch.setenv("http_proxy", proxy.url)
    fetch("http://nowhere.invalid/tiny.mat", target)
    assert_arrived(target)
    assert proxy.requests == [("http://nowhere.invalid/tiny.mat", None)]


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")
def test_certificate_that_cannot_be_trusted(serve, tmp_path, target):
    pem = tmp_path / "server.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1"
    files = ["-keyout", pem, "-out", f"{pem}.crt"]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{pem}.crt", pem)
    server = serve(ranged, tls=context)
    sentence = failure(server, target)
    assert "TLS certificate is not valid (self" in sentence and "http addresses are tried too" in sentence
    download(SOURCE, target, [server.url, serve(ranged).url], patience=QUICK)
    assert_arrived(target)


# --- The disk -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [SOURCE, UNSIZED], ids=["size known", "size announced"])
@pytest.mark.parametrize(("free", "fits"), [(199_999, False), (200_000, True)])
def test_space_is_checked_before_writing(serve, target, part, monkeypatch, source, free, fits):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - free, free))
    server = serve(ranged)
    if fits:
        fetch(server, target, source)
        assert_arrived(target)
    else:
        assert "0.2 MB" in failure(server, target, source)
        assert part.read_bytes() == BODY[:100_000]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs the device that is always full")
def test_full_disk(serve, target):
    target.parent.mkdir()
    part_of(target).symlink_to("/dev/full")
    server = serve(ranged)
    assert "the disk is full" in failure(server, target)
    assert len(server.requests) == 1, "another attempt would not help"


def test_disk_that_fills_up_keeps_what_arrived(serve, target, monkeypatch):
    def write_some(write, chunk):
        if part_of(target).stat().st_size > 100_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(chunk)

    with monkeypatch.context() as patch:
        patch.setattr(partial, "write_all", write_some)
        assert "the disk is full" in failure(serve(ranged), target)
    kept = part_of(target).read_bytes()
    assert len(kept) > 100_000 and BODY.startswith(kept)
    server = serve(ranged)
    fetch(server, target)
    assert_arrived(target)
    assert server.requests[0][1] == f"bytes={len(kept)}-"


def test_short_writes_are_continued():
    sink = io.BytesIO()
    partial.write_all(lambda chunk: sink.write(chunk[:7]), BODY[:1000])
    assert sink.getvalue() == BODY[:1000]


def test_bytes_are_safe_before_the_name_is(serve, target, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, name=name, do=original: calls.append(name) or do(*a))
    fetch(serve(ranged), target)
    assert_arrived(target)
    assert calls == ["fsync", "replace"]


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be read or written" in failure("http://unused.invalid", tmp_path / "file" / "tiny.mat")


# --- Progress -----------------------------------------------------------------------------------------------


def test_progress_and_no_target_until_the_end(serve, target, part):
    seen = []

    def report(progress):
        assert not target.exists() and part.exists()
        seen.append(progress)

    server = serve(ranged)
    fetch(server, target, report=report)
    assert 100_000 < seen[0].done <= seen[-1].done == len(BODY)
    assert {(p.total, p.url) for p in seen} == {(len(BODY), server.url)}


def test_rate_and_eta():
    now, seen = [0.0], []
    meter = Meter(seen.append, "url", 1_000, 11_000, clock=lambda: now[0])
    # 100 bytes per second for 10 s, then 500 per second for 10 s: the rate forgets the first half.
    for second in range(1, 21):
        now[0] = float(second)
        meter.advance(1_000 + 100 * min(second, 10) + 500 * max(second - 10, 0))
    assert [seen[0].rate, seen[9].rate, seen[19].rate] == [100, 100, 500]
    assert seen[9].eta == (11_000 - 2_000) / 100
    meter.advance(7_500)
    assert len(seen) == 20, "too soon for another report"
    meter.advance(7_500, final=True)
    assert len(seen) == 21


def test_plain_lines_come_every_five_seconds_or_tenth():
    now, out = [0.0], io.StringIO()
    show = display.plain_lines(out, clock=lambda: now[0])
    for seconds, share in [(0, 0), (1, 5), (2, 10), (3, 15), (8, 16), (9, 17), (10, 100), (11, 100)]:
        now[0] = seconds
        show(Progress(share * 1_000_000, 100_000_000, 2e6, 75.0, "http://a/[b]"))
    show(Progress(0, None, 0.0, None, "http://second"))
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["from", "0", "10", "16", "100", "from", "0.0"]
    assert lines[2] == "10 %  10.0 of 100.0 MB  2.0 MB/s  1 min 15 s left"


def test_bar_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    out = io.StringIO()
    out.isatty = lambda: True
    with display.progress_display(out) as show:
        show(Progress(50_000_000, 100_000_000, 2e6, 25.0, "http://a/[b]"))
    assert "from http://a/[b]\n" in out.getvalue() and "━" in out.getvalue()
    assert "50 %  50.0 of 100.0 MB  2.0 MB/s  25 s left" in out.getvalue()


# --- The command line ---------------------------------------------------------------------------------------


@pytest.fixture
def tiny_source(monkeypatch):
    monkeypatch.setitem(SOURCES, "later", replace(SOURCE, urls=(closed_port(),)))


def test_command_downloads(serve, target, tiny_source, monkeypatch, capsys):
    monkeypatch.setenv("WEIGHTS_URL", serve(ranged).url)
    assert main(["download", "--to", str(target)]) == 0
    assert_arrived(target)
    out, err = capsys.readouterr()
    assert out == f"{target}: complete, SHA256 as published\n"
    assert "100 %  0.3 of 0.3 MB" in err


def test_command_prefers_url_to_the_environment(serve, target, tiny_source, monkeypatch):
    given, environment = serve(ranged), serve(ranged)
    monkeypatch.setenv("WEIGHTS_URL", environment.url)
    assert main(["download", "--url", given.url, "--to", str(target)]) == 0
    assert len(given.requests) == 1 and environment.requests == []


def test_command_fails_in_one_line(target, tiny_source, capsys):
    assert main(["download", "--to", str(target)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("weights: tiny.mat was not downloaded: http://127") and err.count("\n") == 1
    assert os.listdir(target.parent) == []


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["download", "--layout", "x"], ["download", "a\nb"]])
def test_command_complains_in_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    err = capsys.readouterr().err
    assert stop.value.code == 2 and err.startswith("weights: ") and err.count("\n") == 1


def run_apart(url, target):
    """Start the command in a process of its own, with the tiny file as the later layout."""
    program = (
        "import signal, sys; from weights.__main__ import main; from weights.sources import SOURCES, Source; "
        # A test run in the background hands down a Ctrl-C that is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        f"SOURCES['later'] = {SOURCE!r}; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "download", "--url", url, "--to", str(target)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_stopped_in_the_middle_then_resumed(serve, target, how):
    server = serve(ranged_then_silent, ranged)
    process = run_apart(server.url, target)
    deadline = time.monotonic() + 10
    while not (part_of(target).exists() and part_of(target).stat().st_size == 100_000):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    assert not target.exists()
    process.send_signal(how)
    _, err = process.communicate(timeout=10)
    assert os.listdir(target.parent) == [part_of(target).name]
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert err.splitlines()[-1].startswith("weights: stopped; the 0.1 MB received are kept in ")
        assert "Traceback" not in err
    again = run_apart(server.url, target)
    assert again.wait(10) == 0
    again.communicate()
    assert_arrived(target)
    assert server.requests == [("/tiny.mat", None), ("/tiny.mat", "bytes=100000-")]


def test_help_loads_nothing_heavy():
    program = (
        "import sys; sys.argv = ['weights', 'download', '--help']; import runpy\n"
        "try: runpy.run_module('weights', run_name='__main__')\n"
        "except SystemExit as stop: print(stop.code, {'tensorflow', 'numpy', 'scipy', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--layout" in done.stdout and done.stdout.endswith("0 set()\n")
