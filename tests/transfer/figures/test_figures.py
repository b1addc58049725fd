"""`python -m transfer.figures`: which pictures it makes, goes on with and leaves alone, and what the sheets show."""

import json
import shutil
import signal

import cv2
import numpy as np
import pytest

from figures_command import files_in, made, record_of, small_run
from low_precision import needs_bfloat16
from transfer.apps.figures import run as figures_run
from transfer.apps.figures.cells import FIGURES
from transfer.cli import many
from transfer.figures import main
from vgg.tools.image import read_image


@pytest.fixture
def words(tmp_path, monkeypatch) -> list[str]:
    return small_run(tmp_path, monkeypatch)


def test_the_higher_the_ratio_the_nearer_to_the_content(tmp_path, words):
    assert main(["ratio", *words, "--iterations", "100"]) == 0
    runs = [record_of(tmp_path, "ratio", key) for key in ("1e-04", "1e-03", "1e-02", "1e-01")]
    contents = [run["steps"][-1]["content"] / run["recipe"]["content_weight"] for run in runs]
    assert contents == sorted(contents, reverse=True) and contents[0] > 5 * contents[-1]
    fell = [run["steps"][-1]["style"] / run["steps"][0]["style"] for run in runs]
    assert fell[0] < 1e-2 and fell[-1] > fell[0], "and the farther from the style"


@needs_bfloat16
def test_the_record_says_which_precision_but_a_new_measurement_makes_nothing_anew(tmp_path, words, capfd, monkeypatch):
    monkeypatch.setattr("transfer.apps.figures.run.fastest", lambda: "bfloat16")
    assert main(["photorealistic", *words]) == 0
    assert record_of(tmp_path, "photorealistic", "1e-02")["precision"] == "bfloat16"
    monkeypatch.setattr("transfer.apps.figures.run.fastest", lambda: "float32")
    capfd.readouterr()
    assert main(["photorealistic", *words]) == 0
    assert not made(capfd)


def test_the_record_says_how_far_a_reconstruction_is_from_the_content(tmp_path, words):
    """The content picture has 64 pixels, so at this size nothing is resized."""
    assert main(["reconstructions", *words, "--size", "64", "--only", "content-relu1_2,style-relu1_1"]) == 0
    picture = read_image(tmp_path / "figures" / "reconstructions" / "content-relu1_2.png").astype(float)
    off = picture - read_image(tmp_path / "content.png")
    found = record_of(tmp_path, "reconstructions", "content-relu1_2")["levels_off_content"]
    assert found == pytest.approx(np.linalg.norm(off) / off.size**0.5)
    assert "levels_off_content" not in record_of(tmp_path, "reconstructions", "style-relu1_1")


def test_an_interrupted_figure_goes_on(tmp_path, words, capfd, monkeypatch):
    """Ctrl-C in the second cell: the first is kept, nothing of the second, and the next run makes the rest."""

    def stop(self, name, number, loss):
        if name == "ratio: alpha/beta 1e-03":
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(many.Display, "on_step", stop)
        assert main(["ratio", *words]) == 130
    assert capfd.readouterr().err == "figures: stopped; what is finished is kept; the same command goes on from here\n"
    assert sorted(path.name for path in files_in(tmp_path / "figures")) == ["1e-04.json", "1e-04.png"]
    assert main(["ratio", *words]) == 0
    assert [line.split()[3] for line in made(capfd)] == ["1e-03:", "1e-02:", "1e-01:"]


def test_ctrl_c_inside_a_cell_goes_on_inside_it(tmp_path, words, monkeypatch):
    words = [*words, "--iterations", "6"]
    assert main(["ratio", *words]) == 0
    whole = {path.name: path.read_bytes() for path in files_in(tmp_path / "figures") if path.suffix == ".png"}
    shutil.rmtree(tmp_path / "figures")
    steps = []

    def note(self, name, number, loss):
        steps.append((name.split()[2], number))
        if len(steps) == 6 + 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(many.Display, "on_step", note)
    assert main(["ratio", *words]) == 130
    assert {path.name for path in files_in(tmp_path / "figures")} == {"1e-04.json", "1e-04.png", "1e-03.state.npz"}
    assert main(["ratio", *words]) == 0
    assert steps[8:10] == [("1e-03", 3), ("1e-03", 4)] and len(steps) == 4 * 6
    assert {path.name: path.read_bytes() for path in files_in(tmp_path / "figures") if path.suffix == ".png"} == whole
    assert not list((tmp_path / "figures").rglob("*.npz"))


