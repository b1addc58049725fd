"""Films as files: which frames come, upright and in which colours; written, they are the same; and what is refused."""

import os
import resource
import signal
from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from small_films import blocks, film_file, folder, number_of, turned_by_a_flag
from transfer.apps.video import container
from transfer.apps.video.container import FORMATS, USUAL_FPS, Chosen, Sound, check_film_output, open_film, write_film
from vgg.errors import InputError

av = pytest.importorskip("av")


ALL = Chosen()


def numbers(film, skip: int = 0) -> list[int]:
    return [number_of(frame) for frame in film.frames(skip)]


def test_what_is_written_can_be_read_and_has_the_same_bytes_again(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    image = np.kron(colours, np.ones((16, 16, 1), np.uint8))
    for ending in FORMATS:
        for fps in (10, 23.976):
            path = tmp_path / "new folder" / f"film{ending}"
            check_film_output(path)
            film = open_film(film_file(path, 6, fps=fps))
            assert (film.fps, film.height, film.width, film.count) == (pytest.approx(fps, rel=1e-4), 48, 64, 6)
            assert numbers(film) == list(range(6))
        first = path.read_bytes()
        assert film_file(path, 6, fps=fps).read_bytes() == first
        write_film(path, [image] * 2, fps)
        (frame,) = islice(open_film(path).frames(), 1)
        error = np.abs(frame[8::16, 8::16].astype(float) - colours)
        assert error.max() <= (0 if ending == ".mkv" else 6)
    assert {path.suffix for path in (tmp_path / "new folder").iterdir()} == set(FORMATS)


def test_what_an_mp4_has_to_play_in_a_browser(tmp_path):
    path = film_file(tmp_path / "a.mp4", 3, 47, 63)
    with av.open(str(path)) as file:
        (stream,) = file.streams
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "it can begin before all of it has come"


def test_an_odd_side_gets_its_last_row_and_column_twice(tmp_path):
    frame = np.zeros((47, 63, 3), np.uint8)
    frame[-1], frame[:, -1] = 255, 255
    for ending in FORMATS:
        write_film(tmp_path / f"a{ending}", [frame] * 2, 10)
        (image, _) = open_film(tmp_path / f"a{ending}").frames()
        if ending == ".mkv":  # needs no even sides
            np.testing.assert_array_equal(image, frame)
        else:
            assert image.shape == (48, 64, 3) and image[-2:].min() > 200 and image[:, -2:].min() > 200


def test_a_folder_in_the_order_of_its_numbers(tmp_path):
    path = folder(tmp_path / "frames", 3)
    (path / "notes.txt").write_text("no picture")
    cv2.imwrite(str(path / "frame11.png"), np.full((96, 128), 77, np.uint8))  # grey, and of another size
    film = open_film(path)
    assert (film.fps, film.height, film.width, film.count) == (USUAL_FPS, 48, 64, 4)
    *frames, last = film.frames()
    np.testing.assert_array_equal(frames, blocks(3))
    assert last.shape == (48, 64, 3) and (last == 77).all()


def test_only_one_frame_is_in_memory(tmp_path):
    """Frames are not read before they are asked for: a picture that disappears meanwhile is missed then only."""
    path = folder(tmp_path / "a", 6)
    frames = open_film(path).frames()
    assert [number_of(frame) for frame in islice(frames, 3)] == [0, 1, 2]
    (path / "frame11.png").unlink()
    with pytest.raises(InputError, match=r"frame11\.png"):
        next(frames)


def test_a_part_of_it(tmp_path):
    path = film_file(tmp_path / "a.avi", 16)
    for chosen, expected in [
        (Chosen(0.4), range(4, 16)),
        (Chosen(0.4, 0.8), range(4, 8)),
        (Chosen(0.35, 1.05, 3), [3, 6, 9]),
        (Chosen(every=7), [0, 7, 14]),
    ]:
        film = open_film(path, chosen)
        assert numbers(film) == list(expected) and film.count == len(expected) and film.fps == 10 / chosen.every
        assert numbers(film, skip=2) == list(expected)[2:] and numbers(film, skip=99) == []


def test_the_numbers_of_a_part_against_a_list_of_when_each_frame_is_shown():
    """Frame n is shown from n / fps to (n + 1) / fps; in whole milliseconds, so that nothing is rounded."""
    for fps in (24, 25, 30, 60, 7):
        for start, end in [(0, None), (100, None), (300, 700), (1000, 2000), (1500, 99000), (40, 50)]:
            shown = [n for n in range(70) if (n + 1) * 1000 > start * fps and (end is None or n * 1000 < end * fps)]
            for every in (1, 2, 5):
                chosen = Chosen(start / 1000, end and end / 1000, every)
                assert list(chosen.numbers(fps, 70)) == shown[::every], (fps, start, end, every)


def test_a_phones_rotation_flag(tmp_path):
    path = film_file(tmp_path / "a.mp4")
    upright = list(open_film(path).frames())
    turned_by_a_flag(path)
    film = open_film(path)
    assert (film.height, film.width) == (64, 48)
    np.testing.assert_array_equal(list(film.frames()), [np.rot90(frame, -1) for frame in upright])


def test_a_variable_frame_rate_becomes_an_even_one_in_step_with_the_clock(tmp_path):
    """At 10 frames a second: one of them is shown for 0.3 s, and one comes 40 ms after another, which it replaces."""
    times, images = [0, 100, 200, 500, 560, 600, 700, 800, 900, 990], blocks(10)  # milliseconds
    with av.open(str(tmp_path / "a.mkv"), "w") as file:
        stream = file.add_stream("ffv1", rate=10, options={"g": "1"})
        stream.height, stream.width, stream.pix_fmt = 48, 64, "bgr0"
        stream.codec_context.time_base = Fraction(1, 1000)
        for image, time in zip(images, times, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    film = open_film(tmp_path / "a.mkv")
    assert film.fps == 10 and numbers(film) == [0, 1, 2, 2, 2, 3, 5, 6, 7, 8, 9]


def beeping_film(path: Path, delay: float = 0.0) -> Path:
    """A film of 16 frames at 10 a second, with sound from `delay` on: a tone from 0.5 to 0.6 s, else silence."""
    times = np.arange(round(delay * 44100), round(1.6 * 44100)) / 44100
    tone = np.float32(0.5 * np.sin(2000 * np.pi * times) * ((times >= 0.5) & (times < 0.6)))
    with av.open(str(path), "w") as file:
        picture, sound = file.add_stream("libx264", rate=10), file.add_stream("aac", rate=44100, layout="mono")
        picture.height, picture.width, picture.pix_fmt = 48, 64, "yuv420p"
        for image in blocks(16):
            file.mux(picture.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        file.mux(picture.encode(None))
        frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = 44100, Fraction(1, 44100), round(delay * 44100)
        file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
    return path


def heard(path: Path) -> tuple[float, float, float]:
    """When the tone of a film begins and ends, and how long its sound is, in seconds."""
    resampler, parts = av.AudioResampler("fltp", "mono", 48000), []
    with av.open(str(path)) as file:
        for frame in file.decode(audio=0):
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    samples = np.concatenate(parts)
    loud = np.nonzero(np.abs(samples) > 0.1)[0] / 48000
    return loud.min(), loud.max(), len(samples) / 48000


def test_the_sound_is_there_and_in_step(tmp_path):
    sources = beeping_film(tmp_path / "source.mp4"), beeping_film(tmp_path / "late.mkv", delay=0.35)
    for source, start in [(sources[0], 0.0), (sources[0], 0.3), (sources[1], 0.2)]:
        film = open_film(source, Chosen(start, 1.2))
        for ending in FORMATS:
            path = tmp_path / f"painted{ending}"
            write_film(path, film.frames(), film.fps, film.sound(film.count / film.fps), pytest.fail)
            assert numbers(open_film(path)) == list(range(round(start * 10), 12))
            assert heard(path) == pytest.approx((0.5 - start, 0.6 - start, 1.2 - start), abs=0.03)


def test_a_film_without_sound_and_a_folder_have_none(tmp_path):
    for film in (open_film(film_file(tmp_path / "a.mp4")), open_film(folder(tmp_path / "frames"))):
        write_film(tmp_path / "b.mp4", film.frames(), film.fps, film.sound(0.6), pytest.fail)
        with av.open(str(tmp_path / "b.mp4")) as file:
            assert [stream.type for stream in file.streams] == ["video"]


def test_a_film_whose_sound_is_damaged_is_written_and_one_line_says_so(tmp_path, monkeypatch):
    def broken(graph):
        raise av.error.InvalidDataError(1, "Invalid data found")
        yield

    monkeypatch.setattr(container, "_pulled", broken)
    source, lines = beeping_film(tmp_path / "a.mp4"), []
    write_film(tmp_path / "b.mp4", blocks(6), 10, Sound(source, 0, 0.6), lines.append)
    (line,) = lines
    assert str(source) in line and "Invalid data found" in line
    assert numbers(open_film(tmp_path / "b.mp4")) == list(range(6))


def test_a_film_that_was_cut_off_ends_early(tmp_path):
    """Its header says 12 frames."""
    path = film_file(tmp_path / "a.avi", 12, 480, 640)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    film = open_film(path)
    found = numbers(film)
    assert 2 <= len(found) < 12 and found == list(range(len(found)))


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
    """FFmpeg cannot write more than 20 kB here."""
    frames = np.random.default_rng(0).integers(0, 256, (12, 96, 96, 3), dtype=np.uint8)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        for ending in FORMATS:
            with pytest.raises(InputError, match="cannot be written") as caught:
                write_film(tmp_path / f"a{ending}", frames, 10)
            assert "\n" not in str(caught.value) and f"a{ending}" in str(caught.value)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert list(tmp_path.iterdir()) == []


def refused(path: Path, *words: str, chosen: Chosen = ALL) -> None:
    with pytest.raises(InputError) as caught:
        open_film(path, chosen)
    sentence = str(caught.value)
    assert "\n" not in sentence and str(path) in sentence
    for word in words:
        assert word in sentence, sentence


def test_refused_files(tmp_path):
    files = {
        "empty.mp4": b"",
        "list.m3u8": b"#EXTM3U\nfile:///etc/hostname\n",
        "page.mp4": b"<!doctype html><html>",
        "noise.mp4": bytes(range(200, 256)) * 50,
        "start.mp4": b"\0\0\0\x20ftypisom" + bytes(500),
        "words.srt": b"1\n00:00:00,000 --> 00:00:02,000\nHello\n",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        refused(tmp_path / name, "no video that can be read")
    refused(tmp_path / "missing.mp4", "does not exist")
    cv2.imwrite(str(tmp_path / "photo.mp4.jpg"), blocks(1)[0])
    os.rename(tmp_path / "photo.mp4.jpg", tmp_path / "photo.mp4")
    refused(tmp_path / "photo.mp4", "a picture", "expected a video")
    os.mkfifo(tmp_path / "pipe.mp4")
    refused(tmp_path / "pipe.mp4", "a pipe or a device")


def test_refused_for_its_frames(tmp_path):
    refused(film_file(tmp_path / "one.mp4", 1), "one frame is chosen", "expected a film")
    refused(folder(tmp_path / "one", 1), "one frame is chosen", "expected a film")
    (tmp_path / "none").mkdir()
    refused(tmp_path / "none", "has no pictures")
    path = film_file(tmp_path / "ten.mp4", 10)
    refused(path, "one frame is chosen", chosen=Chosen(0.9))
    refused(path, "one frame is chosen", chosen=Chosen(every=10))
    cv2.imwrite(str(folder(tmp_path / "a", 3) / "frame9.png"), blocks(1, 64, 48)[0])
    refused(tmp_path / "a", "frame9.png", "48 × 64", "64 × 48", "same proportions")
    for chosen, words in [
        (Chosen(2), "--start is 2 seconds, but the film has only 1;"),
        (Chosen(-1), "--start is -1"),
        (Chosen(float("nan")), "--start is nan"),
        (Chosen(2, 2), "--end is 2 and --start 2"),
        (Chosen(0, float("nan")), "--end is nan"),
    ]:
        with pytest.raises(InputError, match=words):
            open_film(path, chosen)


def test_outputs_refused_beforehand(tmp_path, monkeypatch):
    source = film_file(tmp_path / "a.mp4")

    def refused_output(path, words):
        with pytest.raises(InputError, match=words) as caught:
            check_film_output(path)
        assert "\n" not in str(caught.value) and str(path) in str(caught.value)

    refused_output(tmp_path / "b.xyz", r"ends in '.xyz', expected one of .mp4")
    refused_output(source / "b.mp4", "Not a directory")
    monkeypatch.setitem(FORMATS, ".mp4", FORMATS[".mp4"]._replace(codec="libunknown"))
    refused_output(tmp_path / "b.mp4", "has no libunknown; choose another ending")
    monkeypatch.setattr(container, "av", None)
    refused_output(tmp_path / "b.mp4", "is not installed; get it: make video")
    refused(source, "is not installed; get it: make video")
    assert open_film(folder(tmp_path / "frames")).count == 6, "pictures need no PyAV"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.mp4", "frames"]
