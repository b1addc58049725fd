"""Sound: found in files made by hand, and copied by a program that is called ffmpeg and writes down how."""

import sys
from pathlib import Path

import pytest

from small_films import box, film_file, folder, track
from transfer.video.audio import copy_sound, has_sound

#: Writes its arguments beside its output, and copies its first input; fails as often as the file `fail` says.
FFMPEG = """#!{python}
import pathlib, shutil, sys
here, arguments = pathlib.Path(__file__).parent, sys.argv[1:]
with (here / "calls").open("a") as calls:
    print(*arguments, sep="\\x1f", file=calls)
left = int((here / "fail").read_text())
(here / "fail").write_text(str(left - 1))
if left > 0:
    print("first line\\ncodec not currently supported in container", file=sys.stderr)
    sys.exit(1)
paths = [pathlib.Path(word.removeprefix("file:")) for word in arguments]
paths[-1].write_bytes(paths[arguments.index("-i") + 1].read_bytes() + b"sound")
"""


@pytest.fixture
def ffmpeg(tmp_path, monkeypatch):
    """Put the program on the PATH; return what its calls were and how to let it fail."""
    place = tmp_path / "bin"
    place.mkdir()
    (place / "ffmpeg").write_text(FFMPEG.format(python=sys.executable))
    (place / "ffmpeg").chmod(0o755)
    (place / "fail").write_text("0")
    monkeypatch.setenv("PATH", str(place))
    return place


def calls(place: Path) -> list[list[str]]:
    return [line.split("\x1f") for line in (place / "calls").read_text().splitlines()]


def source_with_sound(path: Path) -> Path:
    path.write_bytes(
        box(b"ftyp", b"isom", bytes(4)) + box(b"mdat", bytes(99)) + box(b"moov", track(b"vide"), track(b"soun"))
    )
    return path


def test_boxes_by_hand(tmp_path):
    path, head = tmp_path / "a.mp4", box(b"ftyp", b"isom", bytes(4))
    sound, silent = box(b"moov", track(b"vide"), track(b"soun")), box(b"moov", track(b"vide"))
    large = b"\0\0\0\x01mdat" + (16 + 40).to_bytes(8, "big") + bytes(40)  # its size in 64 bits
    for data, expected in (
        (head + sound, True),
        (head + silent, False),
        (head + box(b"mdat", b"soun" * 9) + silent, False),
        (head + large + sound, True),
        (head + silent + b"\0\0\0\0mdat" + bytes(50), False),  # 0: up to the end
        (head + sound[: len(sound) // 3], False),
        (head + bytes(64), False),
        (b"\x1a\x45\xdf\xa3" + bytes(64), None),
        (b"", None),
    ):
        path.write_bytes(data)
        assert has_sound(path) is expected


def test_films_that_we_write_have_none(tmp_path):
    for ending in (".mp4", ".mov", ".avi"):
        assert has_sound(film_file(tmp_path / f"a{ending}", 2)) is False
    path = tmp_path / "b.avi"
    path.write_bytes((tmp_path / "a.avi").read_bytes().replace(b"vids", b"auds", 1))
    assert has_sound(path) is True and has_sound(folder(tmp_path / "frames", 1)) is False


def test_copied(tmp_path, ffmpeg):
    source, film = source_with_sound(tmp_path / "-in: a.mp4"), film_file(tmp_path / "out.mp4")
    before = film.read_bytes()
    assert copy_sound(source, film, 0, 2) is None
    assert film.read_bytes() == before + b"sound"
    (arguments,) = calls(ffmpeg)
    line = " ".join(arguments)
    assert f"-i file:{film} -ss 0.000000 -t 2.000000 -i file:{source} -map 0:v -map 1:a? -c:v copy -c:a copy" in line
    assert Path(arguments[-1].removeprefix("file:")).parent == tmp_path and arguments[-1].endswith(".mp4")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["-in: a.mp4", "bin", "out.mp4"]


def test_from_a_later_start_it_is_encoded_anew(tmp_path, ffmpeg):
    source, film = source_with_sound(tmp_path / "in.mp4"), film_file(tmp_path / "out.mp4")
    assert copy_sound(source, film, 1.5) is None
    ((*arguments, _),) = calls(ffmpeg)
    assert arguments[-2:] == ["-c:v", "copy"] and "-c:a" not in arguments
    assert arguments[arguments.index("-ss") + 1] == "1.500000"


def test_encoded_anew_where_the_container_cannot_hold_it(tmp_path, ffmpeg):
    source, film = source_with_sound(tmp_path / "in.mp4"), film_file(tmp_path / "out.webm")
    (ffmpeg / "fail").write_text("1")
    assert copy_sound(source, film) is None and film.read_bytes().endswith(b"sound")
    first, second = calls(ffmpeg)
    assert "-t" not in first and [word for word in first if word not in ("-c:a", "copy")] == [
        word for word in second if word != "copy"
    ]


def test_what_ffmpeg_cannot_do_is_one_line(tmp_path, ffmpeg):
    source, film = source_with_sound(tmp_path / "in.mp4"), film_file(tmp_path / "out.mp4")
    before = film.read_bytes()
    (ffmpeg / "fail").write_text("9")
    said = copy_sound(source, film)
    assert said.startswith(f"the sound of {source} is not copied, ffmpeg says: codec not") and "\n" not in said
    assert film.read_bytes() == before and not list(tmp_path.glob(".unfinished*"))


def test_without_ffmpeg_one_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    film = film_file(tmp_path / "out.mp4")
    said = copy_sound(source_with_sound(tmp_path / "in.mp4"), film)
    assert "there is no program ffmpeg" in said and "if it has any" not in said and "\n" not in said
    assert copy_sound(film, film) is None, "there is no sound to miss"
    assert "if it has any" in copy_sound(film_file(tmp_path / "in.webm"), film)
