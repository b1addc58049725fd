"""Previews and series while a run goes by: what is written when, and that a full disk does not end the run."""

import json

import cv2
import numpy as np
import pytest

from image_files import png_of
from transfer.__main__ import main
from transfer_command import prepare, refused
from vgg.errors import InputError
from vgg.tools.image import read_image


@pytest.fixture
def words(tmp_path) -> list[str]:
    return [*prepare(tmp_path), "--quiet", "--precision", "float32"]


def test_a_series_has_every_nth_step_and_the_preview_the_last(tmp_path, words):
    """Ten steps in two sizes; the picture of the last step is the result, if that is the best one."""
    sizes = ["--scales", "32", "--size", "64", "--iterations", "5"]
    assert main([*words, *sizes, "--save-every", "2", "--preview-every", "5"]) == 0
    folder = tmp_path / "out"
    names = {path.name for path in folder.iterdir()}
    series = {f"result-{step:04}.png" for step in (2, 4, 6, 8, 10)}
    assert names == series | {"result.png", "result.json", "result-preview.png"}
    shapes = [read_image(folder / name).shape for name in sorted(series)]
    record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert [max(shape) for shape in shapes] == [record["steps"][step - 1]["size"] for step in (2, 4, 6, 8, 10)]
    for name in ("result-0010.png", "result-preview.png"):
        np.testing.assert_array_equal(read_image(folder / name), read_image(folder / "result.png"))


def test_a_preview_has_the_colours_and_the_kept_regions_of_the_result(tmp_path, words):
    """Also at the smaller size: outside the disc, the first picture of the series is the content made smaller."""
    y, x = np.mgrid[:48, :64]
    disc = 255 * ((x - 32) ** 2 + (y - 24) ** 2 < 200)
    (tmp_path / "mask.png").write_bytes(png_of(np.repeat(disc[..., None], 3, axis=2).astype(np.uint8)))
    regions = ["--content-mask", str(tmp_path / "mask.png"), "--region", "black=keep", "--colors", "luminance"]
    sizes = ["--scales", "32", "--size", "64", "--iterations", "5"]
    assert main([*words, *sizes, *regions, "--strength", "1", "--preview-every", "5", "--save-every", "5"]) == 0
    folder = tmp_path / "out"
    np.testing.assert_array_equal(read_image(folder / "result-preview.png"), read_image(folder / "result.png"))
    content = read_image(tmp_path / "content.png")
    small = content.reshape(24, 2, 32, 2, 3).mean(axis=(1, 3))
    for name, wanted in (("result-0005.png", small), ("result.png", content)):
        picture = read_image(folder / name).astype(float)
        assert np.abs(picture - wanted)[:, : picture.shape[1] // 5].max() <= 1
        assert np.abs(picture - wanted).max() > 2, "but the disc is another"


def test_a_full_disk_ends_the_previews_and_not_the_run(tmp_path, words, capfd, monkeypatch):
    def full(path, image):
        raise InputError(f"{path} cannot be written (No space left on device)")

    monkeypatch.setattr("transfer.cli.watchers.write_image", full)
    assert main([*words, "--preview-every", "1"]) == 0
    assert (tmp_path / "out" / "result.png").exists()
    err = capfd.readouterr().err
    assert err.count("\n") == 1 and "No space left on device); the run goes on without previews" in err


@pytest.mark.parametrize("name", ["result-preview.png", "result-0004.png"])
def test_an_input_is_not_overwritten_by_a_preview(tmp_path, words, capfd, name):
    (tmp_path / "out").mkdir()
    taken = tmp_path / "out" / name
    taken.write_bytes((tmp_path / "content.png").read_bytes())
    words[0] = str(taken)
    assert "has a name of this run's previews" in refused([*words, "--save-every", "4"], capfd, tmp_path)
    assert main(words) == 0, "which does not matter without previews"


@pytest.mark.parametrize("option", ["--preview-every", "--save-every"])
def test_steps_are_whole_numbers(tmp_path, words, capfd, option):
    assert "'0' found, expected a whole number of 1 or more" in refused([*words, option, "0"], capfd, tmp_path)


@pytest.mark.parametrize("ending", ["webp", "gif"])
def test_a_timelapse_begins_near_the_content_and_ends_with_the_result(tmp_path, words, ending):
    """Two sizes of five steps: eleven are shown, as the first and the last are each shown, all as large as the last."""
    folder = tmp_path / "out"
    sizes = ["--size", "64", "--scales", "32", "--iterations", "5"]
    words.remove("--overwrite")
    folder.mkdir()
    (folder / f"result-timelapse.{ending}").write_bytes(b"of an earlier run")
    assert main([*words, *sizes, "--timelapse", ending]) == 0
    names = {f"result-timelapse.{ending}", f"result-2-timelapse.{ending}", "result-2.png", "result-2.json"}
    assert names == {path.name for path in folder.iterdir()}
    done, animation = cv2.imreadanimation(str(folder / f"result-2-timelapse.{ending}"))
    images = [frame[..., 2::-1].astype(float) for frame in animation.frames]
    result = read_image(folder / "result-2.png").astype(float)
    assert done and {image.shape for image in images} == {result.shape}
    off = [np.abs(image - result).mean() for image in images]
    assert off[-1] < 8 and off[0] > 1.5 * off[-1]
    assert sum(animation.durations) > 1300, "milliseconds: it stays at the end for a while"


def test_a_run_goes_on_where_a_timelapse_cannot_be_written(tmp_path, words, monkeypatch, capfd):
    def full(*_):
        raise InputError("the disk is full")

    monkeypatch.setattr("transfer.cli.watchers.write_loop", full)
    assert main([*words, "--size", "32", "--iterations", "2", "--timelapse"]) == 0
    assert "transfer: the disk is full; the picture is written without" in capfd.readouterr().err
    assert (tmp_path / "out" / "result.png").exists()
