"""What one row of a batch cannot have is a problem of that row alone; a list that cannot be read is refused."""

import os
from pathlib import Path

import pytest

from batch_command import prepare, refused, rows
from transfer.batch.__main__ import main


@pytest.fixture
def place(tmp_path) -> Path:
    """A folder of pictures, with a pipe among them, and the options of a short batch in `words`."""
    prepare(tmp_path)
    os.mkfifo(tmp_path / "in" / "content_pipe.png")
    return tmp_path


def words(place: Path, pairs: str) -> list[str]:
    options = ["-o", str(place / "out"), "--weights", str(place / "tiny.mat"), "--quiet", "--no-normalize"]
    return ["--pairs", pairs, *options, "--size", "32", "--scales", "", "--iterations", "1", "--precision", "float32"]


def test_the_other_rows_are_made(place, capfd):
    long = "z" * 250 + ".png"
    (place / "in" / long).write_bytes((place / "in" / "style_x.png").read_bytes())
    bad = ["content_pipe.png,style_x.png", "/dev/zero,style_x.png", "nul\0.png,style_x.png", f"content_a.png,{long}"]
    bad.append("content_b.png,content_pipe.png")
    text = "\n".join(["content,style", *bad, "content_a.png,style_y.png"])
    (place / "in" / "list.csv").write_text(text, encoding="utf-8")
    assert main(words(place, str(place / "in" / "list.csv"))) == 3
    *lines, last = capfd.readouterr().err.splitlines()
    assert last == "batch: 5 of 6 pictures could not be made, see batch.csv"
    problems = [row["problem"] for row in rows(place)]
    pipe = "it is a pipe or a device, expected a file"
    for problem, expected in zip(problems, [pipe, pipe, "No such file", "File name too long", pipe, ""], strict=True):
        assert expected in problem and bool(problem) == bool(expected)
    assert all(any(problem in line for line in lines) for problem in problems)
    assert (place / "out" / "a-y.png").exists()


def test_a_list_that_is_a_pipe(place, capfd):
    """Its other end would never come."""
    for name in ("list.csv", "list.txt"):
        os.mkfifo(place / name)
    txt = ["--contents", str(place / "list.txt"), "--styles", str(place / "in" / "style_x.png")]
    for arguments in (words(place, str(place / "list.csv")), [*txt, *words(place, "all")]):
        assert "it is a pipe or a device, expected a file" in refused(arguments, capfd, place)


def test_if_no_row_can_be_made_nothing_begins(place, capfd):
    (place / "in" / "list.csv").write_text(f"content,style\ncontent_a.png,{'z' * 250}.png", encoding="utf-8")
    assert "File name too long" in refused(words(place, str(place / "in" / "list.csv")), capfd, place)
