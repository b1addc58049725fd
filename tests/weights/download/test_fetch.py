"""Downloads that break off are resumed where they were cut, or start again if the server answers nonsense."""

import socket
import struct
import time
from dataclasses import replace

import pytest

from vgg.errors import WeightsError
from web_server import (
    BODY,
    QUICK,
    SOURCE,
    UNSIZED,
    assert_arrived,
    cut,
    failure,
    fetch,
    part_of,
    ranged,
    ranged_then_silent,
    reply,
)
from weights.download.download import download


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
    download(SOURCE, target, [server.url], retries=replace(QUICK, timeout=0.2))
    assert time.monotonic() - started < 5
    assert_arrived(target)
    assert server.requests[1][1] == "bytes=100000-"


def test_host_that_never_answers_is_left_after_one_timeout(serve, target):
    server = serve(lambda handler: handler.server.release.wait(30))
    with pytest.raises(WeightsError, match=r"no answer within 0\.2 s"):
        download(SOURCE, target, [server.url], retries=replace(QUICK, timeout=0.2))
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
