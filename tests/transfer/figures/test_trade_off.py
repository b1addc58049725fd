"""The trade-off plot: from the record of a run to a picture of its losses; how it is drawn is in `test_plot`."""

import json
import logging

import numpy as np
import pytest

from figures_command import refused
from loss_record import record
from transfer.figures import main
from vgg.tools.image import read_image


def test_it_draws_every_layer_and_the_total(tmp_path, monkeypatch, capfd):
    from matplotlib.axes import Axes

    drawn, plot = {}, Axes.plot

    def note(axes, x, y, *rest, **more):
        drawn[more["label"]] = (x, y)
        return plot(axes, x, y, *rest, **more)

    monkeypatch.setattr(Axes, "plot", note)
    for new in (True, False):
        assert main(["trade-off", record(tmp_path / "run.json", tv=0.25, new=new), "--overwrite"]) == 0
        assert capfd.readouterr().out == f"written: {tmp_path / 'run-trade-off.png'}\n"
        assert set(drawn) == {"content relu4_2", "style relu1_1", "total variation", "total"}
        steps, falling = drawn["style relu1_1"]
        np.testing.assert_allclose(falling, 1 / np.arange(1, 21))
        assert list(steps) == list(range(1, 21))
        assert np.ptp(read_image(tmp_path / "run-trade-off.png")) > 200


@pytest.mark.filterwarnings("error")
def test_any_file_name_is_a_title(tmp_path, capfd, caplog):
    folder = tmp_path / "plots"
    for name in (r"$\bad$", "雨の街", "\x01 \t\udcff", 90 * "long "):
        assert main(["trade-off", record(tmp_path / f"{name[:240]}.json"), "-o", str(folder / "a.png")]) == 0
        out, err = capfd.readouterr()
        assert err == "" and np.ptp(read_image(out.removeprefix("written: ").strip())) > 200
    assert sorted(path.name for path in folder.iterdir()) == ["a-2.png", "a-3.png", "a-4.png", "a.png"]
    logging.getLogger("matplotlib.font_manager").warning("findfont: Font family not found")
    assert not caplog.records


@pytest.mark.filterwarnings("error")
def test_the_largest_and_the_smallest_losses_can_be(tmp_path, capfd):
    for loss in (3.4e38, 1e-45, 5e-324, 0.0):
        steps = [{"step": i, "layers": {"a": loss, "b": 1}, "tv": loss, "total": i**-0.5} for i in (1, 2)]
        (tmp_path / "run.json").write_text(json.dumps({"steps": steps}), encoding="utf-8")
        assert main(["trade-off", str(tmp_path / "run.json")]) == 0
        assert capfd.readouterr().err == ""


def test_what_is_no_record_is_refused(tmp_path, capfd):
    good = {"step": 1, "layers": {"a": 1, "b": 2}, "tv": 0, "total": 3}
    steps = [5, {"step": 2, "total": 1}, good | {"layers": [1]}, good | {"layers": {"a": 1}}, good | {"total": None},
             good | {"layers": {"a": 1, "b": [[]]}}, good | {"total": 10**500}]  # fmt: skip
    zero = {"step": 1, "layers": {"style relu1_1": 0.0}, "tv": 0.0, "total": 0.0}
    contents = [json.dumps({"steps": [good, step, good]}) for step in steps] + [json.dumps({"steps": [zero]})]
    for content in ("", "{}", "[]", "5", '{"steps": []}', '{"steps": {"a": 1}}', "\x00", "[" * 100_000, *contents):
        (tmp_path / "run.json").write_text(content, encoding="utf-8")
        line = refused(["trade-off", str(tmp_path / "run.json")], capfd, tmp_path)
        assert "has no losses of a run that could be plotted; name the .json beside a picture" in line, content[:80]


def test_other_files_are_refused(tmp_path, capfd):
    assert "cannot be read" in refused(["trade-off", str(tmp_path / "none.json")], capfd, tmp_path)
    assert "'' found, expected the name of a file" in refused(["trade-off", ""], capfd, tmp_path)
    run = record(tmp_path / "run.png")
    assert "run.png is also an input" in refused(["trade-off", run, "-o", run], capfd, tmp_path)
    assert "expected .png" in refused(["trade-off", run, "-o", str(tmp_path / "a.jpg")], capfd, tmp_path)
