"""A download's good case, what is there already, and which of the addresses is asked."""

import hashlib
import shutil
import ssl
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from vgg.errors import WeightsError
from web_server import BODY, QUICK, SHA256, SOURCE, UNSIZED, assert_arrived, closed_port, failure, fetch, ranged, reply
from weights.download.download import RetryPolicy, download
from weights.download.sources import BETA16, LATER, SOURCES


@pytest.mark.parametrize("source", [SOURCE, UNSIZED], ids=["sha256", "md5, size unknown"])
def test_atomic_write_arrives(serve, target, source):
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


# Addresses.


def test_dead_first_address_then_a_good_one(serve, target):
    server = serve(ranged)
    download(SOURCE, target, [closed_port(), server.url], retries=QUICK)
    assert_arrived(target)


def test_own_addresses_are_the_default_and_every_reason_is_named(serve, target):
    dead, wrong, missing = closed_port(), serve(reply(body=bytes(len(BODY)))), serve(reply(404, b""))
    with pytest.raises(WeightsError) as caught:
        download(replace(SOURCE, urls=(dead, wrong.url, missing.url)), target, retries=QUICK)
    sentence = str(caught.value)
    assert [sentence.count(text) for text in (f"{dead}: no connection", f"{wrong.url}: what arrived")] == [1, 1]
    assert f"{missing.url}: the server has no such file" in sentence


def test_dead_host_is_not_waited_for(target):
    started = time.monotonic()
    with pytest.raises(WeightsError, match="no connection"):
        download(SOURCE, target, [closed_port()], retries=RetryPolicy(waits=(60,)))
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
    download(SOURCE, target, [server.url, serve(ranged).url], retries=QUICK)
    assert_arrived(target)
