"""`python -m transfer` from end to end within this process: the picture, its record, the sheet, and what is said."""

import hashlib
import json
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
import scipy
import tensorflow as tf

from image_files import png_of
from tiny_network import trained_weights
from transfer.__main__ import main
from transfer.cli.record import parsed
from transfer.files import Files
from transfer.inputs import load
from transfer.losses import Losses
from transfer.objective import Objective
from transfer.recipes import DEFAULT, Recipe
from transfer_command import prepare
from vgg.matfile.write import write_small
from vgg.tools.image import read_image

MEANT_FOR_GENUINE = "is meant for the activations of ImageNet's VGG-19; others shift its balance"


@pytest.fixture
def words(tmp_path) -> list[str]:
    return prepare(tmp_path, layers=())


def record_of(folder) -> dict:
    return json.loads((folder / "out" / "result.json").read_text(encoding="utf-8"))


def names_in(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_picture_record_and_sheet(tmp_path, words, capfd, monkeypatch):
    monkeypatch.setattr("transfer.cli.run.available_bytes", lambda: None)
    assert main([*words, "--sheet", "--verbose"]) == 0
    assert names_in(tmp_path / "out") == ["result-sheet.png", "result.json", "result.png"]
    result, content = read_image(tmp_path / "out" / "result.png"), read_image(tmp_path / "content.png")
    assert result.shape == (24, 32, 3)
    shrunk = content.reshape(24, 2, 32, 2, 3).mean(axis=(1, 3))
    assert 1 < np.abs(result - shrunk).mean() < 60, "it should start from the content and change it"
    sheet = read_image(tmp_path / "out" / "result-sheet.png")
    style = read_image(tmp_path / "style.png")
    # Pictures are 360 high with 24 pixels around: 32 × 24 becomes 480 wide, 32 × 26 becomes 443.
    assert np.abs(sheet[24:384, 528:971].mean(axis=(0, 1)) - style.mean(axis=(0, 1))).max() < 4
    left, right = (sheet[24:384, x : x + 480].reshape(24, 15, 32, 15, 3).mean(axis=(1, 3)) for x in (24, 995))
    for part, itself, other in ((left, shrunk, result), (right, result, shrunk)):
        assert np.abs(part - itself).mean() < np.abs(part - other).mean() / 2
    out, err = capfd.readouterr()
    assert err == ""
    number = r"[\d.e+-]+"
    layers = dict.fromkeys(layer for layer, _ in (*DEFAULT.content_layers, *DEFAULT.style_layers))
    files = [re.escape(str(tmp_path / "out" / f"result{end}")) for end in (".png", ".json", "-sheet.png")]
    lines = [
        re.escape(f"weights: a network of VGG-19's layers with other channel counts, {tmp_path / 'tiny.mat'}"),
        rf"32×24 pixels; {', '.join(layers)}; a network of VGG-19's layers with other channel counts.*",
        r"5 steps of l-bfgs-smooth: about .* s, 1\.\d GB of memory",
        *(rf"step {n}/5  32 px  loss {number}(  (content|style|tv) {number}){{3}}  .* s left" for n in range(1, 6)),
        f"written: {', '.join(files)}",
    ]
    for line, expected in zip(out.splitlines(), lines, strict=True):
        assert re.fullmatch(expected, line)


def test_without_verbose_it_says_what_a_person_needs(tmp_path, words, capfd, monkeypatch):
    """The network, the size, the time, the memory, how far it is, and the names; no loss and no layer."""
    monkeypatch.setattr("transfer.cli.run.available_bytes", lambda: None)
    assert main(words) == 0
    lines = [
        re.escape(f"weights: a network of VGG-19's layers with other channel counts, {tmp_path / 'tiny.mat'}"),
        r"32×24 pixels: about \d+ s, 1\.\d GB of memory",
        *(rf"step {n}/5  32 px  \d+ s left" for n in range(1, 6)),
        re.escape(f"written: {tmp_path / 'out' / 'result.png'}, {tmp_path / 'out' / 'result.json'}"),
    ]
    for line, expected in zip(capfd.readouterr().out.splitlines(), lines, strict=True):
        assert re.fullmatch(expected, line)


def test_record(tmp_path, words):
    options = ["--seed", "3", "--style-layers", "relu1_1=0.5,relu3_1", "--tv-weight", "0.25", "--content-weight", "0.5"]
    assert main([*words, *options, "--quiet"]) == 0
    record = record_of(tmp_path)
    settings = replace(
        DEFAULT, size=32, iterations=5, normalized_network=False, tv_weight=0.25, content_weight=0.5,
        style_layers=(("relu1_1", 0.5), ("relu3_1", 0.5)),
    )  # fmt: skip
    assert parsed(record["recipe"], Recipe) == settings
    assert record["seed"] == 3
    pictures = load(Files(str(tmp_path / "content.png"), str(tmp_path / "style.png")), settings)
    for name, image, height in (("content", pictures.content_image, 24), ("style", pictures.style_image, 26)):
        digest = hashlib.sha256(image.tobytes()).hexdigest()
        expected = {"file": str(tmp_path / f"{name}.png"), "height": height, "width": 32, "pixels_sha256": digest}
        assert record[name] == expected
    assert record["weights"]["file"] == str(tmp_path / "tiny.mat")
    assert record["weights"]["sha256"] == hashlib.sha256((tmp_path / "tiny.mat").read_bytes()).hexdigest()
    for package, module in (("tensorflow", tf), ("scipy", scipy), ("numpy", np), ("opencv-python", cv2)):
        assert record["versions"][package].startswith(module.__version__)
    assert record["stopped"] == "finished"
    steps = record["steps"]
    assert [step["step"] for step in steps] == [1, 2, 3, 4, 5]
    for name in ("evaluations", "seconds"):
        assert np.all(np.diff([step[name] for step in steps]) > 0)
    assert np.all(np.diff([step["total"] for step in steps]) < 0)
    for step in steps:
        assert step["total"] == pytest.approx(step["content"] + step["style"] + step["tv"], rel=1e-5)
        assert min(step["content"], step["style"], step["tv"]) > 0
        of_content = [f"content {layer}" for layer, _ in DEFAULT.content_layers]
        assert list(step["layers"]) == [*of_content, "style relu1_1", "style relu3_1"]
        *contents, first, second = step["layers"].values()
        styles = first, second
        assert sum(contents) == pytest.approx(step["content"], rel=1e-5) and min(contents) > 0
        assert sum(styles) == pytest.approx(step["style"], rel=1e-5) and min(styles) > 0


@pytest.mark.parametrize("name", ["leongatys", "gatys2016"])
def test_a_recipe_for_the_genuine_network_says_so(words, capfd, name):
    assert main([*words, "--recipe", name]) == 0
    assert f"\nrecipe {name} {MEANT_FOR_GENUINE}\n" in capfd.readouterr().out


def test_the_trained_network_has_the_genuine_networks_magnitudes(tmp_path, words, capfd):
    write_small(tmp_path / "trained.npz", trained_weights())
    assert main([*words, "--recipe", "leongatys", "--weights", str(tmp_path / "trained.npz")]) == 0
    assert MEANT_FOR_GENUINE not in capfd.readouterr().out


def test_no_normalize_is_not_put_down_to_the_recipe(words, capfd):
    assert main(words) == 0
    assert MEANT_FOR_GENUINE not in capfd.readouterr().out


def test_jpeg(tmp_path, words):
    assert main([*words, "--quiet", "-o", str(tmp_path / "out" / "result.JPG")]) == 0
    assert (tmp_path / "out" / "result.JPG").read_bytes()[:3] == b"\xff\xd8\xff"
    assert names_in(tmp_path / "out") == ["result.JPG", "result.json"]


def test_seed_of_the_noise(tmp_path, words):
    bytes_by_run = []
    for seed in (1, 1, 2):
        assert main([*words, "--quiet", "--init", "noise", "--seed", str(seed)]) == 0
        bytes_by_run.append((tmp_path / "out" / "result.png").read_bytes())
    assert bytes_by_run[0] == bytes_by_run[1] != bytes_by_run[2]


def test_small_pictures_are_used_as_they_are_and_it_says_so(tmp_path, words, capfd):
    assert main([*words, "--size", "60"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "the style picture has only 50×40 pixels and is used as it is, not enlarged"
    assert "content picture" not in "".join(lines)
    record = record_of(tmp_path)
    assert [record["style"][side] for side in ("width", "height")] == [50, 40]
    assert [record["content"][side] for side in ("width", "height")] == [60, 45]


def test_too_little_memory_is_said_before_the_run(words, capfd, monkeypatch):
    monkeypatch.setattr("transfer.cli.options.usable_bytes", lambda: 1e8)
    assert main(words) == 2
    assert "GB of memory even in the lowest stripes, but only 0.10 GB may be used" in capfd.readouterr().err


def test_memory_that_is_not_free_now_is_only_a_warning(words, capfd, monkeypatch):
    monkeypatch.setattr("transfer.cli.run.available_bytes", lambda: 1e8)
    assert main(words) == 0
    line = "only 0.1 GB of memory are free now; close other programs, or choose --max-memory"
    assert line in capfd.readouterr().out.splitlines()


def test_stripes_paint_the_same_picture(tmp_path, words, capfd, monkeypatch):
    """128 pixels in stripes of 32 rows: the same to the rounding, and so is the picture after a few steps."""
    (tmp_path / "content.png").write_bytes(png_of(np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)))
    words = [*words, "--size", "128", "--optimizer", "adam", "--precision", "float32"]
    assert main(words) == 0
    whole = read_image(tmp_path / "out" / "result.png").astype(int)
    monkeypatch.setattr("transfer.memory.peak_bytes", lambda *_: 1e12)
    monkeypatch.setattr("transfer.memory.ROWS", (32,))
    assert main([*words, "--max-memory", "8GB", "--verbose"]) == 0
    assert "128×128 pixels, in stripes of 32 rows; " in capfd.readouterr().out
    assert np.abs(read_image(tmp_path / "out" / "result.png") - whole).mean() < 0.5


def test_loss_that_breaks_in_the_middle_keeps_what_there_is(tmp_path, words, capfd, monkeypatch):
    evaluations, evaluate = [], Objective.__call__

    def break_at_6(self, image):
        evaluations.append(image)
        losses, gradient = evaluate(self, image)
        broken = losses._replace(groups=losses.groups | {"style": float("nan")})
        return (broken if len(evaluations) == 6 else losses), gradient

    monkeypatch.setattr(Objective, "__call__", break_at_6)  # its two first measure the time
    assert main(words) == 1
    err = capfd.readouterr().err
    saved = tmp_path / "out" / "result.png"
    assert err == f"transfer: the style loss became nan at evaluation 4; the best picture before that is in {saved}\n"
    assert read_image(saved).shape == (24, 32, 3)
    assert record_of(tmp_path)["stopped"] == "the style loss became nan at evaluation 4"
    assert 1 <= len(record_of(tmp_path)["steps"]) <= 2


def test_run_that_ends_early_says_so(tmp_path, words, capfd, monkeypatch):
    """½ Σ (x − 100)² in place of the losses: L-BFGS is there before its five steps are over."""

    def bowl(self, image):
        total = float(np.sum((image - 100.0) ** 2)) / 2
        return Losses(total, {"content": total}, {"content relu4_2": total}), (image - 100.0).astype(np.float32)

    monkeypatch.setattr(Objective, "__call__", bowl)
    assert main([*words, "--optimizer", "l-bfgs"]) == 0
    done = len(record_of(tmp_path)["steps"])
    assert 1 <= done < 5
    assert f"\nended after {done} steps, because no further one makes the picture better\n" in capfd.readouterr().out
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "result.png"), 100)
    assert record_of(tmp_path)["stopped"] == "converged"
