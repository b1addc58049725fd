"""`--depth`, `--full-size` and the content picture's colour profile, from end to end within this process."""

import hashlib
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from image_files import encoded, exif, icc, jpeg_with, png_of
from transfer.__main__ import main
from transfer.cli import run
from transfer.cli.options import build_parser, recipe_from
from transfer.colors import luminance
from transfer.files import Files
from transfer.inputs import load
from transfer.session import Session
from transfer_command import prepare, refused
from vgg.matfile.read import read
from vgg.tools.image import LARGEST_SIDE, read_image, read_picture

ENLARGED = "enlarged from 32×24 to 64×48 pixels"


@pytest.fixture
def words(tmp_path) -> list[str]:
    """The words of a run of two steps, with a content picture of 64 × 48 pixels used at 32 × 24."""
    return [*prepare(tmp_path), "--iterations", "2", "--scales", "", "--precision", "float32"]


def result_of(folder) -> dict:
    return json.loads((folder / "out" / "result.json").read_text(encoding="utf-8"))["result"]


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bits(tmp_path, words, monkeypatch, ending):
    images, write = [], run.write_image
    monkeypatch.setattr(
        run, "write_image", lambda path, image, *more: images.append(image) or write(path, image, *more)
    )
    picture, digests = tmp_path / "out" / f"result.{ending}", []
    for _ in range(2):
        assert main([*words, "-o", str(picture), "--depth", "16", "--quiet"]) == 0
        digests.append(result_of(tmp_path)["pixels_sha256"])
    stored = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert stored.dtype == np.uint16
    assert np.abs(stored / 257 - np.clip(images[-1], 0, 255)).max() < 0.51 / 257, "not by way of 256 levels"
    assert len(np.unique(stored)) > 256
    found = result_of(tmp_path)
    assert [found[name] for name in ("depth", "width", "height")] == [16, 32, 24]
    assert digests == 2 * [hashlib.sha256(stored.astype("<u2").tobytes()).hexdigest()]


def test_8_bits_without_the_option(tmp_path, words):
    assert main([*words, "--sheet", "--quiet"]) == 0
    assert cv2.imread(str(tmp_path / "out" / "result.png"), cv2.IMREAD_UNCHANGED).dtype == np.uint8
    assert result_of(tmp_path)["depth"] == 8


@pytest.mark.parametrize("ending", ["jpg", "webp", "bmp"])
def test_16_bits_are_refused_before_the_run(tmp_path, words, capfd, monkeypatch, ending):
    monkeypatch.setattr("transfer.cli.command_line.start_tensorflow", lambda: pytest.fail("too late"))
    words += ["-o", str(tmp_path / f"result.{ending}"), "--depth", "16"]
    line = refused(words, capfd, tmp_path)
    assert f"ends in '.{ending}', expected one of .png, .tif, .tiff for a depth of 16" in line
    assert "invalid choice: 12" in refused([*words[:-1], "12"], capfd, tmp_path)


@pytest.mark.parametrize("colors", ["style", "luminance"])
def test_full_size(tmp_path, words, capfd, colors):
    assert main([*words, "--colors", colors]) == 0
    small = read_image(tmp_path / "out" / "result.png")
    assert "enlarged" not in capfd.readouterr().out
    assert main([*words, "--colors", colors, "--full-size", "--sheet"]) == 0
    assert capfd.readouterr().out.splitlines()[-2] == ENLARGED
    result, content = read_image(tmp_path / "out" / "result.png"), read_image(tmp_path / "content.png")
    assert result.shape == content.shape == (48, 64, 3)
    assert [result_of(tmp_path)[name] for name in ("width", "height")] == [64, 48]
    assert result_of(tmp_path)["pixels_sha256"] == hashlib.sha256(result.tobytes()).hexdigest()
    again = result.reshape(24, 2, 32, 2, 3).mean(axis=(1, 3))
    assert np.abs(again - small).mean() < 5
    chroma = [image - luminance(image)[..., None] for image in (result, content)]
    assert (np.abs(chroma[0] - chroma[1]).max() < 1.1) == (colors == "luminance"), "the colours of every pixel"


