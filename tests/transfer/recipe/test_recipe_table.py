"""`python -m transfer --list-recipes`: a row for each recipe in each of its tables; nothing heavy is loaded."""

import os
import re
import subprocess
import sys

import pytest

from transfer.cli.recipe_table import recipe_table
from transfer.other_programs import RECIPES
from transfer.recipes import MEAN_OVER_MAPS, PRINTED_STYLE, RELATIVE_TO_REFERENCE, LossScale, Variation
from transfer_command import ROOT


@pytest.fixture(scope="module")
def listed() -> list[str]:
    """What the process prints, by line; its last line is its exit code and which of these modules it has loaded."""
    program = (
        "import sys; from transfer.__main__ import main; code = main(['--list-recipes'])\n"
        "print(code, {'tensorflow', 'numpy', 'scipy', 'cv2', 'rich'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_nothing_heavy_is_loaded(listed):
    assert listed[-1] == "0 set()"


def tables(lines: list[str]) -> list[list[str]]:
    """The lines of each of the tables, its headings first; the legend stands below the last of them."""
    *found, _ = "\n".join(lines).split("\n\n")
    return [table.splitlines() for table in found]


def test_every_recipe_has_a_row_in_each_table_and_no_line_is_wider_than_a_terminal(listed):
    for table in tables(listed):
        assert [re.split(r"\s{2,}", line)[0] for line in table[1:]] == list(RECIPES)
    assert max(map(len, listed)) <= 100


def test_columns_stand_below_their_headings(listed):
    for headings, *rows in tables(listed):
        starts = [match.start() for match in re.finditer(r"(?<=\s\s)\S|^\S", headings)]
        assert len(starts) in (3, 4)
        for line in rows:
            assert all(line[start] != " " and line[max(start - 1, 0)] in (" ", line[0]) for start in starts)


#: Cell by cell, from each system's own settings.
CELLS = {
    "coursera": [
        "10 · 0.25 Σ N^-1 M^-1", "relu4_2", "40 · 0.25 Σ N^-2", "relu1_1…relu5_1, 5 × 0.2", "-",
        "plain, avg", "content + 60% noise", "Adam 2, 200", "400", "stretched",
    ],
    "pytorch-tutorial": [
        "1 · Σ N^-1 M^-1", "conv2_2", "1e+06 · Σ N^-2 (N^-1)", "conv1_1…conv3_1, 5 × 1", "-",
        "normalised, max, down", "content", "L-BFGS, unit steps, 300", "512 short+", "stretched",
    ],
    "neural-style": [
        "5 · Σ N^-1 M^-1", "relu4_2", "100 · Σ N^-2 (N^-1)", "relu1_1…relu5_1, 5 × 1", "0.001 · 0.504 Σ|d'|^2",
        "plain, max, white 256", "noise", "L-BFGS, unit steps, 1000", "512+", "own",
    ],
    "anishathalye": [
        "5 · Σ N^-1 M^-1", "relu4_2", "500 · Σ N^-2 (N^-1)", "relu1_1…relu5_1, 5 × 0.2", "100 · Σ|d|^2 n^-1",
        "plain, max", "noise", "Adam 10, 1000", "512", "as wide",
    ],
    "tensorflow-tutorial": [
        "10000 · Σ N^-1 M^-1", "relu5_2", "0.01 · Σ N^-2", "relu1_1…relu5_1, 5 × 0.2", "30 · 0.00392 Σ|d|^1",
        "plain, max, down", "content", "Adam 5.1, β₁ 0.99, ε 0.00039, 1000", "512+", "own",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_cells(name):
    rows = [table[1] for table in tables(recipe_table([RECIPES[name]]))]
    cells = [re.split(r"\s{2,}", row) for row in rows]
    assert {first for first, *_ in cells} == {name}
    assert [cell for _, *rest in cells for cell in rest] == CELLS[name]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MEAN_OVER_MAPS, "Σ N^-1 M^-1"),
        (PRINTED_STYLE, "0.25 Σ N^-2"),
        (LossScale(factor=1e-3, positions=-0.5, target=-1), "0.001 Σ M^-0.5 S^-1"),
        (RELATIVE_TO_REFERENCE, "Σ D^-1"),
        (LossScale(channels=-1, target=0.5, distance=-0.25), "Σ N^-1 S^0.5 D^-0.25"),
        (LossScale(), "Σ"),
        (Variation(), "Σ|d|^2 n^-1"),
        (Variation(power=1, count=0, factor=1 / 255), "0.00392 Σ|d|^1"),
        (Variation(count=0, last_row_and_column=False), "Σ|d'|^2"),
    ],
)
def test_factors_as_text(value, text):
    assert str(value) == text


def test_every_letter_of_the_rows_is_explained(listed):
    """N, M, S and D with a power, in any recipe; and the words."""
    letters = set(re.findall(r"\b([A-Z])\^", "\n".join(line for table in tables(listed) for line in table)))
    legend = "\n".join(listed).split("\n\n")[-1]
    assert "D" in letters and all(re.search(rf"\b{letter}\b (channels|positions|is Σ)", legend) for letter in letters)
    for word in ("down", "white 256", "short", "+", "own", "stretched", "as wide", "d'"):
        assert f"{word}:" in legend or f"({word})" in legend, word
