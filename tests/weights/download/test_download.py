"""A whole download: its good case, what is there already, and which of the addresses is asked."""

import hashlib
import time
from dataclasses import replace

import pytest

from vgg.errors import WeightsError
from web_server import BODY, QUICK, SHA256, SOURCE, UNSIZED, assert_arrived, closed_port, failure, fetch, ranged, reply
from weights.download.download import download
from weights.download.fetch import RetryPolicy
from weights.download.sources import BETA16, SOURCES


@pytest.mark.parametrize("source", [SOURCE, UNSIZED], ids=["sha256", "md5, size unknown"])
def test_whole_file_arrives(serve, target, source):
    server = serve(ranged)
    assert fetch(server, target, source) == target
    assert_arrived(target)
    assert server.requests == [("/tiny.mat", None)]


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
