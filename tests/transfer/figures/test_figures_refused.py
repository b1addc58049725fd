"""What `python -m transfer.figures` cannot use ends in exit code 2 and one line, and changes no file."""

import pytest

from figures_command import refused, small_run
from transfer.figures import main

#: A cell takes two steps, and compiling its loss longer than these.
pytestmark = pytest.mark.usefixtures("without_compiling")


@pytest.fixture
def words(tmp_path, monkeypatch) -> list[str]:
    (tmp_path / "notes.txt").write_text("Buy milk\n")
    return small_run(tmp_path, monkeypatch)


@pytest.fixture
def nothing_slow(monkeypatch) -> None:
    """TensorFlow may not start, and no weights be read."""

    def slow(*_):
        raise AssertionError("this should have been refused before")

    monkeypatch.setattr("transfer.apps.figures.command_line.start_tensorflow", slow)
    monkeypatch.setattr("weights.load.load_weights", slow)


OPTIONS = {
    "unknown cell": (["--only", "1e-03,1e-09"], "--only names '1e-09', expected cells of this figure: 1e-04, 1e-03"),
    "no cell": (["--only", ""], "--only names ''"),
    "small": (["--size", "8"], "'8' found, expected a whole number of 16 or more"),
    "no steps": (["--iterations", "0"], "'0' found, expected a whole number of 1 or more"),
    "empty output": (["-o", ""], "--output is '', expected a folder"),
    "file as output": (["-o", "{}/notes.txt"], "notes.txt (Not a directory)"),
    "missing weights": (["--weights", "{}/none.mat"], "does not exist"),
    "text as weights": (["--weights", "{}/notes.txt"], "a text file beginning 'Buy milk'"),
    "unknown option": (["--colour"], "unrecognized arguments: --colour"),
    "no number": (["--size", "big"], "'big' found, expected a whole number of 16 or more"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_bad_option(tmp_path, words, capfd, monkeypatch, nothing_slow, case):
    monkeypatch.chdir(tmp_path)
    more, expected = OPTIONS[case]
    assert expected in refused(["ratio", *words, *(word.format(tmp_path) for word in more)], capfd, tmp_path)


def test_unknown_figure(tmp_path, capfd):
    assert "invalid choice: 'fig4'" in refused(["fig4"], capfd, tmp_path)


@pytest.mark.parametrize("place", [0, 1], ids=["content", "style"])
def test_bad_pictures_are_refused_before_anything_slow(tmp_path, words, capfd, nothing_slow, place):
    words[place] = str(tmp_path / "notes.txt")
    assert "notes.txt is a text file" in refused(["ratio", *words], capfd, tmp_path)


@pytest.mark.parametrize("place", [0, 1], ids=["content", "style"])
@pytest.mark.parametrize("own", ["ratio/1e-03.png", "ratio.png"])
def test_no_figure_overwrites_its_own_input(tmp_path, words, capfd, nothing_slow, monkeypatch, place, own):
    path = tmp_path / "figures" / own
    path.parent.mkdir(parents=True)
    path.write_bytes((tmp_path / "content.png").read_bytes())
    monkeypatch.chdir(tmp_path)
    words[place] = f"figures/{own}"
    expected = f"{own} is also an input, which it would overwrite"
    assert expected in refused(["ratio", *words, "--only", "1e-03"], capfd, tmp_path)
    assert expected in refused(["all", *words], capfd, tmp_path)


def test_a_cell_that_is_not_made_may_be_an_input(tmp_path, words):
    assert main(["ratio", *words, "--only", "1e-03"]) == 0
    made = tmp_path / "figures" / "ratio" / "1e-03.png"
    before = made.read_bytes()
    assert main(["ratio", str(made), *words[1:], "--only", "1e-02"]) == 0
    assert made.read_bytes() == before


@pytest.mark.parametrize("content", ['{"name": "of somebody else"}', "[]", "5", "no JSON"])
def test_no_figure_overwrites_somebody_elses_json(tmp_path, words, capfd, nothing_slow, content):
    record = tmp_path / "figures" / "ratio" / "1e-01.json"
    record.parent.mkdir(parents=True)
    record.write_text(content)
    assert "1e-01.json was not written by this program and would be overwritten" in refused(
        ["ratio", *words], capfd, tmp_path
    )


def test_too_little_memory_is_said_before_the_first_cell(tmp_path, words, capfd, monkeypatch):
    monkeypatch.setattr("transfer.apps.figures.run.usable_bytes", lambda: 1e8)
    line = refused(["ratio", *words], capfd, tmp_path)
    assert "but only 0.10 GB may be used; choose a smaller --size" in line and "--max-memory" not in line
