"""The cache of features: what it is keyed by, and that nothing in its folder can hurt."""

import os

import numpy as np
import pytest

from vgg.errors import InputError
from vgg.microscope.search import FeatureCache, default_folder

FEATURES = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"any bytes will do")
    return path


def refuse(path):
    raise AssertionError("it should be known")


def test_what_was_computed_is_kept_exactly(tmp_path, picture):
    cache = FeatureCache(tmp_path / "a" / "b", "weights", "relu5_1", 512)
    assert cache.get(picture, lambda path: FEATURES)[1] is False
    found, known = FeatureCache(tmp_path / "a" / "b", "weights", "relu5_1", 512).get(picture, refuse)
    assert known and found.dtype == np.float32
    np.testing.assert_array_equal(found, FEATURES)
    assert [path.name.startswith(".") for path in (tmp_path / "a" / "b").iterdir()] == [False], "no unfinished file"


def test_each_thing_it_depends_on_counts(tmp_path, picture):
    keys = {
        FeatureCache(tmp_path, *on).path(picture)
        for on in [("w", "relu1_1", 512), ("v", "relu1_1", 512), ("w", "relu1_2", 512), ("w", "relu1_1", 51), ("w",)]
    }
    assert len(keys) == 5
    before = FeatureCache(tmp_path, "w").path(picture)
    os.utime(picture, (0, 0))
    assert FeatureCache(tmp_path, "w").path(picture) == before, "only the content counts"
    picture.write_bytes(b"other bytes")
    assert FeatureCache(tmp_path, "w").path(picture) != before


def flipped(data: bytes) -> bytes:
    """One bit of the numbers themselves is wrong."""
    at = data.index(FEATURES.tobytes()) + 5
    return data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :]


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[: len(data) // 2], lambda data: b"junk" * 99, flipped, lambda data: data[:-1]],
    ids=["empty", "cut", "junk", "a flipped bit", "one byte short"],
)
def test_a_damaged_file_is_computed_anew(tmp_path, picture, damage):
    cache = FeatureCache(tmp_path / "cache", "w")
    cache.get(picture, lambda path: FEATURES)
    file = cache.path(picture)
    file.write_bytes(damage(file.read_bytes()))
    found, known = cache.get(picture, lambda path: FEATURES)
    assert not known
    np.testing.assert_array_equal(found, FEATURES)
    np.testing.assert_array_equal(cache.get(picture, refuse)[0], FEATURES)


def test_a_pickle_in_its_place_is_not_run(tmp_path, picture):
    cache = FeatureCache(tmp_path / "cache", "w")
    cache.folder.mkdir()
    np.savez(cache.path(picture), features=np.array([{"an": "object"}], dtype=object))
    assert cache.get(picture, lambda path: FEATURES)[1] is False


def test_a_folder_that_cannot_be_made_costs_only_time(tmp_path, picture):
    (tmp_path / "file").write_bytes(b"")
    cache = FeatureCache(tmp_path / "file" / "cache", "w")
    for _ in range(2):
        found, known = cache.get(picture, lambda path: FEATURES)
        assert not known
        np.testing.assert_array_equal(found, FEATURES)


def test_what_cannot_be_computed_is_not_kept(tmp_path, picture):
    def fail(path):
        raise InputError("damaged")

    cache = FeatureCache(tmp_path / "cache", "w")
    with pytest.raises(InputError, match="damaged"):
        cache.get(picture, fail)
    assert not (tmp_path / "cache").exists()
    with pytest.raises(InputError, match="cannot be read"):
        cache.path(tmp_path / "absent.png")


def test_default_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "vgg-microscope"
    for unset in ("", "relative/path"):  # which the specification says to ignore
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
        monkeypatch.setenv("HOME", "/home/someone")
        assert str(default_folder()) == "/home/someone/.cache/vgg-microscope"
