"""Downloads from a real server on this machine: what arrives, what is kept, and what is said."""

import hashlib
import io
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from vgg.errors import WeightsError
from web_server import (
    BODY,
    PAGE,
    QUICK,
    ROOT,
    SHA256,
    SOURCE,
    UNSIZED,
    assert_arrived,
    closed_port,
    cut,
    endless,
    failure,
    fetch,
    part_of,
    ranged,
    ranged_then_silent,
    reply,
)
from weights import download as module
from weights.__main__ import main
from weights.download import download
from weights.published import BETA16, LATER, SOURCES

UNUSED = "http://unused.invalid/tiny.mat"


def test_published_addresses_and_digests():
    site = "://www.vlfeat.org/matconvnet/models/"
    for source, folder in ((LATER, ""), (BETA16, "beta16/")):
        path = f"{site}{folder}imagenet-vgg-verydeep-19.mat"
        assert source.urls == (f"https{path}", f"http{path}")
    assert LATER.digest == "abdb57167f82a2a1fbab1e1c16ad9373411883f262a1a37ee5db2e6fb0044695"
    assert (LATER.algorithm, LATER.size) == ("sha256", 534_904_783)
    assert BETA16.digest == "8ee3263992981a1d26e73b3ca028a123"
    assert (BETA16.algorithm, BETA16.size) == ("md5", None)


# A whole file, and the rest of one.


@pytest.mark.parametrize("source", [SOURCE, UNSIZED], ids=["sha256", "md5, size unknown"])
def test_whole_file_arrives_and_is_not_fetched_again(serve, target, source):
    server = serve(ranged)
    for _ in range(2):
        fetch(server, target, source)
        assert_arrived(target)
    assert server.requests == [("/tiny.mat", None)]


def test_partial_file_is_resumed_also_after_a_redirect(serve, target, part):
    server = serve(reply(302, b"", Location="/elsewhere"), ranged)
    fetch(server, target)
    assert_arrived(target)
    assert server.requests == [("/tiny.mat", "bytes=100000-"), ("/elsewhere", "bytes=100000-")]


def test_server_without_range_starts_from_zero(serve, target, part):
    part.write_bytes(b"x" * 100_000)  # bytes that must not survive
    server = serve(reply())
    fetch(server, target)
    assert_arrived(target)
    assert server.requests == [("/tiny.mat", "bytes=100000-")]


def test_partial_file_that_is_long_enough(serve, target, part):
    for source in (SOURCE, UNSIZED):
        for content, requests in ((BODY, []), (BODY + b"extra", ["bytes=300005-", None])):
            target.unlink(missing_ok=True)
            part.write_bytes(content)
            server = serve(ranged)
            fetch(server, target, source)
            assert_arrived(target)
            assert [given for _, given in server.requests] == requests


def test_another_part_than_the_one_asked_for_is_not_added(serve, target, part):
    for place in ("bytes 0-299999/300000", "bytes 99999-299999/300000", "nonsense", None):
        target.unlink(missing_ok=True)
        part.write_bytes(BODY[:100_000])
        server = serve(reply(206, BODY[100_000:], Content_Range=place), ranged)
        fetch(server, target)
        assert_arrived(target)
        assert [given for _, given in server.requests] == ["bytes=100000-", None]


# Connections that break.


def reset(handler):
    cut(100_000)(handler)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def cut_in_a_chunk(handler):
    handler.protocol_version = "HTTP/1.1"
    reply(200, b"", Content_Length=None, Transfer_Encoding="chunked")(handler)
    handler.wfile.write(b"%x\r\n" % 50_000 + BODY[:50_000] + b"\r\n%x\r\n" % 50_000 + BODY[50_000:60_000])
    handler.close_connection = True


def test_connections_that_break_are_resumed(serve, target):
    for behaviour, least in ((cut(70_000), 50_000), (reset, 0), (cut_in_a_chunk, 30_000), (ranged_then_silent, 80_000)):
        target.unlink(missing_ok=True)
        server = serve(behaviour, behaviour, ranged)
        fetch(server, target, silence=0.3)
        assert_arrived(target)
        first, *others = [given and int(given[len("bytes=") : -1]) for _, given in server.requests]
        assert first is None and len(others) == 2 and (others[0] or 0) >= least


