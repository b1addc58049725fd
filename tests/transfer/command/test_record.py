"""The record beside a picture: all that decided how it looks, so that equal records mean equal pictures."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from image_files import png_of
from low_precision import needs_bfloat16
from transfer import machine
from transfer.__main__ import main
from transfer.cli import run
from transfer.other_programs import RECIPES
from transfer.session import Session
from transfer.train import train
from transfer_command import prepare
from vgg.errors import python


@pytest.fixture
def words(tmp_path) -> list[str]:
    return [*prepare(tmp_path), "--quiet"]


def record_of(folder: Path) -> dict:
    return json.loads((folder / "out" / "result.json").read_text(encoding="utf-8"))


@pytest.mark.usefixtures("without_compiling")
def test_each_size_has_its_stripes_and_what_l_bfgs_remembers(tmp_path, words):
    assert main([*words, "--size", "64", "--scales", "32,44"]) == 0
    remembers = {"rows_of_a_stripe": None, "l_bfgs_history": 40, "l_bfgs_dtype": "float32"}
    sizes = [{"height": height, "width": width} | remembers for height, width in ((24, 32), (33, 44), (48, 64))]
    assert record_of(tmp_path)["sizes"] == sizes


def test_other_optimisers_have_no_history_of_ours(tmp_path, words):
    assert main([*words, "--optimizer", "adam"]) == 0
    assert record_of(tmp_path)["sizes"] == [{"height": 24, "width": 32, "rows_of_a_stripe": None}]


def test_the_picture_written_can_be_recognised(tmp_path, words):
    for name, lossless in (("result.png", True), ("result.jpg", False)):
        picture = tmp_path / "out" / name
        assert main([*words, "-o", str(picture)]) == 0
        result = record_of(tmp_path)["result"]
        assert result["file"] == name
        assert result["sha256"] == hashlib.sha256(picture.read_bytes()).hexdigest()
        pixels = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
        assert (result["pixels_sha256"] == hashlib.sha256(pixels.tobytes()).hexdigest()) == lossless


def test_the_command(tmp_path, words):
    words += ["--weights", str(tmp_path / "tiny.mat"), "--seed", "7"]
    assert main(words) == 0
    assert record_of(tmp_path)["command"] == [python(), "-m", "transfer", *words]


def without_what_always_differs(record: dict) -> dict:
    """Times, and the options themselves: what is left decided how the picture looks."""
    return {name: value for name, value in record.items() if name not in ("steps", "command", "memory_bytes")}


def test_another_max_memory_that_changes_the_run_changes_the_record(tmp_path, words, monkeypatch):
    """Two limits above the whole image's need give equal records, stripes another, fewer pairs a third."""
    monkeypatch.setattr("transfer.memory.peak_bytes", lambda *_: 5e9)
    monkeypatch.setattr(
        "transfer.memory.striped_bytes", lambda *arguments: 2e9 + 1e7 * arguments[-3] + 1e7 * arguments[-2].history
    )
    (tmp_path / "content.png").write_bytes(png_of(np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)))
    few = ["--content-layers", "relu2_2", "--style-layers", "relu1_1"]
    records, images = [], []
    for gigabytes in ("8", "6", "4", "2.2"):
        assert main([*words, *few, "--size", "160", "--iterations", "2", "--max-memory", gigabytes]) == 0
        records.append(without_what_always_differs(record_of(tmp_path)))
        images.append((tmp_path / "out" / "result.png").read_bytes())
    assert records[0] == records[1] and images[0] == images[1]
    (whole,), _, (striped,), (least,) = (record["sizes"] for record in records)
    assert (whole["rows_of_a_stripe"], whole["l_bfgs_history"], whole["l_bfgs_dtype"]) == (None, 40, "float32")
    assert (striped["rows_of_a_stripe"], striped["l_bfgs_history"], striped["l_bfgs_dtype"]) == (128, 40, "bfloat16")
    assert (least["rows_of_a_stripe"], least["l_bfgs_history"], least["l_bfgs_dtype"]) == (16, 4, "bfloat16")


