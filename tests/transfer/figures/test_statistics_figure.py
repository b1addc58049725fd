"""`python -m transfer.figures statistics`: three rows of pictures, and a table in the units of every statistic."""

import csv

import pytest

from figures_command import main
from transfer.apps.figures.statistics import STATISTICS, equal_steps, equal_time, own_recipes, seconds_of_steps
from transfer.other_programs import RECIPES
from vgg.tools.image import read_image


def test_equally_long_means_fewer_steps_for_what_takes_longer():
    cells = equal_steps(64, 30)
    assert [cell.recipe.style_statistic for cell in cells] == list(STATISTICS) and STATISTICS[0] == "gram"
    seconds = [10.0, 20.0, 40.0, 600.0][: len(cells)]
    assert [cell.recipe.iterations for cell in equal_time(cells, seconds)] == [30, 15, 8, 1][: len(cells)]
    assert {cell.recipe.size for cell in cells} == {64}


def test_seconds_leave_out_the_first_step_at_each_size():
    steps = [{"size": size, "seconds": time} for size, time in ((64, 5), (64, 6), (64, 8), (128, 30), (128, 33))]
    assert seconds_of_steps(steps) == 1 + 2 + 3


def test_the_programs_own_recipes_are_shown():
    expected = {name for name, recipe in RECIPES.items() if recipe.style_statistic != "gram"}
    assert {cell.key for cell in own_recipes(64, None)} == expected and "crowsonkb" in expected


@pytest.fixture
def few(monkeypatch):
    """One statistic more than the Gram matrix, and no recipes: these are tested by themselves."""
    import transfer.apps.figures.statistics as module

    monkeypatch.setattr(module, "STATISTICS", ("gram", "moments"))
    monkeypatch.setattr(module, "RECIPES", {})
    monkeypatch.setattr(module, "fastest", lambda: "float32")


def test_sheet_and_table_are_written_once(few, tmp_path, capsys, mat_file):
    words = ["statistics", "sample", "sample", "--size", "32", "--iterations", "3", "--weights", str(mat_file)]
    words += ["-o", str(tmp_path / "out")]
    assert main(words) == 0
    rows = list(csv.DictReader((tmp_path / "out" / "statistics.csv").open()))
    assert [row["picture"] for row in rows] == ["gram-steps", "moments-steps", "gram-time", "moments-time"]
    for row in rows[:2]:
        assert 0 < float(row["style, gram"]) < 1 and 0 < float(row["style, moments"]) < 1  # 1 where the run began
    sheet = tmp_path / "out" / "statistics.png"
    assert read_image(sheet).shape[1] > 400
    capsys.readouterr()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "statistics").iterdir()}
    assert main(words) == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "statistics").iterdir()} == before
