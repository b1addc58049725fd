"""`make bench`: that its tables are complete and its arithmetic right; how fast anything is depends on the machine."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from low_precision import needs_bfloat16
from transfer.apps.batch.command_line import build_parser as batch_parser
from transfer.apps.bench import command_line, measurements
from transfer.apps.video.command_line import build_parser as video_parser
from transfer.cli.options import build_parser as transfer_parser
from transfer.recipes import DEFAULT, GATYS2016
from vgg.matfile.read import read


def test_operations_of_an_evaluation():
    """By hand for 512×512 pixels and conv1_1 … conv5_1, backward as much as forward."""
    pairs = [(3, 64, 512), (64, 64, 512), (64, 128, 256), (128, 128, 256), (128, 256, 128)]
    pairs += 3 * [(256, 256, 128)] + [(256, 512, 64)] + 3 * [(512, 512, 64)] + [(512, 512, 32)]
    convolutions = sum(9 * channels_in * channels_out * side**2 for channels_in, channels_out, side in pairs)
    grams = sum(channels**2 * side**2 for channels, side in ((64, 512), (128, 256), (256, 128), (512, 64), (512, 32)))
    assert measurements.operations(GATYS2016, 512, 512) == pytest.approx(4 * (convolutions + grams))
    assert 4 * convolutions == pytest.approx(422e9 * 0.9, rel=0.01), "as somebody else has counted: 422 GFLOP/s, 0.90 s"


@pytest.fixture
def small(monkeypatch, weights):
    """Small matrices, few steps, few layers."""
    layers = {"content_layers": (("relu2_2", 1.0),), "style_layers": (("relu1_1", 0.5), ("relu2_1", 0.5))}
    monkeypatch.setattr(measurements, "DEFAULT", replace(DEFAULT, normalized_network=False, **layers))
    for name, value in {"MATRIX": 32, "ROUNDS": 2, "STEPS": 12, "MORE_STEPS": 13}.items():
        monkeypatch.setattr(measurements, name, value)
    return weights


@needs_bfloat16
@pytest.mark.usefixtures("stripes_without_compiling")
def test_evaluation_is_compared_in_both_precisions(small):
    _, limit, *rows = measurements.evaluation(small, 64)
    assert re.search(r"\d+ GFLOP/s in float32, \d+ GFLOP/s in bfloat16$", limit)
    names = [re.split(r"\s{2,}", row)[0] for row in rows]
    assert names == ["float32", "bfloat16", "float32, stripes of 64 rows", "bfloat16, stripes of 64 rows"]
    assert rows[0].endswith("1.00 times as fast as float32")


@needs_bfloat16
def test_convergence_compares_with_the_reference(small, monkeypatch):
    """The reference, a line search in float32, and from small to large in bfloat16."""
    monkeypatch.setattr(measurements, "VARIANTS", (measurements.VARIANTS[0], measurements.VARIANTS[-1]))
    lines = list(measurements.convergence(small, 48))
    assert len(lines) == 2 * (1 + len(measurements.VARIANTS))
    for first in (lines[1], lines[1 + len(lines) // 2]):
        assert first.startswith("float32, SciPy's L-BFGS-B") and ": 1.00 times as soon" in first


@needs_bfloat16
def test_sizes_are_measured_in_processes_of_their_own(mat_file, monkeypatch):
    """What each process measures is in the last test."""

    def measure(file, side, precision, rows):
        assert file == mat_file
        return {"float32": 4e-6, "bfloat16": 2e-6}[precision] * side * side * (2 if rows else 1), 1.5e9

    monkeypatch.setattr(measurements, "measure_once", measure)
    monkeypatch.setattr(measurements, "ProcessPoolExecutor", lambda count, mp_context: ThreadPoolExecutor(count))
    title, *rows = measurements.sizes(read(mat_file), (32, 4096))
    assert "peak memory of the whole process" in title and len(rows) == 8
    assert [re.findall(r"[\d.]+ times|does not fit", row)[0].split()[0] for row in rows] == [
        "1.00", "0.50", "2.00", "1.00", "does", "does", "2.00", "1.00"
    ]  # fmt: skip
    assert all(row.endswith("1.50 GB") for row in rows[:4])


def test_a_batch_is_compared_with_separate_commands(mat_file, monkeypatch):
    """The commands are checked and not run: each takes as long as a clock says that is turned by hand."""
    parsers = {"transfer": transfer_parser, "transfer.batch": batch_parser, "transfer.video": video_parser}

    def take(module, *words):
        parsers[module]().parse_intermixed_args(words)
        return {"transfer": 10.0, "transfer.batch": 16.0, "transfer.video": 6.0}[module]

    monkeypatch.setattr(command_line, "SIZE", 32)
    monkeypatch.setattr(command_line, "run_command", take)
    title, together, apart, ratio, film = command_line.whole_commands(mat_file)
    assert title.startswith("4 pictures of 32 pixels")
    assert together.endswith("15.0 pictures a minute") and apart.endswith(" 6.0 pictures a minute")
    assert ratio == "the batch makes 2.50 times as many (2.50 to 2.50)"
    assert film == "a film of 12 frames: 6.0 s, 120.0 frames a minute, start-up included"


@needs_bfloat16
@pytest.mark.usefixtures("stripes_without_compiling")
def test_one_measurement(mat_file):
    seconds, peak = measurements.measure_once(mat_file, 48, "bfloat16", 16)
    assert seconds > 0 and peak > 0.1e9
