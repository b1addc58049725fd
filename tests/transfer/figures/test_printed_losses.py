"""`python -m transfer.figures printed-losses`: our losses by a second network, and what stands beside them."""

import numpy as np
import pytest

import second_systems
from figures_command import refused
from image_files import png_of
from numpy_network import matrices
from tiny_network import MEAN_RGB, tiny_weights
from transfer.apps.figures import printed_losses
from transfer.figures import main
from vgg.matfile.write import write

TERMS = ["style relu1_1", "style relu2_1", "style relu3_1", "style relu4_1", "style relu5_1", "content relu4_2"]

#: Measured on the genuine lower half, for neural-style's own pair: ours, and its difference from what was printed.
MEASURED = {
    "style relu1_1": (30209, "+0.63 %", "+1.06 %"),
    "style relu2_1": (700176, "-0.02 %", "+6.40 %"),
    "style relu3_1": (151853, "-0.77 %", "+4.52 %"),
}


def blocks(height: int) -> np.ndarray:
    """Already as wide as neural-style wants it, and low, which is quick: (height, 512, 3) uint8."""
    colours = np.random.default_rng(height).integers(0, 256, (height // 4, 128, 3), dtype=np.uint8)
    return np.kron(colours, np.ones((4, 4, 1), np.uint8))


PICTURES = {"content": blocks(40), "style": blocks(36)}


@pytest.fixture
def words(tmp_path) -> list[str]:
    for name, picture in PICTURES.items():
        (tmp_path / f"{name}.png").write_bytes(png_of(picture))
    write(tmp_path / "tiny.mat", tiny_weights())
    (tmp_path / "notes.txt").write_text("Buy milk\n")
    return [str(tmp_path / "content.png"), str(tmp_path / "style.png"), "--weights", str(tmp_path / "tiny.mat")]


def table(text: str) -> dict[str, list[str]]:
    """{term: the other cells of its row}."""
    lines = [line for line in text.splitlines() if line.startswith(("style relu", "content relu"))]
    return {line[:15].strip(): line[15:].replace(" %", "%").split(maxsplit=5) for line in lines}


def test_ours_is_what_a_second_network_computes_for_a_grey_image(tmp_path, words, capfd):
    """The noise of the start has 0.001 levels, which is next to nothing."""
    assert main(["printed-losses", *words]) == 0
    rows = table(capfd.readouterr().out)
    assert list(rows) == TERMS
    grey = np.full((40, 512, 3), MEAN_RGB / 256 * 255)
    f, p, s = (matrices(tiny_weights(), image, "max", {}, white=256) for image in (grey, *PICTURES.values()))
    expected = second_systems.neural_style(f, p, s, grey)
    ours = [float(cells[0].replace(",", "")) for cells in rows.values()]
    np.testing.assert_allclose(ours, [*expected.styles, *expected.contents], rtol=5e-4)  # whole numbers are shown


def test_printed_values_and_what_they_belong_to(words, capfd):
    assert main(["printed-losses", *words]) == 0
    text = capfd.readouterr().out
    assert [cells[1] for cells in table(text).values()] == [
        "30,021", "700,350", "153,033", "12,404,635", "656.86", "2,091,179"
    ]  # fmt: skip
    assert [cells[3] for cells in table(text).values()] == [
        "29,891", "658,039", "145,284", "11,347,409", "563.37", "1,616,196"
    ]  # fmt: skip
    assert [cells[5] for cells in table(text).values()] == ["not genuine"] * 6
    last = text.splitlines()[-1]
    for part in ("tubingen.jpg × seated-nude.jpg", "ImageNet's VGG-19", "512 pixels", "max pooling", "cannot agree"):
        assert part in last


def test_differences_in_percent():
    losses = dict.fromkeys(TERMS, 1.0) | {term: ours for term, (ours, *_) in MEASURED.items()}
    rows = {row[0]: row for row in printed_losses.rows(losses, ())}
    for term, (_, *differences) in MEASURED.items():
        assert [rows[term][3], rows[term][5]] == differences


@pytest.mark.parametrize(
    "genuine, expected",
    [
        (["conv1_1"], 1),
        (["conv1_1", "conv2_1"], 1),  # conv1_2 is missing below conv2_1
        (["conv1_1", "conv1_2", "conv2_1"], 2),
    ],
)
def test_a_layer_is_genuine_only_if_all_below_it_are(words, capfd, monkeypatch, genuine, expected):
    monkeypatch.setattr(printed_losses, "published_layers", lambda weights: genuine)
    assert main(["printed-losses", *words]) == 0
    found = [cells[5] for cells in table(capfd.readouterr().out).values()]
    assert found == ["genuine"] * expected + ["not genuine"] * (6 - expected)


REFUSED = {
    "text as content": (0, "notes.txt", "is a text file"),
    "text as style": (1, "notes.txt", "is a text file"),
    "missing weights": (3, "none.mat", "does not exist"),
    "text as weights": (3, "notes.txt", "a text file beginning 'Buy milk'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_before_anything_slow(tmp_path, words, capfd, monkeypatch, case):
    def slow(*_):
        raise AssertionError("this should have been refused before")

    monkeypatch.setattr("transfer.apps.figures.command_line.start_tensorflow", slow)
    place, name, expected = REFUSED[case]
    words[place] = str(tmp_path / name)
    assert expected in refused(["printed-losses", *words], capfd, tmp_path)


def test_too_little_memory(tmp_path, words, capfd, monkeypatch):
    monkeypatch.setattr(printed_losses, "usable_bytes", lambda: 1e8)
    line = refused(["printed-losses", *words], capfd, tmp_path)
    assert line.endswith("but only 0.10 GB may be used; close other programs\n")
