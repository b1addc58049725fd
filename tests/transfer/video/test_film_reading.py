"""Films from files and folders: which frames come, upright and in which colours; and what is refused with one line."""

import os
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from small_films import blocks, film_file, folder, number_of, turned_by_a_flag
from transfer.video.chosen import ALL, Chosen
from transfer.video.reading import USUAL_FPS, open_film
from transfer.video.writing import CODECS
from vgg.errors import InputError


def numbers(film, skip: int = 0) -> list[int]:
    return [number_of(frame) for frame in film.frames(skip)]


@pytest.mark.parametrize("ending", CODECS)
def test_every_frame_of_every_kind_of_file(tmp_path, ending):
    film = open_film(film_file(tmp_path / f"film{ending}"))
    assert (film.fps, film.height, film.width, film.count) == (10, 48, 64, 6)
    frames = list(film.frames())
    assert [number_of(frame) for frame in frames] == list(range(6))
    for frame, expected in zip(frames, blocks(6), strict=True):
        assert frame.dtype == np.uint8 and frame.shape == (48, 64, 3)
        assert np.abs(frame[30:44, 6:26].astype(float) - expected[30:44, 6:26]).mean() < 8, "red stays red"


def test_a_folder_in_the_order_of_its_numbers(tmp_path):
    film = open_film(folder(tmp_path / "frames"))
    (film.path / "notes.txt").write_text("no picture")
    assert (film.fps, film.height, film.width, film.count) == (USUAL_FPS, 48, 64, 6)
    for frame, expected in zip(film.frames(), blocks(6), strict=True):
        np.testing.assert_array_equal(frame, expected)


@pytest.mark.parametrize("make", [lambda path: film_file(path / "a.avi", 16), lambda path: folder(path / "a", 16)])
@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Chosen(0.4), [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
        (Chosen(0.4, 0.8), [4, 5, 6, 7]),
        (Chosen(0.35, 1.05, 3), [3, 6, 9]),
        (Chosen(every=7), [0, 7, 14]),
    ],
)
def test_a_part_of_it(tmp_path, make, chosen, expected):
    film = open_film(make(tmp_path), chosen, fps=10)
    assert numbers(film) == expected and film.count == len(expected) and film.fps == 10 / chosen.every
    assert numbers(film, skip=2) == expected[2:] and numbers(film, skip=99) == []


def test_other_frames_per_second_than_the_file_says(tmp_path):
    path = film_file(tmp_path / "a.mp4", 10)
    assert open_film(path, fps=5).fps == 5
    assert numbers(open_film(path, Chosen(1), fps=5)) == [5, 6, 7, 8, 9]


def test_a_phones_rotation_flag(tmp_path):
    path = film_file(tmp_path / "a.mp4")
    upright = list(open_film(path).frames())
    turned_by_a_flag(path)
    film = open_film(path)
    assert (film.height, film.width) == (64, 48)
    for frame, expected in zip(film.frames(), upright, strict=True):
        np.testing.assert_array_equal(frame, np.rot90(expected, -1))


def test_a_grey_film(tmp_path):
    writer = cv2.VideoWriter(
        str(tmp_path / "a.avi"), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"FFV1"), 10, (64, 48), False
    )
    for number in range(3):
        writer.write(np.full((48, 64), 50 * number + 20, np.uint8))
    writer.release()
    for number, frame in enumerate(open_film(tmp_path / "a.avi").frames()):
        assert frame.shape == (48, 64, 3) and np.abs(frame.astype(float) - 50 * number - 20).max() <= 2
        assert np.ptp(frame, axis=2).max() == 0


def test_grey_pictures_in_a_folder(tmp_path):
    path = folder(tmp_path / "a", 2)
    cv2.imwrite(str(path / "frame10.png"), np.full((48, 64), 77, np.uint8))
    *_, last = open_film(path).frames()
    assert last.shape == (48, 64, 3) and (last == 77).all()


def test_a_folder_of_other_sizes_keeps_the_first(tmp_path):
    path = folder(tmp_path / "a", 3)
    cv2.imwrite(str(path / "frame9.png"), blocks(2, 96, 128)[1][..., ::-1])
    film = open_film(path)
    assert [frame.shape for frame in film.frames()] == [(48, 64, 3)] * 3 and numbers(film) == [0, 1, 2]


def test_only_one_frame_is_in_memory(tmp_path):
    """Frames are not read before they are asked for: a picture that disappears meanwhile is missed then only."""
    path = folder(tmp_path / "a", 6)
    frames = open_film(path).frames()
    assert [number_of(frame) for frame in islice(frames, 3)] == [0, 1, 2]
    (path / "frame11.png").unlink()
    with pytest.raises(InputError, match=r"frame11\.png"):
        next(frames)


def test_a_film_that_was_cut_off_ends_early(tmp_path):
    """Its header says 12 frames, and nobody knows better before the end."""
    path = film_file(tmp_path / "a.avi", 12, 480, 640)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    film = open_film(path)
    found = numbers(film)
    assert 2 <= len(found) < film.count == 12 and found == list(range(len(found)))


def refused(path: Path, *words: str, chosen: Chosen = ALL) -> None:
    with pytest.raises(InputError) as caught:
        open_film(path, chosen)
    sentence = str(caught.value)
    assert "\n" not in sentence and str(path) in sentence
    for word in words:
        assert word in sentence, sentence


def test_refused_files(tmp_path, capfd):
    files = {
        "missing.mp4": None,
        "empty.mp4": b"",
        "list.m3u8": b"#EXTM3U\nfile:///etc/hostname\n",
        "page.mp4": b"<!doctype html><html>",
        "noise.mp4": bytes(range(200, 256)) * 50,
        "start.mp4": b"\0\0\0\x20ftypisom" + bytes(500),
    }
    for name, data in files.items():
        if data is not None:
            (tmp_path / name).write_bytes(data)
        refused(tmp_path / name)
    refused(tmp_path / "list.m3u8", "a text file", "expected a video")
    refused(tmp_path / "missing.mp4", "cannot be read")
    cv2.imwrite(str(tmp_path / "photo.mp4.jpg"), blocks(1)[0])
    os.rename(tmp_path / "photo.mp4.jpg", tmp_path / "photo.mp4")
    refused(tmp_path / "photo.mp4", "a picture (JPEG)", "expected a video")
    os.mkfifo(tmp_path / "pipe.mp4")
    refused(tmp_path / "pipe.mp4", "a pipe or a device")
    capfd.readouterr()  # what FFmpeg said


def test_refused_for_its_frames(tmp_path):
    refused(film_file(tmp_path / "one.mp4", 1), "one frame only", "expected a film")
    refused(folder(tmp_path / "one", 1), "one frame only", "expected a film")
    (tmp_path / "none").mkdir()
    refused(tmp_path / "none", "has no pictures")
    path = film_file(tmp_path / "ten.mp4", 10)
    refused(path, "one frame is chosen", chosen=Chosen(0.9))
    refused(path, "one frame is chosen", chosen=Chosen(every=10))
    with pytest.raises(InputError, match="--start is 2 seconds, but the film has only 1;"):
        open_film(path, Chosen(2))


def test_a_picture_of_other_proportions_is_refused(tmp_path):
    path = folder(tmp_path / "a", 3)
    cv2.imwrite(str(path / "frame9.png"), blocks(1, 64, 48)[0])
    refused(path, "frame9.png", "48 × 64", "64 × 48", "same proportions")
