"""Downloads to a disk that is full, fills up or writes slowly; the name appears when the bytes are safe."""

import errno
import io
import os
import shutil

import pytest

from web_server import (
    BODY,
    SOURCE,
    UNSIZED,
    assert_arrived,
    failure,
    fetch,
    part_of,
    ranged,
)
from weights.download import partial


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
    assert "cannot be written" in failure("http://unused.invalid", tmp_path / "file" / "tiny.mat")
