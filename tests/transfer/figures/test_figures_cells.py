"""Each figure's cells as the paper describes them, from what a run records; and that its sheet shows them all.

The settings are written by hand from the paper's captions, not imported from `transfer`.
"""

import re
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest

from figures_command import made, record_of, small_run
from transfer.apps.figures.cells import FIGURES
from transfer.apps.figures.run import ROW_HEIGHT
from transfer.figures import main
from vgg.tools.image import read_image

STYLES = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]

#: Figure: cell: content layer, number of style layers, α/β (α alone, β alone), seed, start.
PAPER = {
    "reconstructions": {
        "content-relu1_2": ("relu1_2", 0, "content", 0, "noise"),
        "content-relu2_2": ("relu2_2", 0, "content", 0, "noise"),
        "content-relu3_2": ("relu3_2", 0, "content", 0, "noise"),
        "content-relu4_2": ("relu4_2", 0, "content", 0, "noise"),
        "content-relu5_2": ("relu5_2", 0, "content", 0, "noise"),
        "style-relu1_1": (None, 1, "style", 0, "noise"),
        "style-relu2_1": (None, 2, "style", 0, "noise"),
        "style-relu3_1": (None, 3, "style", 0, "noise"),
        "style-relu4_1": (None, 4, "style", 0, "noise"),
        "style-relu5_1": (None, 5, "style", 0, "noise"),
    },
    "ratio": {
        "1e-04": ("relu4_2", 5, 1e-4, 0, "noise"),
        "1e-03": ("relu4_2", 5, 1e-3, 0, "noise"),
        "1e-02": ("relu4_2", 5, 1e-2, 0, "noise"),
        "1e-01": ("relu4_2", 5, 1e-1, 0, "noise"),
    },
    "content-layer": {
        "relu2_2": ("relu2_2", 5, 1e-3, 0, "noise"),
        "relu4_2": ("relu4_2", 5, 1e-3, 0, "noise"),
    },
    "initialisation": {
        "content": ("relu4_2", 5, 1e-3, 0, "content"),
        "style": ("relu4_2", 5, 1e-3, 0, "style"),
        "noise-0": ("relu4_2", 5, 1e-3, 0, "noise"),
        "noise-1": ("relu4_2", 5, 1e-3, 1, "noise"),
        "noise-2": ("relu4_2", 5, 1e-3, 2, "noise"),
        "noise-3": ("relu4_2", 5, 1e-3, 3, "noise"),
    },
    "photorealistic": {"1e-02": ("relu4_2", 5, 1e-2, 0, "content")},
    "grid": {
        f"relu{rows}_1-1e-0{power}": ("relu4_2", rows, 10.0**-power, 0, "noise")
        for rows, power in product((1, 2, 3, 4, 5), (5, 4, 3, 2))
    },
}


@pytest.fixture
def words(tmp_path, monkeypatch) -> list[str]:
    return small_run(tmp_path, monkeypatch)


def test_every_cell_of_every_figure_is_the_papers():
    for name, figure in FIGURES.items():
        assert [cell.key for cell in figure.cells] == list(PAPER[name])
        for cell in figure.cells:
            content, depth, _, seed, start = PAPER[name][cell.key]
            recipe = cell.recipe
            assert [layer for layer, _ in recipe.content_layers] == ([content] if content else [])
            assert [layer for layer, _ in recipe.style_layers] == STYLES[:depth]
            assert (recipe.normalized_network, cell.seed, recipe.init) == (False, seed, start)
    assert list(FIGURES) == list(PAPER)


#: Of the large figures, the cells that are made here: enough for two rows and two columns.
MADE = {
    "reconstructions": ("content-relu1_2", "content-relu4_2", "style-relu1_1", "style-relu4_1"),
    "initialisation": ("content", "style", "noise-0", "noise-1"),
    "grid": ("relu1_1-1e-05", "relu1_1-1e-02", "relu3_1-1e-05", "relu3_1-1e-02"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_its_cells_and_a_sheet(tmp_path, words, capfd, name):
    keys = MADE.get(name, tuple(PAPER[name]))
    # The tiny network's deepest styles weigh so little that after 8 steps their pictures are still the same.
    assert main([name, *words, "--iterations", "20", "--only", ",".join(keys)]) == 0
    lines = made(capfd)
    assert len(lines) == len(keys)
    for key, line in zip(keys, lines, strict=True):
        # The label is that on the sheet: it has the ratio of the file's name.
        label = line.partition(": loss")[0]
        assert re.findall(r"\de-\d\d", label) == re.findall(r"\de-\d\d", key)
    folder = tmp_path / "figures"
    expected = {f"{key}{end}" for key in keys for end in (".png", ".json")}
    assert {path.name for path in (folder / name).iterdir()} == expected
    for key in keys:
        check_record(tmp_path, name, key, *PAPER[name][key])
    pictures = [read_image(folder / name / f"{key}.png") for key in keys]
    assert all(picture.shape == (24, 32, 3) for picture in pictures)
    for i, picture in enumerate(pictures):
        assert all((picture != other).any() for other in pictures[:i]), "each cell is another picture"
    sheet = read_image(folder / f"{name}.png")
    for picture in (*pictures, read_image(tmp_path / "content.png")):
        assert best_match(sheet, picture) > 0.95, "and is seen on the sheet"


def check_record(
    folder: Path, figure: str, key: str, content: str | None, depth: int, ratio: float | str,
    seed: int, start: str,
) -> None:  # fmt: skip
    """What the record of a cell must say."""
    record = record_of(folder, figure, key)
    recipe = record["recipe"]
    assert recipe["content_layers"] == ([[content, 1.0]] if content else [])
    assert recipe["style_layers"] == [[layer, pytest.approx(1 / depth)] for layer in STYLES[:depth]]
    assert not recipe["normalized_network"] and recipe["pooling"] == "avg"
    weights = recipe["content_weight"], recipe["style_weight"]
    # The pictures are 32 pixels wide and the paper's 512, so they have 1/256 of its pixels, and of its content loss.
    expected = {"content": (1.0, 0.0), "style": (0.0, 1.0)}.get(ratio) or (256 * ratio, 1.0)
    assert weights == pytest.approx(expected)
    assert record["seed"] == seed and recipe["init"] == start
    assert recipe["noise"] == {"kind": "normal", "level": 1.0} and recipe["noise_share"] == 0
    assert recipe["tv_weight"] == 0 and recipe["scales"] == []


def best_match(sheet: np.ndarray, picture: np.ndarray) -> float:
    """The highest correlation of the picture, at the sheet's scale, with any place on it."""
    width = round(picture.shape[1] * ROW_HEIGHT / picture.shape[0])
    scaled = cv2.resize(picture, (width, ROW_HEIGHT), interpolation=cv2.INTER_CUBIC)
    return float(cv2.matchTemplate(sheet, scaled, cv2.TM_CCOEFF_NORMED).max())
