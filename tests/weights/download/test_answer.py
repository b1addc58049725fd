"""Answers that are not the file: errors, web pages, wrong digests, bodies too long or without end."""

import hashlib
import os

import pytest

from vgg.errors import typed
from web_server import BODY, PAGE, SHA256, SOURCE, UNSIZED, assert_arrived, endless, failure, fetch, ranged, reply
from weights.download import fetch as fetch_module


def test_redirect_is_followed_with_its_range(serve, target, part):
    server = serve(reply(302, b"", Location="/elsewhere"), ranged)
    fetch(server, target)
    assert_arrived(target)
    assert server.requests[1] == ("/elsewhere", "bytes=100000-")


def test_redirect_in_circles(serve, target):
    assert "302" in failure(serve(reply(302, b"", Location="/tiny.mat")), target)


def test_redirect_to_what_is_not_http(serve, target):
    for place in ("ftp://127.0.0.1:1/tiny.mat", "file:///etc/passwd"):
        server = serve(reply(302, b"", Location=place))
        sentence = failure(server, target)
        assert "the server answered 302" in sentence and place in sentence
        assert len(server.requests) == 1


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
    assert f"put it at {target}, then run {typed('weights', 'verify')}" in sentence
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
    monkeypatch.setattr(fetch_module, "LARGEST", 1_000_000)
    server = serve(endless)
    assert f"after {limit} bytes" in failure(server, target, source)
    assert server.hung_up.wait(5), "the server must notice that nobody listens"
    assert os.listdir(target.parent) == []


def test_announced_length_beyond_reason(serve, target):
    server = serve(reply(Content_Length=2_000_000_000))
    assert "announced 2,000,000,000 bytes, too many" in failure(server, target, UNSIZED)
    assert os.listdir(target.parent) == []
