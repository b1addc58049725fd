"""A name that is taken gets a number, so that no finished picture is replaced unless that is asked for."""

import json

import numpy as np
import pytest

from transfer.__main__ import main
from transfer_command import prepare, refused
from vgg.tools.files import atomic_write
from vgg.tools.image import read_image, write_image


@pytest.fixture
def words(tmp_path) -> list[str]:
    """The words of the shortest run, without --overwrite."""
    return [word for word in prepare(tmp_path) if word != "--overwrite"] + ["--iterations", "1"]


def test_all_files_of_a_run_share_the_first_free_number(tmp_path, words, capfd):
    out = tmp_path / "out"
    assert main([*words, "--sheet"]) == 0
    first = {path: path.read_bytes() for path in out.iterdir()}
    (out / "result-2-sheet.png").write_bytes(b"of somebody")
    more = ["--sheet", "--report", "--preview-every", "1", "--save-every", "1", "--strength", "0.9"]
    assert main([*words, *more]) == 0
    said = capfd.readouterr().out
    assert f"{out / 'result.png'} is taken, so the result goes to {out / 'result-3.png'}\n" in said
    assert f"written: {out / 'result-3.png'}, {out / 'result-3.json'}, {out / 'result-3-sheet.png'}" in said
    third = {f"result-3{end}" for end in (".png", ".json", "-sheet.png", "-report.html", "-preview.png", "-0001.png")}
    assert {path.name for path in out.iterdir()} == third | {path.name for path in first} | {"result-2-sheet.png"}
    assert {path: path.read_bytes() for path in first} == first
    assert json.loads((out / "result-3.json").read_text(encoding="utf-8"))["result"]["file"] == "result-3.png"
    assert main([*words, "--overwrite", "--strength", "0.9", "--quiet"]) == 0
    assert (out / "result.png").read_bytes() == (out / "result-3.png").read_bytes()
    for more in (["--style", "none.png"], ["--weights", str(tmp_path / "content.png")]):
        assert main([*words, *more]) == 2
        assert capfd.readouterr().out == "", "a name is only told if there will be a picture"
    assert not (out / "result-4.png").exists()


def test_resume_keeps_the_name_and_no_other_picture(tmp_path, words, capfd):
    """A finished run of the same settings is made again under its name; one of others is not replaced."""
    out = tmp_path / "out"
    assert main([*words, "--quiet"]) == 0
    assert main([*words, "--quiet", "--resume"]) == 0
    assert {path.name for path in out.iterdir()} == {"result.png", "result.json"}
    line = refused([*words, "--quiet", "--resume", "--seed", "3"], capfd, tmp_path)
    assert "result.png is finished, and was made with other settings: seed was 0 and is now 3; leave out" in line
    assert main([*words, "--quiet", "--resume", "--seed", "3", "--overwrite"]) == 0
    (out / "result.json").unlink()
    assert "result.png is finished" in refused([*words, "--quiet", "--resume"], capfd, tmp_path)


def test_an_unfinished_run_keeps_its_name(tmp_path, words, capfd):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "result.state.npz").write_bytes(b"of a run that was killed")
    assert main(words) == 0
    expected = "result.png is taken by an unfinished run (to go on with it, add --resume), so the result goes to"
    assert expected in capfd.readouterr().out
    assert (tmp_path / "out" / "result.state.npz").read_bytes() == b"of a run that was killed"
    assert (tmp_path / "out" / "result-2.png").exists()


def test_names_that_begin_with_a_dash_and_a_folder_that_is_gone(tmp_path, words, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "content.png").rename(tmp_path / "-c.png")
    (tmp_path / "style.png").rename(tmp_path / "-s.png")
    assert main([*words[2:], "--quiet", "--", "-c.png", "-s.png"]) == 0
    assert "--exact compares with a record" in refused(
        [*words[2:], "--exact", "--", "-c.png", "-s.png"], capfd, tmp_path
    )
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert "the current folder is gone" in refused(["a.png", "b.png", "-o", "c.png"], capfd, tmp_path)


def test_what_a_killed_run_left_of_its_files_is_removed(tmp_path, words):
    out = tmp_path / "out"
    for name in ("result.png", "result.json", "result-preview.png", "result-0001.png"):
        writing = atomic_write(out / name)
        unfinished = writing.__enter__()
        del writing
        unfinished.write_bytes(b"half a file")
    assert main([*words, "--quiet", "--save-every", "1"]) == 0
    assert {path.name for path in out.iterdir()} == {"result.png", "result.json", "result-0001.png"}


def test_match_says_which_style_picture_cannot_get_the_colours(tmp_path, words, capfd):
    style = read_image(tmp_path / "style.png")
    for name, image, said in (
        ("grey.png", np.repeat(style[..., :1], 3, axis=2), True),
        ("red.png", np.full_like(style, (200, 0, 0)), True),
        ("style.png", style, False),
    ):
        write_image(tmp_path / name, image)
        assert main([words[0], str(tmp_path / name), *words[2:], "--colors", "match", "--init", "content"]) == 0
        assert (f"{name} has too few colours for --colors match" in capfd.readouterr().out) is said
