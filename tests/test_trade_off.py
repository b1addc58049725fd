"""The trade-off plot: from the record of a run to a picture of its losses, or to one line that says why not."""

import json
import sys

import numpy as np
import pytest

from transfer.figures.__main__ import main
from vgg.image.file import read_image


def record(path, steps: int = 20, tv: float = 0.0) -> str:
    """A record whose content rises and whose style falls."""
    layers = [{"content relu4_2": 1e-3 * step, "style relu1_1": 1 / step} for step in range(1, steps + 1)]
    rows = [
        {"step": i, "layers": parts, "tv": tv, "total": sum(parts.values()) + tv} for i, parts in enumerate(layers, 1)
    ]
    path.write_text(json.dumps({"steps": rows}), encoding="utf-8")
    return str(path)


def test_it_draws_every_layer_and_the_total(tmp_path, monkeypatch, capfd):
    from matplotlib.axes import Axes

    drawn, plot = {}, Axes.plot

    def note(axes, x, y, *rest, **more):
        drawn[more["label"]] = (x, y)
        return plot(axes, x, y, *rest, **more)

    monkeypatch.setattr(Axes, "plot", note)
    assert main(["trade-off", record(tmp_path / "run.json", tv=0.25)]) == 0
    assert capfd.readouterr().out == f"written: {tmp_path / 'run-trade-off.png'}\n"
    assert set(drawn) == {"content relu4_2", "style relu1_1", "total variation", "total"}
    steps, falling = drawn["style relu1_1"]
    np.testing.assert_allclose(falling, 1 / np.arange(1, 21))
    assert list(steps) == list(range(1, 21))
    assert np.ptp(read_image(tmp_path / "run-trade-off.png")) > 200


def test_the_same_run_gives_the_same_bytes(tmp_path):
    run = record(tmp_path / "run.json")
    for name in ("a.png", "b.png"):
        assert main(["trade-off", run, "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"steps": []}', '{"steps": [{"step": 1}]}', "\x00\x01"])
def test_no_record(tmp_path, capfd, content):
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    assert main(["trade-off", str(tmp_path / "run.json")]) == 2
    err = capfd.readouterr().err
    assert "is no record of a run with the losses of its layers; name the .json that" in err and err.count("\n") == 1


def test_missing_record(tmp_path, capfd):
    assert main(["trade-off", str(tmp_path / "run.json")]) == 2
    assert "cannot be read (No such file or directory)" in capfd.readouterr().err


def test_without_matplotlib_it_says_how_to_get_it(tmp_path, capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["trade-off", record(tmp_path / "run.json")]) == 2
    assert (
        "matplotlib is not installed; get it with `.venv/bin/python -m pip install matplotlib`"
        in capfd.readouterr().err
    )
