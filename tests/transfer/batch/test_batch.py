"""A batch: the bytes of single runs, only what is missing, and what becomes of failures and interruptions."""

import shutil
import signal
from importlib.util import find_spec

import numpy as np
import pytest

from batch_command import NAMES, pictures, prepare, record, refused, rows
from transfer import targets
from transfer.__main__ import main as transfer
from transfer.batch import main
from transfer.cli import many, run
from transfer.objective import WholeEvaluation
from vgg.errors import InputError
from vgg.tools.image import read_image


@pytest.fixture
def words(tmp_path) -> list[str]:
    return prepare(tmp_path)


@pytest.fixture
def quiet(words) -> list[str]:
    return [*words, "--quiet"]


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """The name of each picture that is made, and how many steps it took."""
    names = []
    make = many.make_picture

    def note(session, job, place, *more):
        made = make(session, job, place, *more)
        names.append(place.outputs.picture.stem)
        return made

    monkeypatch.setattr(many, "make_picture", note)
    return names


CHOICES = {
    "plain": [],
    "controls": ["--strength", "0.8", "--colors", "luminance", "--style", "MORE", "--depth", "16", "--full-size"],
    "others": ["--crop", "square", "--recipe", "coursera", "--size", "40", "--iterations", "3", "--sheet"],
}


@pytest.mark.parametrize("name", CHOICES)
def test_the_bytes_of_single_runs(tmp_path, quiet, name):
    more = [str(tmp_path / "in" / "style_y.png") if word == "MORE" else word for word in CHOICES[name]]
    assert main([*quiet, *more]) == 0
    found = pictures(tmp_path)
    assert sorted(found) == sorted(NAMES)
    for pair in NAMES:
        content, style = pair.split("-")
        inputs = [str(tmp_path / "in" / f"{kind}.png") for kind in (f"content_{content}", f"style_{style}")]
        alone = tmp_path / "alone.png"
        assert transfer([*inputs, "-o", str(alone), "--overwrite", *quiet[3:], *more]) == 0
        assert alone.read_bytes() == found[pair]


def test_its_records_can_be_repeated(tmp_path, quiet):
    assert main(quiet) == 0
    words = ["--from", str(tmp_path / "out" / "a-y.json"), "-o", str(tmp_path / "again.png"), "--exact", "--quiet"]
    assert transfer(words) == 0
    assert (tmp_path / "again.png").read_bytes() == pictures(tmp_path)["a-y"]


def test_losses_are_compiled_once_and_styles_looked_at_once(tmp_path, quiet, monkeypatch):
    compiled, looked_at = [], []
    compute, grams = WholeEvaluation._losses_and_gradient, targets.grams
    monkeypatch.setattr(
        WholeEvaluation, "_losses_and_gradient", lambda *arguments: compiled.append(1) or compute(*arguments)
    )

    def note(maps_of, image, terms, guides):
        looked_at.append(image.tobytes())
        return grams(maps_of, image, terms, guides)

    monkeypatch.setattr(targets, "grams", note)
    # A layer that no other test here has: so nothing is compiled or known already.
    assert main([*quiet, "--style-layers", "relu1_1,relu2_2"]) == 0
    assert len(compiled) == 1
    # Each content is looked at for each of its two styles; each style only once in all.
    assert sorted(looked_at.count(image) for image in set(looked_at)) == [1, 1, 2, 2]


def test_only_what_is_missing_or_changed_is_made(tmp_path, quiet, made):
    def again(*more):
        made.clear()
        assert main([*quiet, "--overwrite", *more]) == 0
        return sorted(made)

    assert again() == sorted(NAMES) and again() == []
    (tmp_path / "out" / "a-y.png").unlink()
    (tmp_path / "out" / "b-x.json").unlink()
    assert again() == ["a-y", "b-x"]
    shutil.copy(tmp_path / "out" / "a-x.png", tmp_path / "out" / "b-y.png")
    assert again() == ["b-y"], "its picture is not the one of its record"
    shutil.copy(tmp_path / "in" / "content_a.png", tmp_path / "in" / "style_y.png")
    assert again() == ["a-y", "b-y"], "another style under the old name"
    assert again("--seed", "3") == sorted(NAMES)
    assert again("--iterations", "3") == sorted(NAMES)
    assert again("--iterations", "3") == []
    shutil.copytree(tmp_path / "in", tmp_path / "moved")
    quiet[0] = str(tmp_path / "moved")
    assert again("--iterations", "3") == [], "the same files at another place"