def test_enlarging_more_than_twice_is_warned_of_before_the_run(tmp_path, words, capfd):
    warning = "--full-size enlarges the result 2.7 times; above 2 times strokes look soft"
    assert main([*words, "--full-size", "--size", "24", "--iterations", "1"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].startswith(warning) and not any(line.startswith(warning) for line in lines[1:])
    assert main([*words, "--full-size", "--iterations", "1"]) == 0
    assert "times" not in capfd.readouterr().out, "twice is no more than twice"


def test_last_steps_at_full_size_come_closer_than_enlarging(tmp_path, words, capfd):
    """Measured anew at 64 × 48 pixels, where a longer run would end, by losses that no run has seen."""
    totals, small = [], tmp_path / "out" / "result.png"
    recipe = replace(recipe_from(build_parser().parse_args(words)), size=64)
    images = load(Files(*words[:2]), recipe)
    for more in ([], ["--full-size-steps", "3"]):
        assert main([*words, "--size", "24", "--full-size", *more]) == 0
        lines = capfd.readouterr().out.splitlines()
        assert any("enlarge" in line for line in lines) == (not more)
        assert any(line.startswith("64×48 pixels: about") for line in lines) == bool(more), "said first"
        losses = Session(read(tmp_path / "tiny.mat"), 4e9).losses(recipe, images, np.float32(read_image(small)))
        totals.append(losses.total)
    assert totals[1] < 0.9 * totals[0]
    record = json.loads(small.with_suffix(".json").read_text(encoding="utf-8"))
    assert [step["size"] for step in record["steps"]] == [24, 24, 64, 64, 64]
    assert [size["width"] for size in record["sizes"]] == [24, 64]
    assert main(["--from", str(small.with_suffix(".json")), "-o", str(tmp_path / "again.png"), "--exact"]) == 0
    assert (tmp_path / "again.png").read_bytes() == small.read_bytes()


def test_steps_at_full_size_need_that_option(tmp_path, words, capfd):
    line = refused([*words, "--full-size-steps", "3"], capfd, tmp_path)
    assert "--full-size-steps is given without --full-size" in line


@pytest.mark.parametrize("case", ["as large", "smaller"])
def test_a_content_picture_that_is_not_larger_changes_nothing(tmp_path, words, capfd, case):
    words += ["--size", "64"] if case == "as large" else ["--size", "96", "--recipe", "leongatys"]
    assert main(words) == 0
    before = (tmp_path / "out" / "result.png").read_bytes()
    assert main([*words, "--full-size"]) == 0
    assert (tmp_path / "out" / "result.png").read_bytes() == before
    assert "enlarged from" not in capfd.readouterr().out


def test_reported_losses_are_of_the_picture_as_it_was_trained(tmp_path, words):
    reported = []
    for more in ([], ["--full-size"]):
        assert main([*words, "--report-as", "default", "--quiet", *more]) == 0
        record = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
        reported.append(record["reported_as"])
    assert reported[0] == reported[1]


def test_a_size_that_the_format_cannot_have_is_refused_before_the_run(tmp_path, words, capfd, monkeypatch):
    monkeypatch.setitem(LARGEST_SIDE, ".webp", 63)
    line = refused([*words, "--full-size", "-o", str(tmp_path / "result.webp")], capfd, tmp_path)
    assert "--full-size means 64 × 48 pixels here, expected at most 63 on a side in a .webp file" in line


def test_the_profile_of_a_turned_photo_arrives_with_the_picture_upright(tmp_path, words):
    """64 × 48 pixels in the file, with an orientation that means 48 × 64."""
    profile = icc(100_000)
    pieces = [profile[:60_000], profile[60_000:]]
    segments = [b"ICC_PROFILE\0" + bytes([i + 1, 2]) + piece for i, piece in enumerate(pieces)]
    jpeg = encoded(".jpg", read_image(tmp_path / "content.png"))
    app2 = b"".join(b"\xff\xe2" + (len(segment) + 2).to_bytes(2, "big") + segment for segment in segments)
    (tmp_path / "photo.jpg").write_bytes(jpeg_with(b"Exif\0\0" + exif(6), jpeg[:20] + app2 + jpeg[20:]))
    words[0] = str(tmp_path / "photo.jpg")
    for name in ("result.png", "result.jpg"):
        picture = tmp_path / "out" / name
        assert main([*words, "-o", str(picture), "--full-size", "--sheet", "--quiet"]) == 0
        assert read_picture(picture).profile == profile
        assert cv2.imread(str(picture)).shape == read_image(picture).shape == (64, 48, 3)
        assert read_picture(tmp_path / "out" / "result-sheet.png").profile is None


def test_a_content_picture_without_a_profile_gives_none(tmp_path, words):
    (tmp_path / "content.png").write_bytes(png_of(read_image(tmp_path / "content.png"), (b"iCCP", b"icc\0\0junk")))
    assert main([*words, "--quiet"]) == 0
    assert b"iCCP" not in (tmp_path / "out" / "result.png").read_bytes()
