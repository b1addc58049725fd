"""Which cells of a figure count as made: those whose record and picture are this run's and belong together."""

import os
import shutil

import pytest

from figures_command import files_in, made, record_of, small_run
from tiny_network import tiny_weights
from transfer.figures import main
from vgg.matfile.write import write
from vgg.tools.image import read_image, write_image

#: A cell takes two steps, and compiling its loss longer than these.
pytestmark = pytest.mark.usefixtures("without_compiling")


@pytest.fixture
def words(tmp_path, monkeypatch) -> list[str]:
    return small_run(tmp_path, monkeypatch)


def test_what_is_made_is_not_made_again(tmp_path, words, capfd):
    assert main(["content-layer", *words]) == 0
    folder = tmp_path / "figures" / "content-layer"
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    capfd.readouterr()
    assert main(["content-layer", *words]) == 0
    assert not made(capfd) and {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    (folder / "relu4_2.json").unlink()
    assert main(["content-layer", *words]) == 0
    (line,) = made(capfd)
    assert line.startswith("1/1 content-layer: content relu4_2: loss ")


def test_the_same_files_under_other_names_make_nothing_again(tmp_path, words, capfd, monkeypatch):
    assert main(["photorealistic", *words]) == 0
    capfd.readouterr()
    monkeypatch.chdir(tmp_path)
    os.symlink("style.png", "link.png")
    shutil.copy("tiny.mat", "same.mat")
    assert main(["photorealistic", "content.png", "link.png", *words[2:], "--weights", "same.mat"]) == 0
    assert not made(capfd)


def test_filters_made_again_are_the_same_filters(tmp_path, words, capfd, monkeypatch):
    """The same numbers written at another time; a writer that puts the time into the file would change its digest."""
    assert main(["photorealistic", *words]) == 0
    before = (tmp_path / "tiny.mat").read_bytes()
    monkeypatch.setattr("time.asctime", lambda *_: "Fri Jan  1 00:00:00 2100")
    (tmp_path / "tiny.mat").unlink()
    write(tmp_path / "tiny.mat", tiny_weights())
    capfd.readouterr()
    assert main(["photorealistic", *words]) == 0
    assert not made(capfd) and (tmp_path / "tiny.mat").read_bytes() == before


@pytest.mark.parametrize("change", [["--iterations", "3"], ["--size", "24"], "style", "weights"])
def test_a_changed_setting_makes_anew(tmp_path, words, capfd, change):
    assert main(["photorealistic", *words]) == 0
    capfd.readouterr()
    if change == "style":
        os.replace(tmp_path / "content.png", tmp_path / "style.png")
        words = [str(tmp_path / "style.png"), *words[1:]]
    elif change == "weights":
        write(tmp_path / "tiny.mat", tiny_weights(seed=3))
    assert main(["photorealistic", *words, *(change if isinstance(change, list) else [])]) == 0
    assert len(made(capfd)) == 1


def test_stopped_between_a_picture_and_its_record_it_is_made_anew(tmp_path, words, capfd, monkeypatch):
    """Three steps replace two, but Ctrl-C comes before their record; with two again, it is not their picture."""
    assert main(["photorealistic", *words]) == 0
    picture = tmp_path / "figures" / "photorealistic" / "1e-02.png"
    of_two_steps = picture.read_bytes()

    def stop(path, content):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("transfer.cli.run.write_record", stop)
        assert main(["photorealistic", *words, "--iterations", "3"]) == 130
    assert picture.read_bytes() != of_two_steps
    capfd.readouterr()
    assert main(["photorealistic", *words]) == 0
    assert len(made(capfd)) == 1 and picture.read_bytes() == of_two_steps


def test_a_picture_that_is_not_the_records_is_made_anew(tmp_path, words, capfd):
    assert main(["photorealistic", *words]) == 0
    picture = tmp_path / "figures" / "photorealistic" / "1e-02.png"
    good = picture.read_bytes()
    pixels = read_image(picture)
    pixels[0, 0, 0] ^= 1
    write_image(tmp_path / "one-pixel.png", pixels)
    damaged = [(tmp_path / name).read_bytes() for name in ("style.png", "one-pixel.png")]
    for data in (*damaged, good[: len(good) // 2], None):
        picture.unlink() if data is None else picture.write_bytes(data)
        capfd.readouterr()
        assert main(["photorealistic", *words]) == 0
        assert len(made(capfd)) == 1 and picture.read_bytes() == good


def test_a_record_that_is_none_is_not_there(tmp_path, words, capfd, monkeypatch):
    """The command refuses it before, as it may be somebody else's; these came after that."""
    assert main(["photorealistic", *words]) == 0
    record = tmp_path / "figures" / "photorealistic" / "1e-02.json"
    monkeypatch.setattr("transfer.apps.figures.command_line.planned", lambda *_: None)
    for content in ("[]", "null", "{}", "[" * 100_000):
        record.write_text(content, encoding="utf-8")
        capfd.readouterr()
        assert main(["photorealistic", *words]) == 0
        assert len(made(capfd)) == 1 and "steps" in record_of(tmp_path, "photorealistic", "1e-02")
    assert not [path for path in files_in(tmp_path) if path.name.startswith(".")]