def test_table_and_sheet(tmp_path, quiet):
    assert main(quiet) == 0
    table = rows(tmp_path)
    assert [row["file"] for row in table] == [f"{name}.png" for name in NAMES]
    for row, name in zip(table, NAMES, strict=True):
        losses = record(tmp_path, name)["losses"]
        for column, loss in (("total", "total"), ("content loss", "content"), ("style loss", "style")):
            assert float(row[column]) == pytest.approx(losses[loss], rel=1e-4)
        assert row["steps"] == "4" and not row["problem"] and float(row["seconds"]) > 0
    sheet = read_image(tmp_path / "out" / "batch-sheet.png").astype(float)
    # Two columns and two rows of results: each is somewhere in its quarter, at its size on the sheet.
    height, width = sheet.shape[:2]
    for name, top, left in zip(NAMES, (1, 1, 2, 2), (1, 2, 1, 2), strict=True):
        part = sheet[top * height // 3 : (top + 1) * height // 3, left * width // 3 : (left + 1) * width // 3]
        inside = part[40:-60, 40:-40].reshape(-1, 3).mean(axis=0)
        assert np.abs(inside - read_image(tmp_path / "out" / f"{name}.png").mean(axis=(0, 1))).max() < 25


def test_a_bad_file_is_one_line_and_the_rest_goes_on(tmp_path, quiet, capfd):
    (tmp_path / "in" / "content_b.png").write_text("no picture")
    assert main(quiet) == 3
    first, last = capfd.readouterr().err.splitlines()
    assert first.startswith("batch: ") and "content_b.png is a text file" in first
    assert last == "batch: 2 of 4 pictures could not be made, see batch.csv"
    assert sorted(pictures(tmp_path)) == ["a-x", "a-y"]
    assert [bool(row["problem"]) for row in rows(tmp_path)] == [False, False, True, True]


def test_a_bad_style_too(tmp_path, quiet, capfd):
    (tmp_path / "in" / "style_x.png").write_bytes(b"")
    assert main(quiet) == 3
    assert "style_x.png is empty" in capfd.readouterr().err
    assert sorted(pictures(tmp_path)) == ["a-y", "b-y"]


def test_ctrl_c_keeps_what_is_finished_and_goes_on_inside_the_picture(tmp_path, quiet, capfd, monkeypatch, made):
    assert main(quiet) == 0
    whole = pictures(tmp_path)
    shutil.rmtree(tmp_path / "out")
    made.clear()
    seen = []

    def stop(self, name, number, losses):
        seen.append((name, number))
        if (name, number) == ("a-y", 2):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(many.Display, "on_step", stop)
    capfd.readouterr()
    assert main([*quiet, "--checkpoint-every", "100"]) == 130
    *_, last = capfd.readouterr().err.splitlines()
    assert last == "batch: stopped; what is finished is kept; the same command goes on from here"
    assert made == ["a-x"] and [row["file"] for row in rows(tmp_path)] == ["a-x.png"]
    assert (tmp_path / "out" / "a-y.state.npz").exists()
    seen.clear()
    monkeypatch.setattr(many.Display, "on_step", lambda self, name, number, losses: seen.append((name, number)))
    assert main(quiet) == 0
    assert pictures(tmp_path) == whole
    assert seen[:2] == [("a-y", 3), ("a-y", 4)]
    assert not list((tmp_path / "out").glob("*.npz"))


class Killed(BaseException):
    """What stands for a kill -9 inside this process: nothing of ours catches it."""


def test_killed_the_end_is_the_same(tmp_path, quiet, monkeypatch):
    quiet += ["--checkpoint-every", "1"]
    assert main(quiet) == 0
    whole = pictures(tmp_path)
    shutil.rmtree(tmp_path / "out")

    def kill(self, name, number, losses):
        if (name, number) == ("a-y", 3):
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(many.Display, "on_step", kill)
        main(quiet)
    assert (tmp_path / "out" / "a-y.state.npz").exists()
    assert main(quiet) == 0
    assert pictures(tmp_path) == whole
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{name}.{ending}" for name in NAMES for ending in ("png", "json")} | {
        "batch.csv",
        "batch-sheet.png",
    }