def test_server_that_is_busy_is_asked_again(serve, target):
    fetch(serve(reply(503, b""), reply(503, b""), ranged), target)
    assert_arrived(target)


def test_attempts_without_progress_are_bounded_and_what_arrived_is_kept(serve, target):
    server = serve(reply(body=BODY[:70_000], Content_Length=len(BODY)))
    assert "(the 0.1 MB received are kept)" in failure(server, target)
    assert len(server.requests) == 1 + len(QUICK)
    kept = part_of(target).read_bytes()
    assert len(kept) > 50_000 and BODY.startswith(kept)


def test_host_that_does_not_answer_is_not_waited_for(serve, target):
    silent = serve(lambda handler: handler.server.release.wait(30))
    started = time.monotonic()
    for url, silence in ((closed_port(), 5), (silent.url, 0.2)):
        with pytest.raises(WeightsError, match="no connection"):
            download(SOURCE, target, io.StringIO(), [url], [60], silence)
    assert time.monotonic() - started < 5 and len(silent.requests) == 1


# Answers that are not the file.


def test_answer_that_is_no_use(serve, target, part):
    for behaviour, expected in (
        (reply(404, b""), "the server answered 404"),
        (reply(204, b""), "the server answered 204"),
        (reply(body=PAGE, Content_Type="text/html; charset=utf-8"), "a web page"),
        (reply(body=BODY[:9]), "announced 9 bytes, expected 300,000"),
        (reply(302, b"", Location="ftp://127.0.0.1/tiny.mat"), "only http:// and https:// addresses are fetched"),
        (reply(302, b"", Location=Path(__file__).as_uri()), "only http:// and https:// addresses are fetched"),
    ):
        server = serve(behaviour)
        sentence = failure(server, target)
        assert f"{server.url}: " in sentence and expected in sentence
        assert f"put it at {target}, then run " in sentence
        assert len(server.requests) == 1, "asking again would not help"
        assert part.read_bytes() == BODY[:100_000], "nothing of it may reach the partial file"
    assert "redirects" in failure(serve(reply(302, b"", Location="/tiny.mat")), target)


def test_address_that_is_none(target):
    for url in ("", "tiny.mat", "ftp://a/b", Path(__file__).as_uri(), "http://a:b/", "http://[/", "http://" + 70 * "é"):
        assert "only http:// and https:// addresses are fetched" in failure(url, target)


def test_wrong_digest_is_deleted(serve, target):
    wrong = bytes(len(BODY))
    sentence = failure(serve(reply(body=wrong)), target)
    assert hashlib.sha256(wrong).hexdigest() in sentence and SHA256 in sentence
    assert os.listdir(target.parent) == []


def test_body_without_end_is_stopped(serve, target, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 1_000_000)
    for source, limit in ((SOURCE, "300,000"), (UNSIZED, "1,000,000")):
        server = serve(endless)
        assert f"after {limit} bytes" in failure(server, target, source)
        assert server.hung_up.wait(5), "the server must notice that nobody listens"
        assert os.listdir(target.parent) == []
    assert "announced 2,000,000,000 bytes" in failure(serve(reply(Content_Length=2_000_000_000)), target, UNSIZED)


def test_addresses_are_tried_in_order_and_every_reason_is_named(serve, target):
    dead, wrong, missing = closed_port(), serve(reply(body=bytes(len(BODY)))), serve(reply(404, b""))
    urls = (dead, wrong.url, missing.url)
    with pytest.raises(WeightsError) as caught:
        download(replace(SOURCE, urls=urls), target, io.StringIO(), waits=QUICK)
    for text in (f"{dead}: no connection", f"{wrong.url}: what arrived has", f"{missing.url}: the server answered 404"):
        assert str(caught.value).count(text) == 1
    download(SOURCE, target, io.StringIO(), [*urls, serve(ranged).url], QUICK)
    assert_arrived(target)


