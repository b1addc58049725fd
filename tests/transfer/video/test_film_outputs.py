"""What a film's results may replace: the same film, others with --overwrite, never an input or what is foreign."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from film_command import prepare, record, refused
from image_files import png_of
from small_films import film_file, folder
from transfer.apps.video import command_line
from transfer.video import main

FEW = ["--end", "0.2", "--iterations", "2", "--first-frame-iterations", "2", "--quiet"]  # two frames


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, list[str]]:
    """A folder with a finished film, its sheet and its kept frames; and the words of that run."""
    place = tmp_path_factory.mktemp("made")
    words = [*prepare(place), *FEW]
    assert main([*words, "--keep-frames", "--sheet"]) == 0
    return place, words


@pytest.fixture
def words(made, tmp_path) -> list[str]:
    """The words of that run in a copy of the folder."""
    place, words = made
    shutil.copytree(place, tmp_path, dirs_exist_ok=True)
    return [word.replace(str(place), str(tmp_path)) for word in words]


def test_an_input_is_neither_overwritten_nor_deleted(tmp_path, words, capfd):
    film, style, _, output, *rest = words
    out = tmp_path / "out"
    frames = out / "film.mp4.frames"
    (tmp_path / "link").symlink_to(frames)
    linked = tmp_path / "linked"
    linked.mkdir()
    for number in (1, 2):
        (linked / f"{number}.png").symlink_to(frames / f"0000{number}.png")
    shutil.copy(style, out / "loop.gif")
    (tmp_path / "loop.gif").hardlink_to(out / "loop.gif")
    for more in ([], ["--resume"], ["--overwrite"]):
        for inputs, options in [
            ([frames, style], []),
            ([tmp_path / "link", style], []),
            ([linked, style], []),
            ([film, frames / "00002.png"], []),
            ([film, out / "film-sheet.png"], ["--sheet"]),
            ([film, out / "loop.gif"], ["--loop", str(out / ".." / "out" / "loop.gif")]),
            ([film, out / "loop.gif"], ["--loop", str(tmp_path / "loop.gif")]),
            ([out / "film.mp4", style], []),
        ]:
            line = refused([*map(str, inputs), "-o", output, *rest, *options, *more], capfd, tmp_path)
            assert "is also an input" in line, (inputs, options)


def test_what_is_foreign_is_left_as_it_is(tmp_path, words, capfd):
    out, at = tmp_path / "out", words.index("-o") + 1
    ours = (out / "film.mp4.frames" / "settings.json").read_bytes()
    for number, text in enumerate([b"{}", b"[]", b'{"output": "x"}', b"\xff", b"[" * 100_000, ours, None]):
        photos = tmp_path / f"photos{number}"
        folder(photos)
        shutil.copy(photos / "frame8.png", photos / "00001.png")
        if text is not None:
            (photos / "settings.json").write_bytes(text)
        shutil.copytree(photos, out / f"{photos.name}.mp4.frames")
        for output in (photos, out / f"{photos.name}.mp4"):
            for more in ([], ["--resume"], ["--overwrite"]):
                words[at] = str(output)
                assert "has files of something else" in refused([*words, *more], capfd, tmp_path), (text, more)
    words[at] = str(out / "other.mp4")
    for text in (b"{}", b'{"recipe": 1, "steps": []}', b"mine"):
        (out / "other.json").write_bytes(text)
        assert "other.json is no record of a film" in refused([*words, "--overwrite"], capfd, tmp_path)


def test_another_film_is_replaced_only_with_overwrite(tmp_path, words, capfd):
    film, frames = tmp_path / "out" / "film.mp4", tmp_path / "out" / "film.mp4.frames"
    for keeps_frames in (True, False):
        if not keeps_frames:
            shutil.rmtree(frames)
        for more in ([], ["--resume"]):
            line = refused([*words, *more, "--strength", "0.9"], capfd, tmp_path)
            assert "film.mp4 was made with other settings (first.content_weight was 0.02 and is now 0.0009" in line
            assert "name another file with -o, or add --overwrite" in line
        assert "(fps was 10.0 and is now 5.0)" in refused([*words, "--fps", "5"], capfd, tmp_path)
    before = film.read_bytes()
    assert main([*words, "--sheet"]) == 0, "the same film, which is made again"
    assert film.read_bytes() == before
    assert main([*words, "--strength", "0.9", "--overwrite"]) == 0
    assert film.read_bytes() != before and record(tmp_path)["first"]["content_weight"] < 0.002
    film.write_bytes(b"my own cut of it")
    assert "film.mp4 exists, and is not what" in refused([*words, "--strength", "0.9"], capfd, tmp_path)


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ("--region {0}=0.2", "--region {0}=0.5", "{0} was 0.2 and is now 0.5"),
        ("--region {0}=0.2 --region {1}=keep", "--region {1}=keep --region {0}=0.2", "{0} was 0.2 and is now none"),
        (
            "--style {2} --style-blend 3:1",
            "--style {2} --style-blend 1:3",
            "blend was [0.75, 0.25] and is now [0.25",
        ),
    ],
)
def test_other_regions_and_another_blend_are_other_settings(tmp_path, capfd, first, then, expected):
    words = [*prepare(tmp_path), *FEW, "--keep-frames"]
    files = [str(tmp_path / name) for name in ("face.png", "sky.png", "second.png")]
    left, right = np.zeros((2, 48, 64, 3), np.uint8)
    left[:, :32] = right[:, 24:] = 255
    for file, image in zip(files, (left, right, right), strict=True):
        Path(file).write_bytes(png_of(image))
    first, then, expected = (text.format(*files) for text in (first, then, expected))
    assert main([*words, *first.split()]) == 0
    line = refused([*words, *then.split(), "--resume"], capfd, tmp_path)
    assert "was made with other settings" in line and expected in line
    assert "finished frames of this very film" in refused(
        [*words, *first.replace("0.2", ".20").split()], capfd, tmp_path
    )


def test_a_folder_of_frames_is_replaced_only_with_overwrite(tmp_path, words, capfd):
    painted = tmp_path / "painted"
    words[words.index("-o") + 1] = str(painted)
    assert main(words) == 0
    assert "2 finished frames of this very film" in refused([*words, "--resume"], capfd, tmp_path)
    words += ["--strength", "0.9"]
    assert "painted was made with other settings" in refused(words, capfd, tmp_path)
    before = (painted / "00001.png").read_bytes()
    assert main([*words, "--overwrite"]) == 0
    assert (painted / "00001.png").read_bytes() != before
    assert sorted(path.name for path in painted.iterdir()) == ["00001.png", "00002.png"]
    (painted / "00003.png").write_bytes(before)
    assert "has files of something else" in refused([*words, "--overwrite"], capfd, tmp_path)


def test_a_frame_of_which_nothing_is_known_is_painted_again(tmp_path, words):
    film, about = tmp_path / "out" / "film.mp4", tmp_path / "out" / "film.mp4.frames" / "00002.json"
    before, known = film.read_bytes(), json.loads(about.read_text())
    for found in (None, {}):
        about.unlink() if found is None else about.write_text(json.dumps(found))
        assert main([*words, "--resume", "--keep-frames"]) == 0, found
        assert film.read_bytes() == before
        assert json.loads(about.read_text())["losses"] == known["losses"]


def test_it_is_refused_before_tensorflow_starts(tmp_path, words, capfd, monkeypatch):
    monkeypatch.setattr(command_line, "start_tensorflow", None)
    film, style, _, _, *rest = words
    words = [film, style, "-o", str(tmp_path / "new" / "film.mp4"), *rest]
    small = str(film_file(tmp_path / "small.avi", height=8, width=8))
    line = refused([small, *words[1:]], capfd, tmp_path)
    assert "small.avi: 8 × 8 pixels would be used at 8 × 8, expected at least 16" in line and "picture" not in line
    (tmp_path / "mask.png").write_bytes(png_of(np.zeros((64, 20, 3), np.uint8)))
    mask = ["--content-mask", str(tmp_path / "mask.png"), "--region", "black=keep"]
    assert "mask.png" in refused([*words, *mask], capfd, tmp_path)
    for text in ("abcdef", "1,-99999", "99999", "101", "0", "1,,2", ""):
        assert f"--long-term is {text!r}, expected" in refused([*words, "--long-term", text], capfd, tmp_path)
    for content in ([], ["", style]):  # `make video` without FILM= gives an empty word
        line = refused([*content, *words[2:]], capfd, tmp_path)
        assert line.startswith("video: the film is missing") and "picture" not in line
    assert "expected the name of a film" in refused([*words, "-o", ".."], capfd, tmp_path)


def test_without_a_style_it_says_that_the_sample_is_taken(tmp_path, words, capfd):
    del words[1], words[words.index("--quiet")]
    words[words.index("--size") + 1] = "128"
    assert main(words) == 2, "it is another film than the one that is there"
    lines = capfd.readouterr().out.splitlines()
    assert "the film has only 64×48 pixels and is used as it is, not enlarged" in lines
    assert any(line.startswith("the style is the sample, a painting of ours") for line in lines)