def test_a_full_disk_ends_it_in_one_line_and_loses_nothing(tmp_path, quiet, capfd, monkeypatch):
    written = []
    write = run.write_image

    def fill(path, *more):
        if len(written) == 2:
            raise InputError(f"{path} cannot be written (No space left on device); free some space")
        written.append(path.stem)
        return write(path, *more)

    monkeypatch.setattr(run, "write_image", fill)
    assert main(quiet) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "No space left on device" in line and "what is finished is kept" in line
    assert sorted(pictures(tmp_path)) == ["a-x", "a-y"]
    monkeypatch.setattr(run, "write_image", write)
    assert main(quiet) == 0 and sorted(pictures(tmp_path)) == sorted(NAMES)


@pytest.mark.usefixtures("without_compiling")
def test_page_logs_series_and_other_units(tmp_path, quiet):
    (tmp_path / "in" / "content_b.png").unlink()
    more = ["--report", "--save-every", "2", "--report-as", "gatys2016"]
    logs = ["--log-dir", str(tmp_path / "logs")] if find_spec("tensorboard") else []
    assert main([*quiet, *more, *logs]) == 0
    out = tmp_path / "out"
    page = (out / "batch-report.html").read_text(encoding="utf-8")
    for name in NAMES[:2]:
        assert f'href="{name}.png"' in page and f'href="{name}-report.html"' in page
        assert (out / f"{name}-report.html").exists() and (out / f"{name}-0002.png").exists()
        assert not logs or list((tmp_path / "logs" / name).iterdir())
        assert record(tmp_path, name)["reported_as"]["recipe"] == "gatys2016"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda words, folder: [str(folder), *words[1:]], "has no picture named content_…"),
        (lambda words, folder: [str(folder / "none"), *words[1:]], "cannot be read (No such file or directory)"),
        (lambda words, folder: words[1:], "expected one of: a folder"),
        (lambda words, folder: [*words, "--contents", str(folder)], "expected one of: a folder"),
        (lambda words, folder: [*words[1:], "--contents", str(folder / "in")], "expected one of: a folder"),
        (lambda words, folder: [*words, "--pairs", "some"], "--pairs is 'some', expected all, zip, or a file"),
        (lambda words, folder: [*words, "-o", str(folder / "tiny.mat")], "is not a folder, expected one"),
        (lambda words, folder: [*words, "--iterations", "0"], "expected a whole number of 1 or more"),
        (lambda words, folder: [*words, "--workers", "2", "--scheduler", "tcp://a:1"], "choose one of them"),
    ],
)
def test_refused(tmp_path, words, capfd, change, expected):
    assert expected in refused(change(words, tmp_path), capfd, tmp_path)


def test_two_files_of_one_name(tmp_path, words, capfd):
    shutil.copy(tmp_path / "in" / "content_a.png", tmp_path / "in" / "content_a.jpg")
    assert "would both be called a-x.png; rename one" in refused(words, capfd, tmp_path)


def test_without_dask_it_is_said_how_to_get_it(tmp_path, words, capfd, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "get it: make cluster" in refused([*words, "--workers", "2"], capfd, tmp_path)


def test_a_picture_that_is_not_enlarged_is_said_once(tmp_path, words, capfd):
    assert main([*words, "--size", "64"]) == 0
    lines = [line for line in capfd.readouterr().out.splitlines() if "not enlarged" in line]
    assert len(lines) == len(set(lines)) == 4


def test_finished_pictures_of_other_settings_are_not_replaced_without_a_word(tmp_path, quiet, capfd):
    assert main(quiet) == 0
    (tmp_path / "out" / "b-y.png").unlink()

    def said(*more):
        return refused([*quiet, *more], capfd, tmp_path)

    line = "pictures in {} were made with other settings ({}); name another folder with -o or add --overwrite"
    assert line.format(tmp_path / "out", "strength or content weight, seed") in said("--strength", "0.9", "--seed", "3")
    shutil.copy(tmp_path / "in" / "content_a.png", tmp_path / "in" / "style_x.png")
    assert "2 pictures in" in said() and "made with other settings (input pictures)" in said()
    assert main([*quiet, "--overwrite"]) == 0
    (tmp_path / "out" / "a-x.json").unlink()
    (tmp_path / "out" / "a-y.png").write_bytes((tmp_path / "out" / "b-y.png").read_bytes())
    assert "(no record, the picture itself)" in said()
