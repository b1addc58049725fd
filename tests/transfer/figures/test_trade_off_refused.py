"""What the trade-off plot cannot use ends in exit code 2 and one line that says why, and leaves no file."""

import json
import sys

import pytest

from figures_command import refused
from loss_record import record
from vgg.errors import typed


def test_it_does_not_overwrite_the_record(tmp_path, capfd):
    run = tmp_path / "run.png"
    before = record(run) and run.read_bytes()
    assert "run.png is also an input" in refused(["trade-off", str(run), "-o", str(run)], capfd, tmp_path)
    assert run.read_bytes() == before


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "5", '{"steps": []}', '{"steps": {"a": 1}}', "\x00", "[" * 100_000]
)
def test_no_record(tmp_path, capfd, content):
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    line = refused(["trade-off", str(tmp_path / "run.json")], capfd, tmp_path)
    assert "is not a record of a run with the losses of its layers; name the .json that" in line


#: What stands in for the second of three steps, as JSON, and what the line must say of it.
BAD_STEPS = {
    "no step": ("5", "no layers in step 2 of 3"),
    "no layers": ('{"step": 2, "tv": 0, "total": 1}', "no layers in step 2 of 3"),
    "empty layers": ('{"step": 2, "layers": {}, "tv": 0, "total": 1}', "no layers in step 2 of 3"),
    "list of layers": ('{"step": 2, "layers": [1], "tv": 0, "total": 1}', "no layers in step 2 of 3"),
    "fewer layers": ('{"step": 2, "layers": {"a": 1}, "tv": 0, "total": 1}', "other layers in step 2 of 3 than"),
    "more layers": ('{"step": 2, "layers": {"a": 1, "b": 1, "c": 1}, "tv": 0, "total": 1}', "other layers in step 2"),
    "no total": ('{"step": 2, "layers": {"a": 1, "b": 1}, "tv": 0}', "'total' in step 2 of 3 is None"),
    "no tv": ('{"step": 2, "layers": {"a": 1, "b": 1}, "total": 1}', "'tv' in step 2 of 3 is None"),
    "no number": ('{"layers": {"a": 1, "b": 1}, "tv": 0, "total": 1}', "'step' in step 2 of 3 is None"),
    "step 0": ('{"step": 0, "layers": {"a": 1, "b": 1}, "tv": 0, "total": 1}', "there is a step 0"),
    "step 1e400": ('{"step": 1e400, "layers": {"a": 1, "b": 1}, "tv": 0, "total": 1}', "'step' in step 2 of 3 is inf"),
    "too many digits": (
        '{"step": %s, "layers": {"a": 1, "b": 1}, "tv": 0, "total": 1}' % (500 * "9"),
        "'step' in step",
    ),
}
for _value, _shown in {
    "null": "None", "NaN": "nan", "Infinity": "inf", "-1": "-1", '"1"': "'1'", "true": "True", "[[]]": "[[]]",
}.items():  # fmt: skip
    BAD_STEPS[f"loss {_value}"] = (
        f'{{"step": 2, "layers": {{"a": 1, "b": {_value}}}, "tv": 0, "total": 1}}',
        f"'b' in step 2 of 3 is {_shown}, expected a number from 0",
    )


@pytest.mark.parametrize("case", BAD_STEPS)
def test_bad_steps(tmp_path, capfd, case):
    step, expected = BAD_STEPS[case]
    good = '{"step": %d, "layers": {"a": 1, "b": 2}, "tv": 0, "total": 3}'
    (tmp_path / "run.json").write_text(f'{{"steps": [{good % 1}, {step}, {good % 3}]}}', encoding="utf-8")
    line = refused(["trade-off", str(tmp_path / "run.json")], capfd, tmp_path)
    assert "is not a record of a run with the losses of its layers: " in line and expected in line


def test_losses_that_are_all_zero_cannot_be_plotted(tmp_path, capfd):
    step = {"step": 1, "layers": {"style relu1_1": 0.0}, "tv": 0.0, "total": 0.0}
    (tmp_path / "run.json").write_text(json.dumps({"steps": [step]}), encoding="utf-8")
    assert "all losses are 0" in refused(["trade-off", str(tmp_path / "run.json")], capfd, tmp_path)


def test_missing_record(tmp_path, capfd):
    assert "cannot be read" in refused(["trade-off", str(tmp_path / "run.json")], capfd, tmp_path)
    assert "'' found, expected the name of a file" in refused(["trade-off", ""], capfd, tmp_path)


def test_without_matplotlib_it_says_how_to_get_it(tmp_path, capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    line = refused(["trade-off", record(tmp_path / "run.json")], capfd, tmp_path)
    assert f"matplotlib is not installed; get it with `{typed('pip', 'install', 'matplotlib')}`" in line
