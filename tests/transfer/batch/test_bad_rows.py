"""What one row of a batch cannot have is a problem of that row alone; a list that cannot be read is refused."""

import os
from pathlib import Path

import numpy as np
import pytest

from batch_command import prepare, refused, rows
from image_files import png_of
from transfer.apps.batch.pairs import csv_pairs
from transfer.batch import main


@pytest.fixture
def place(tmp_path) -> Path:
    """A folder of pictures, with a pipe among them, and the options of a short batch in `words`."""
    prepare(tmp_path)
    os.mkfifo(tmp_path / "in" / "content_pipe.png")
    return tmp_path


def mask_of(place: Path, pixels: np.ndarray) -> list[str]:
    """A mask as a file, and the options that name it."""
    (place / "mask.png").write_bytes(png_of(pixels))
    return ["--content-mask", str(place / "mask.png"), "--region", f"black={place / 'in' / 'style_x.png'}"]


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
    for problem, expected in zip(problems, [pipe, pipe, "does not exist", "File name too long", pipe, ""], strict=True):
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


def test_a_bad_mask_is_found_before_anything_begins(place, capfd):
    (place / "in" / "list.csv").write_text("content,style\ncontent_a.png,style_x.png", encoding="utf-8")
    many = np.arange(36 * 48 * 3, dtype=np.uint32).reshape(36, 48, 3).astype(np.uint8)
    white = np.full((36, 48, 3), 255, np.uint8)
    for pixels, expected in ((many, "colours, expected 16 at most"), (white, "--region black: the regions of ")):
        arguments = [*words(place, str(place / "in" / "list.csv")), *mask_of(place, pixels)]
        assert expected in refused(arguments, capfd, place)
    arguments = [*words(place, str(place / "in" / "list.csv")), *mask_of(place, white[:20])]
    assert "mask.png: a mask of 48 × 20 pixels for " in refused(arguments, capfd, place)
    (place / "mask.png").write_text("no picture")
    assert "mask.png is a text file" in refused(arguments, capfd, place)


def test_no_cell_of_the_table_is_a_formula_and_it_can_be_read_back(place, monkeypatch, capfd):
    """The pictures are bad, so that nothing has to be made for the table but one picture."""
    monkeypatch.chdir(place / "in")
    names = ["=1+1.png", "+a.png", "-b.png", "@c.png", "'=d.png", "'e.png", "f.png"]
    text = "\n".join(["content,style", "content_a.png,style_x.png", *(f"{name},style_x.png" for name in names)])
    text = text.replace("'=d", "''=d")
    (place / "in" / "list.csv").write_text(text, encoding="utf-8")
    assert main(words(place, "list.csv")) == 3
    table = rows(place)
    cells = [cell for row in table for name, cell in row.items() if name in ("content", "style", "file", "problem")]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    assert float(table[0]["total"]) > 0 and table[1]["problem"].startswith("'=1+1.png does not exist")
    (place / "in" / "back.csv").write_bytes((place / "out" / "batch.csv").read_bytes())
    assert [pair.content for pair in csv_pairs("back.csv")] == ["content_a.png", *names]
