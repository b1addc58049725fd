"""The trade-off plot: from the record of a run to a picture of its losses."""

import json
import logging
from itertools import pairwise

import numpy as np
import pytest

from loss_record import record
from transfer.figures.__main__ import main
from vgg.tools.image import read_image


@pytest.mark.parametrize("new", [True, False])
def test_it_draws_every_layer_and_the_total(tmp_path, monkeypatch, capfd, new):
    from matplotlib.axes import Axes

    drawn, plot = {}, Axes.plot

    def note(axes, x, y, *rest, **more):
        drawn[more["label"]] = (x, y)
        return plot(axes, x, y, *rest, **more)

    monkeypatch.setattr(Axes, "plot", note)
    assert main(["trade-off", record(tmp_path / "run.json", tv=0.25, new=new)]) == 0
    assert capfd.readouterr().out == f"written: {tmp_path / 'run-trade-off.png'}\n"
    assert set(drawn) == {"content relu4_2", "style relu1_1", "total variation", "total"}
    steps, falling = drawn["style relu1_1"]
    np.testing.assert_allclose(falling, 1 / np.arange(1, 21))
    assert list(steps) == list(range(1, 21))
    assert np.ptp(read_image(tmp_path / "run-trade-off.png")) > 200


def test_a_change_of_size_is_marked_and_explained(tmp_path, monkeypatch):
    """A line at the first step of the second size and of the third; their names; no line in a run of one size."""
    from matplotlib.axes import Axes

    lines, texts, mark, write = [], [], Axes.axvline, Axes.text
    monkeypatch.setattr(Axes, "axvline", lambda self, x, **more: lines.append(x) or mark(self, x, **more))
    monkeypatch.setattr(
        Axes, "text", lambda self, x, y, s, *rest, **more: texts.append((x, s)) or write(self, x, y, s, *rest, **more)
    )
    run = record(tmp_path / "run.json")
    assert main(["trade-off", run]) == 0
    assert not lines
    content = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    for step in content["steps"]:
        step["size"] = 64 if step["step"] < 6 else 128 if step["step"] < 15 else 256
    (tmp_path / "run.json").write_text(json.dumps(content), encoding="utf-8")
    assert main(["trade-off", run]) == 0
    assert lines == [6, 15]
    assert [(x, text.strip()) for x, text in texts if "px" in text] == [(1, "64 px"), (6, "128 px"), (15, "256 px")]


def test_the_labels_of_six_sizes_do_not_touch(tmp_path, monkeypatch):
    """30 steps at each size, as by default up to 8192 pixels."""
    from matplotlib.axes import Axes

    labels, write = [], Axes.text
    monkeypatch.setattr(Axes, "text", lambda *place, **more: labels.append(write(*place, **more)) or labels[-1])
    steps = [{"step": i + 1, "layers": {"a": 1 / (1 + i % 30)}, "tv": 0, "total": 1 / (1 + i % 30)} for i in range(180)]
    for step in steps:
        step["size"] = 256 * 2 ** ((step["step"] - 1) // 30)
    (tmp_path / "run.json").write_text(json.dumps({"steps": steps}), encoding="utf-8")
    assert main(["trade-off", str(tmp_path / "run.json")]) == 0
    boxes = [label.get_window_extent() for label in labels if "px" in label.get_text()]
    assert len(boxes) == 6
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert all(labels[0].axes.bbox.y1 < box.y0 for box in boxes), "they stand above the curves"


def test_the_same_run_gives_the_same_bytes(tmp_path):
    run = record(tmp_path / "run.json")
    for name in ("a.png", "b.png"):
        assert main(["trade-off", run, "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [r"$\bad$", "a_b^c", "雨の街", "\x01 \t", "\udcff", 90 * "long "])
def test_any_file_name_is_a_title(tmp_path, capfd, name):
    folder = tmp_path / "plots"
    assert main(["trade-off", record(tmp_path / f"{name[:240]}.json"), "-o", str(folder / "a.png")]) == 0
    assert capfd.readouterr().err == ""
    assert np.ptp(read_image(folder / "a.png")) > 200


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [r"style $\bad$", "style 雨", "_hidden", "style \udcff"])
def test_any_layer_name_is_a_label(tmp_path, capfd, name):
    steps = [{"step": i, "layers": {name: 1 / i}, "tv": 0, "total": 1 / i} for i in (1, 2)]
    (tmp_path / "run.json").write_text(json.dumps({"steps": steps}), encoding="utf-8")
    assert main(["trade-off", str(tmp_path / "run.json")]) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.filterwarnings("error")
def test_what_matplotlib_logs_of_its_fonts_is_not_heard(tmp_path, caplog):
    assert main(["trade-off", record(tmp_path / "run.json")]) == 0
    logging.getLogger("matplotlib.font_manager").warning("findfont: Font family not found")
    assert not caplog.records


@pytest.mark.filterwarnings("error")
def test_a_term_that_weighs_nothing_does_not_disturb(tmp_path, capfd):
    steps = [{"step": i, "layers": {"content a": 0.0, "style b": 1 / i}, "tv": 0, "total": 1 / i} for i in (1, 2)]
    (tmp_path / "run.json").write_text(json.dumps({"steps": steps}), encoding="utf-8")
    assert main(["trade-off", str(tmp_path / "run.json")]) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("loss", [3.4e38, 1e-45, 5e-324])
def test_the_largest_and_the_smallest_losses_can_be(tmp_path, loss):
    steps = [{"step": i, "layers": {"a": loss, "b": 1}, "tv": loss, "total": loss * i**-0.5} for i in (1, 2)]
    (tmp_path / "run.json").write_text(json.dumps({"steps": steps}), encoding="utf-8")
    assert main(["trade-off", str(tmp_path / "run.json")]) == 0