def test_proxy_of_the_environment_is_asked(serve, target, monkeypatch):
    proxy = serve(ranged)
    monkeypatch.setenv("http_proxy", proxy.url)
    fetch("http://nowhere.invalid/tiny.mat", target)
    assert_arrived(target)
    assert proxy.requests == [("http://nowhere.invalid/tiny.mat", None)]


# The place.


def test_what_is_there_already_is_kept(serve, target, tmp_path, monkeypatch):
    target.parent.mkdir()
    target.write_bytes(b"my notes")
    sentence = failure(UNUSED, target)
    assert hashlib.sha256(b"my notes").hexdigest() in sentence and SHA256 in sentence
    monkeypatch.setitem(SOURCES, "beta16", replace(BETA16, digest=hashlib.md5(b"my notes").hexdigest()))
    assert "use --layout beta16" in failure(UNUSED, target)
    assert target.read_bytes() == b"my notes"
    assert "is a folder" in failure(UNUSED, tmp_path)
    for pipe in (tmp_path / "pipe", tmp_path / "other.part"):
        os.mkfifo(pipe)
        assert "is a pipe" in failure(UNUSED, pipe.with_suffix("") if pipe.suffix else pipe)


def test_disk_without_room(serve, target, part, monkeypatch):
    for free in (199_999, 200_000):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: shutil._ntuple_diskusage(10**9, 0, free))
        if free < 200_000:
            assert "0.2 MB" in failure(serve(ranged), target)
            assert part.read_bytes() == BODY[:100_000]
        else:
            fetch(serve(ranged), target)
            assert_arrived(target)


# The command.


@pytest.fixture
def tiny_source(monkeypatch):
    monkeypatch.setitem(SOURCES, "later", replace(SOURCE, urls=(closed_port(),)))


def test_command_prefers_url_to_the_environment(serve, target, tiny_source, monkeypatch, capsys):
    given, environment = serve(ranged), serve(ranged)
    monkeypatch.setenv("WEIGHTS_URL", environment.url)
    for words, server in ((["--url", given.url], given), ([], environment)):
        target.unlink(missing_ok=True)
        assert main(["download", *words, "--to", str(target)]) == 0
        assert_arrived(target)
        assert len(server.requests) == 1
        out, err = capsys.readouterr()
        assert out == f"{target}: complete, SHA256 as published\n"
        assert err.startswith(f"from {server.url}\n") and "300.0/300.0 kB" in err.splitlines()[-1]


def test_command_fails_in_one_line(target, tiny_source, capsys):
    assert main(["download", "--to", str(target)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("weights: tiny.mat was not downloaded: http://127") and err.count("\n") == 1
    assert os.listdir(target.parent) == []


def test_ctrl_c_keeps_what_arrived(serve, target, tiny_source, capsys):
    def ranged_then_ctrl_c(handler):
        cut(100_000)(handler)
        handler.wfile.flush()
        deadline = time.monotonic() + 10
        while not (part_of(target).exists() and part_of(target).stat().st_size > 50_000):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        handler.server.release.wait(30)

    assert main(["download", "--url", serve(ranged_then_ctrl_c).url, "--to", str(target)]) == 130
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("weights: stopped; the 0.1 MB received are kept in ")
    assert os.listdir(target.parent) == [part_of(target).name]
    fetch(serve(ranged), target)
    assert_arrived(target)


def test_bar_on_a_terminal(serve, target, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    out = io.StringIO()
    out.isatty = lambda: True
    download(SOURCE, target, out, [serve(ranged).url])
    assert out.getvalue().startswith("from http://127.0.0.1:") and "━" in out.getvalue()
    assert "300.0/300.0 kB" in out.getvalue()


def test_help_loads_nothing_heavy():
    program = (
        "import sys; sys.argv = ['weights', 'download', '--help']; import runpy\n"
        "try: runpy.run_module('weights', run_name='__main__')\n"
        "except SystemExit: print({'tensorflow', 'numpy', 'scipy', 'rich', 'requests'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--layout" in done.stdout and done.stdout.endswith("set()\n")
