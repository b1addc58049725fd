"""`python -m transfer.figures`: which pictures it makes, goes on with and leaves alone, and what the sheets show."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from transfer.figures import making
from transfer.figures.__main__ import main
from transfer.figures.cells import FIGURES
from transfer_command import prepare
from vgg.image.file import read_image


@pytest.fixture
def words(tmp_path, monkeypatch) -> list[str]:
    """What follows the figure's name: small pictures, two steps a cell."""
    content, style, _, weights, *_ = prepare(tmp_path)
    drawn = [np.random.default_rng(seed).integers(0, 256, (48, 40, 3), dtype=np.uint8) for seed in (6, 7)]
    monkeypatch.setattr("transfer.setup.dead_leaves", lambda seed: drawn[seed % 2])
    folder = str(tmp_path / "figures")
    return [content, style, "--weights", weights, "-o", folder, "--size", "32", "--iterations", "2"]


def made(capfd) -> list[str]:
    """The lines about cells that were made: `2/4 ratio: alpha/beta ...`."""
    lines = capfd.readouterr().out.splitlines()
    return [line for line in lines if line[0].isdigit() and "/" in line.split()[0]]


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_its_cells_and_a_sheet(tmp_path, words, capfd, name):
    assert main([name, *words, "--iterations", "8"]) == 0
    keys = [cell.key for cell in FIGURES[name].cells]
    assert len(made(capfd)) == len(set(keys)) == len(keys)
    folder = tmp_path / "figures"
    expected = {f"{key}{end}" for key in keys for end in (".png", ".json")}
    assert {path.name for path in (folder / name).iterdir()} == expected
    pictures = [read_image(folder / name / f"{key}.png") for key in keys]
    assert all(picture.shape == (24, 32, 3) for picture in pictures)
    for i, picture in enumerate(pictures):
        assert all((picture != other).any() for other in pictures[:i]), "each cell is another picture"
    sheet = read_image(folder / f"{name}.png")
    for picture in (*pictures, read_image(tmp_path / "content.png")):
        assert best_match(sheet, picture) > 0.95, "and is seen on the sheet"


def best_match(sheet: np.ndarray, picture: np.ndarray) -> float:
    """The highest correlation of the picture, at the sheet's scale, with any place on it."""
    width = round(picture.shape[1] * making.ROW_HEIGHT / picture.shape[0])
    scaled = cv2.resize(picture, (width, making.ROW_HEIGHT), interpolation=cv2.INTER_CUBIC)
    return float(cv2.matchTemplate(sheet, scaled, cv2.TM_CCOEFF_NORMED).max())


def test_the_ratio_moves_the_picture_from_the_style_to_the_content(tmp_path, words):
    assert main(["ratio", *words, "--iterations", "400"]) == 0
    steps = [
        json.loads((tmp_path / "figures" / "ratio" / f"{key}.json").read_text(encoding="utf-8"))
        for key in ("1e-04", "1e-03", "1e-02", "1e-01")
    ]
    contents = [run["steps"][-1]["content"] / run["recipe"]["content_weight"] for run in steps]
    styles = [run["steps"][-1]["style"] for run in steps]
    assert contents[0] > 3 * contents[-1] and styles[-1] > 3 * styles[0]


def test_every_ratio_is_a_thousand_times_the_papers_with_filters_that_are_not_imagenets(tmp_path, words, capfd):
    assert main(["ratio", *words, "--only", "1e-03"]) == 0
    assert "every alpha/beta is 1000 times the paper's" in capfd.readouterr().out
    record = json.loads((tmp_path / "figures" / "ratio" / "1e-03.json").read_text(encoding="utf-8"))
    assert record["recipe"]["content_weight"] == 1.0 and record["recipe"]["style_weight"] == 1.0


def test_what_is_made_is_not_made_again(tmp_path, words, capfd):
    assert main(["content-layer", *words]) == 0
    folder = tmp_path / "figures" / "content-layer"
    before, _ = times(folder), capfd.readouterr()
    assert main(["content-layer", *words]) == 0
    assert not made(capfd) and times(folder) == before
    (folder / "relu4_2.json").unlink()
    assert main(["content-layer", *words]) == 0
    (line,) = made(capfd)
    assert line.startswith("1/1 content-layer: content relu4_2")


@pytest.mark.parametrize("change", [["--iterations", "3"], ["--size", "24"], "style", "weights"])
def test_a_changed_setting_makes_anew(tmp_path, words, capfd, change):
    assert main(["photorealistic", *words]) == 0
    capfd.readouterr()
    if change == "style":
        os.replace(tmp_path / "content.png", tmp_path / "style.png")
        words = [str(tmp_path / "style.png"), *words[1:]]
    elif change == "weights":
        from conftest import tiny_weights
        from vgg.matconvnet_writer import write

        write(tmp_path / "tiny.mat", tiny_weights(seed=3))
    assert main(["photorealistic", *words, *(change if isinstance(change, list) else [])]) == 0
    assert len(made(capfd)) == 1


def test_an_interrupted_figure_goes_on(tmp_path, words, capfd, monkeypatch):
    """Ctrl-C in the second cell: the first is kept, nothing of the second, and the next run makes the rest."""
    make_cell, calls = making.make_cell, []

    def make_one(workshop, cell, on_step):
        def stop(step):
            raise KeyboardInterrupt

        calls.append(cell.key)
        make_cell(workshop, cell, stop if len(calls) == 2 else on_step)

    monkeypatch.setattr(making, "make_cell", make_one)
    assert main(["ratio", *words]) == 130
    assert capfd.readouterr().err == "figures: stopped; what is finished is kept; the same command goes on from here\n"
    assert sorted(times(tmp_path / "figures" / "ratio")) == ["1e-04.json", "1e-04.png"]
    monkeypatch.setattr(making, "make_cell", make_cell)
    assert main(["ratio", *words]) == 0
    assert [line.split()[3] for line in made(capfd)] == ["1e-03", "1e-02", "1e-01"]


def test_only_makes_what_it_names_and_the_sheet_shows_what_is_there(tmp_path, words, capfd):
    assert main(["initialisation", *words, "--only", "noise-1,style"]) == 0
    assert len(made(capfd)) == 2
    first = read_image(tmp_path / "figures" / "initialisation.png")
    assert main(["initialisation", *words, "--only", "content"]) == 0
    assert len(made(capfd)) == 1
    assert read_image(tmp_path / "figures" / "initialisation.png").shape != first.shape, "now with three"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--only", "1e-03,1e-09"], "--only names '1e-09', expected cells of this figure: 1e-04, 1e-03, 1e-02, 1e-01"),
        (["--only", ""], "--only names ''"),
        (["--size", "8"], "--size is 8, expected 16 or more"),
        (["--iterations", "0"], "--iterations is 0, expected 1 or more"),
    ],
)
def test_refusals(tmp_path, words, capfd, arguments, expected):
    assert main(["ratio", *words, *arguments]) == 2
    err = capfd.readouterr().err
    assert err.startswith("figures: ") and expected in err and err.count("\n") == 1
    assert not (tmp_path / "figures").exists()