def test_only_makes_what_it_names_and_the_sheet_shows_what_is_there(tmp_path, words, capfd):
    assert main(["initialisation", *words, "--only", " noise-1, style "]) == 0
    assert len(made(capfd)) == 2
    first = read_image(tmp_path / "figures" / "initialisation.png")
    assert main(["initialisation", *words, "--only", "content"]) == 0
    assert len(made(capfd)) == 1
    assert read_image(tmp_path / "figures" / "initialisation.png").shape != first.shape, "now with three"


def test_a_sheet_of_some_cells_keeps_the_rows_of_the_figure(tmp_path, words):
    """Content leads the upper row of Fig. 1 and style the lower one; columns without a cell are left out."""
    assert main(["reconstructions", *words, "--only", "content-relu3_2,style-relu3_1"]) == 0
    folder = tmp_path / "figures"
    sheet = read_image(folder / "reconstructions.png")
    inputs = [read_image(tmp_path / "content.png"), read_image(tmp_path / "style.png")]
    cells = [read_image(folder / "reconstructions" / f"{key}.png") for key in ("content-relu3_2", "style-relu3_1")]
    centres = [centre_on(sheet, picture) for picture in (*inputs, *cells)]
    (content_x, content_y), (style_x, style_y), (upper_x, upper_y), (lower_x, lower_y) = centres
    assert content_x == pytest.approx(style_x, abs=2) and upper_x == pytest.approx(lower_x, abs=2)
    assert content_y == upper_y < style_y == lower_y and content_x < upper_x < sheet.shape[1] < 2 * upper_x


def centre_on(sheet: np.ndarray, picture: np.ndarray) -> tuple[float, float]:
    """The place (x, y) of the sheet's row height where the picture is found."""
    width = round(picture.shape[1] * figures_run.ROW_HEIGHT / picture.shape[0])
    scaled = cv2.resize(picture, (width, figures_run.ROW_HEIGHT), interpolation=cv2.INTER_CUBIC)
    *_, (left, top) = cv2.minMaxLoc(cv2.matchTemplate(sheet, scaled, cv2.TM_CCOEFF_NORMED))
    return left + width / 2, top


def test_cells_are_made_within_the_memory_there_is(words, monkeypatch):
    """The session is told what may be used; whether it keeps to it is a matter of its own tests."""
    told, make = [], figures_run.Session

    def note(weights, memory_bytes, *more):
        told.append(memory_bytes)
        return make(weights, memory_bytes, *more)

    monkeypatch.setattr(figures_run, "Session", note)
    monkeypatch.setattr(figures_run, "usable_bytes", lambda: 12345e6)
    assert main(["content-layer", *words]) == 0
    assert told == [12345e6]


def test_help_has_the_steps_that_the_cells_have(capsys):
    for name in (*FIGURES, "all"):
        with pytest.raises(SystemExit):
            main([name, "--help"])
        figures = FIGURES.values() if name == "all" else [FIGURES[name]]
        steps = {cell.recipe.iterations for figure in figures for cell in figure.cells}
        text = " ".join(capsys.readouterr().out.split())
        _, _, after = text.partition("steps for each cell (default: ")
        assert {int(word) for word in after.partition(",")[0].split(" or ")} == steps


def test_records_are_json_that_trade_off_reads(tmp_path, words):
    assert main(["photorealistic", *words, "--iterations", "4"]) == 0
    path = tmp_path / "figures" / "photorealistic" / "1e-02.json"
    assert len(json.loads(path.read_text(encoding="utf-8"))["steps"]) == 4
    assert main(["trade-off", str(path)]) == 0