def test_the_default_memory_is_what_the_machine_has_not_what_is_free(tmp_path, words, monkeypatch):
    """An idle and a busy machine: the same record, the same picture."""
    limits, make = [], run.Session

    def note(weights, memory_bytes, *more):
        limits.append(memory_bytes)
        return make(weights, memory_bytes, *more)

    monkeypatch.setattr(run, "Session", note)
    monkeypatch.setattr(machine, "_ram_bytes", lambda: 4e9)
    records, images = [], []
    for free in (3.9e9, 0.2e9, None):
        monkeypatch.setattr(machine, "available_bytes", lambda *_, free=free: free)
        monkeypatch.setattr(run, "available_bytes", lambda *_, free=free: free)
        assert main([word for word in words if word != "--quiet"]) == 0
        records.append(without_what_always_differs(record_of(tmp_path)))
        images.append((tmp_path / "out" / "result.png").read_bytes())
    assert limits[0] == limits[1] == limits[2] <= 4e9
    assert records[0] == records[1] == records[2] and len(set(images)) == 1


@needs_bfloat16
@pytest.mark.parametrize("iterations", [1, 4])
def test_the_last_step_of_each_size_is_float32(tmp_path, words, iterations):
    sizes = ["--size", "64", "--scales", "32"] if iterations % 2 else []
    assert main([*words, "--iterations", str(iterations), "--precision", "bfloat16", *sizes]) == 0
    record = record_of(tmp_path)
    for size in (32, 64)[: 1 + bool(sizes)]:
        precisions = [step["precision"] for step in record["steps"] if step["size"] == size]
        low = iterations - 1
        assert precisions == low * ["bfloat16"] + (iterations - low) * ["float32"]
    assert record["precision"] == "bfloat16"


@needs_bfloat16
@pytest.mark.parametrize(("optimizer", "iterations"), [("l-bfgs-unit", 3), ("adam", 9)])
def test_the_losses_of_the_picture_written_are_those_of_float32(tmp_path, words, monkeypatch, optimizer, iterations):
    """Of the image before it is rounded to whole levels, and not of the last step if another was better."""
    kept = {}

    def note(phases, start, *watch):
        kept["result"] = train(phases, start, *watch)
        return kept["result"]

    def paint(session, job, *more, paint=run.paint):
        kept["session"], kept["job"] = session, job
        return paint(session, job, *more)

    # The picture has no margin, and the losses of the run are those of the image with it.
    monkeypatch.setitem(RECIPES, "default", replace(RECIPES["default"], margin=0))
    for name, function in (("train", note), ("paint", paint)):
        monkeypatch.setattr(run, name, function)
    options = ["--precision", "bfloat16", "--optimizer", optimizer, "--learning-rate", "40"]
    assert main([*words, *options, "--iterations", str(iterations)]) == 0
    exact = Session(kept["session"].weights, float("inf"), "float32")
    losses = exact.losses(kept["job"].recipe, kept["job"].images, kept["result"].image)
    found = record_of(tmp_path)["losses"]
    assert found["total"] == pytest.approx(losses.total, rel=1e-6)
    assert {name: found[name] for name in losses.groups} == pytest.approx(losses.groups, rel=1e-6)
    layers = {name: loss for name, loss in losses.terms.items() if name != "tv"}
    assert found["layers"] == pytest.approx(layers, rel=1e-6)


@pytest.mark.parametrize(
    ("precision", "known"), [pytest.param("bfloat16", False, marks=needs_bfloat16), ("float32", True)]
)
def test_interrupted_in_low_precision_the_losses_are_not_known(tmp_path, words, monkeypatch, precision, known):
    def train_interrupted(phases, start, *_):
        def watch(step, image):
            if step.step == 3:
                raise KeyboardInterrupt

        return train(phases, start, watch)

    monkeypatch.setattr(run, "train", train_interrupted)
    assert main([*words, "--precision", precision]) == 130
    record = record_of(tmp_path)
    assert [step["precision"] for step in record["steps"]] == 3 * [precision]
    assert (record["losses"] is not None) == known
    if known:
        assert record["losses"]["total"] == min(step["total"] for step in record["steps"])
