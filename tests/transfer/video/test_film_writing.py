"""Films to files and folders: read again they are the same; whole or not at all; and what is refused beforehand."""

import resource
import signal

import numpy as np
import pytest

from small_films import blocks, film_file, number_of
from transfer.video import writing
from transfer.video.reading import open_film
from transfer.video.writing import CODECS, check_film_output, even, frame_place, is_folder, write_film, write_frame
from vgg.errors import InputError
from vgg.image.file import read_image


@pytest.mark.parametrize("ending", CODECS)
@pytest.mark.parametrize("fps", [10, 23.976])
def test_what_is_written_can_be_read(tmp_path, ending, fps):
    path = tmp_path / "new folder" / f"film{ending}"
    check_film_output(path, fps)
    assert not path.parent.exists(), "the check leaves nothing behind"
    assert write_film(path, iter(blocks(7)), fps) == 7
    film = open_film(path)
    assert film.fps == pytest.approx(fps, rel=1e-4) and film.count == 7
    assert [number_of(frame) for frame in film.frames()] == list(range(7))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_lossless(tmp_path):
    """FFV1 keeps every level, of floats that are rounded and clipped too."""
    frames = np.random.default_rng(0).uniform(-20, 275, (3, 32, 48, 3))
    write_film(tmp_path / "a.mkv", frames, 10)
    for frame, expected in zip(open_film(tmp_path / "a.mkv").frames(), frames, strict=True):
        np.testing.assert_array_equal(frame, np.rint(np.clip(expected, 0, 255)))


@pytest.mark.parametrize("ending", CODECS)
def test_odd_sides_get_a_pixel_more(tmp_path, ending):
    film = open_film(film_file(tmp_path / f"a{ending}", 3, 47, 63))
    assert (film.height, film.width) == (48, 64)
    assert [number_of(frame) for frame in film.frames()] == [0, 1, 2]


def test_the_pixel_more_by_hand():
    frame = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)
    np.testing.assert_array_equal(even(frame), frame[[0, 1, 2, 2]][:, [0, 1, 2, 3, 4, 4]])
    np.testing.assert_array_equal(even(frame[:2, :4]), frame[:2, :4])


def test_a_folder_of_frames(tmp_path):
    path = tmp_path / "frames"
    check_film_output(path, 10)
    for number, frame in enumerate(blocks(3)):
        write_frame(path, number, frame)
    assert sorted(file.name for file in path.iterdir()) == ["00001.png", "00002.png", "00003.png"]
    for number, frame in enumerate(blocks(3)):
        np.testing.assert_array_equal(read_image(frame_place(path, number)), frame)
    assert is_folder(path) and is_folder(tmp_path / "new") and not is_folder(tmp_path / "new.mp4")
    assert [number_of(frame) for frame in open_film(path).frames()] == [0, 1, 2]


def test_an_interrupted_film_leaves_the_older_one(tmp_path):
    path = film_file(tmp_path / "a.mp4")
    before = path.read_bytes()

    def frames():
        yield from blocks(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(path, frames(), 10)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_noticed(tmp_path):
    """FFmpeg cannot write more than 20 kB here, and OpenCV does not say so."""
    frames = np.random.default_rng(0).integers(0, 256, (12, 96, 96, 3), dtype=np.uint8)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(InputError, match="was not written whole") as caught:
            write_film(tmp_path / "a.avi", frames, 10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []


def test_refused_beforehand(tmp_path, monkeypatch):
    source = film_file(tmp_path / "a.mp4")

    def refused(path, words):
        with pytest.raises(InputError, match=words) as caught:
            check_film_output(path, 10)
        assert "\n" not in str(caught.value) and str(path) in str(caught.value)

    refused(tmp_path / "b.xyz", r"ends in '.xyz', expected one of .mp4")
    refused(tmp_path / "b.jpg", r"ends in '.jpg'")
    refused(source / "b.mp4", "is a file, expected a folder")
    monkeypatch.setitem(writing.CODECS, ".mp4", "????")
    refused(tmp_path / "b.mp4", "has no encoder for .mp4")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.mp4"]


def test_frames_of_two_sizes_are_a_mistake(tmp_path):
    with pytest.raises(ValueError, match="among frames of"):
        write_film(tmp_path / "a.mp4", [*blocks(1), *blocks(1, 64, 64)], 10)
    with pytest.raises(ValueError, match="no frames"):
        write_film(tmp_path / "a.mp4", [], 10)
    assert list(tmp_path.iterdir()) == []
