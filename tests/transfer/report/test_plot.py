"""The plot is read back as a person reads it: two ticks give the axis, the axis gives every loss."""

from math import inf, log, nan

import numpy as np
import pytest

from report_record import record
from transfer.report.losses import lines_of
from transfer.report.plot import plot
from web_page import Element, read_page


def drawn(steps: list[dict]) -> Element:
    return read_page(plot(steps, lines_of(steps)))


def percent(element: Element, name: str) -> float:
    assert element[name].endswith("%")
    return float(element[name][:-1])


def number(text: str) -> float:
    """A tick's number, with 10⁻³ read as it is written."""
    plain = text.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    if plain == text:
        return float(text)
    factor, _, power = plain.rpartition("·")
    return float(factor or 1) * 10.0 ** int(power[2:])


def losses_read(tree: Element) -> dict[str, list[tuple[float, float]]]:
    """(step, loss) of every point, by the name of the line."""
    ticks = [(percent(tick, "y") / 100, log(number(tick.text()))) for tick in tree.all("text", "tick y")]
    (y0, log0), (y1, log1) = ticks[0], ticks[-1]
    marks = [
        (percent(tick, "x") / 100, int(tick.text())) for tick in tree.all("text", "tick x") if tick.text() != "step"
    ]
    (x0, step0), (x1, step1) = marks[0], marks[-1]
    found = {}
    for group in tree.all("g"):
        name = group.all("title")[0].text()
        found[name] = []
        for line in group.all("polyline"):
            for point in line["points"].split():
                x, y = (float(value) / 1000 for value in point.split(","))
                step = step0 if x1 == x0 else step0 + (x - x0) / (x1 - x0) * (step1 - step0)
                found[name].append((step, np.exp(log0 + (y - y0) / (y1 - y0) * (log1 - log0))))
    return found


@pytest.mark.parametrize("scale", [1.0, 1e-9, 3e7])
def test_the_points_give_back_the_losses(scale):
    steps = record(7, (32, 64, 96))["steps"]
    for step in steps:
        step["total"] *= scale
        step["tv"] *= scale
        step["layers"] = {name: loss * scale for name, loss in step["layers"].items()}
    read = losses_read(drawn(steps))
    expected = {"total": [step["total"] for step in steps], "total variation": [step["tv"] for step in steps]}
    expected |= {name: [step["layers"][name] for step in steps] for name in steps[0]["layers"]}
    assert set(read) == set(expected)
    for name, losses in expected.items():
        at, values = zip(*read[name], strict=True)
        np.testing.assert_allclose(at, np.arange(1, 22), atol=0.01)
        np.testing.assert_allclose(values, losses, rtol=1e-3)


def test_lines_end_where_the_size_changes_and_a_mark_stands_between():
    steps = record(6, (32, 64))["steps"]
    tree = drawn(steps)
    assert all(len(group.all("polyline")) == 2 for group in tree.all("g"))
    (mark,) = tree.all("line", "size")
    assert percent(mark, "x1") == percent(mark, "x2") == pytest.approx(50)  # of 12 steps, between the 6th and the 7th
    labels = tree.all("text", "size-label")
    assert [(label.text(), percent(label, "x")) for label in labels] == [("32 px", 0), ("64 px", pytest.approx(50))]
    assert "cannot be compared" in tree.text()


def test_one_size_has_no_mark_and_nothing_to_warn_of():
    tree = drawn(record(6, (32,))["steps"])
    assert not tree.all("line", "size") and "compared" not in tree.text()
    assert all(len(group.all("polyline")) == 1 for group in tree.all("g"))


def test_content_style_and_total_are_told_apart():
    tree = drawn(record()["steps"])
    kinds = {group.all("title")[0].text(): group.all("polyline")[0]["class"] for group in tree.all("g")}
    assert kinds == {
        "total": "line total",
        "content relu4_2": "line content",
        "style relu1_1": "line style",
        "style relu2_1": "line style",
        "total variation": "line other",
    }
    assert tree.all("g")[-1].all("title")[0].text() == "total"  # drawn last, so on top


def test_a_single_step_is_a_dot_in_the_middle():
    steps = record(1, (32,))["steps"]
    for group in drawn(steps).all("g"):
        (line,) = group.all("polyline")
        first, second = line["points"].split()
        assert first == second and first.startswith("500.00,")
    assert losses_read(drawn(steps))["total"][0] == (1, pytest.approx(steps[0]["total"], rel=1e-3))


def test_what_has_no_logarithm_leaves_a_gap():
    steps = record(6, (32,))["steps"]
    for place, value in ((0, 0.0), (2, nan), (4, inf), (5, -1.0)):
        steps[place]["layers"]["style relu1_1"] = value
    tree = drawn(steps)
    assert [round(at) for at, _ in losses_read(tree)["style relu1_1"]] == [2, 2, 4, 4]  # two dots
    assert "nan" not in str(tree) and "inf" not in str(tree) and "Gaps" in tree.text()
    assert "style relu1_1" not in [label.text() for label in tree.all("text", "end-label")]


@pytest.mark.parametrize("value", [0.0, nan, inf])
def test_nothing_to_draw_is_said(value):
    steps = record(3, (32,))["steps"]
    for step in steps:
        step["total"] = step["tv"] = value
        step["layers"] = dict.fromkeys(step["layers"], value)
    assert not drawn(steps).all("svg") and "nothing to plot" in drawn(steps).text()
    assert "nothing to plot" in drawn([]).text()


@pytest.mark.parametrize("kind", ["content", "style"])
def test_a_run_without_layers_of_a_kind_has_no_line_of_it(kind):
    steps = record()["steps"]
    for step in steps:
        step[kind] = 0.0
        step["layers"] = {name: loss for name, loss in step["layers"].items() if not name.startswith(kind)}
    assert not any(name.startswith(kind) for name in losses_read(drawn(steps)))
    assert not drawn(steps).all("polyline", f"line {kind}")


def test_a_loss_that_hardly_changes_is_not_blown_up():
    steps = record(4, (32,))["steps"]
    for i, step in enumerate(steps):
        step |= {"total": 0.5 + 1e-6 * i, "tv": 0.0, "layers": {}}
    (line,) = drawn(steps).all("polyline")
    heights = [float(point.split(",")[1]) for point in line["points"].split()]
    assert max(heights) - min(heights) < 1 and 400 < heights[0] < 600
    assert len(drawn(steps).all("text", "tick y")) >= 2


@pytest.mark.parametrize("loss", [1e-4, 0.05, 40.0], ids=["at the bottom", "in the middle", "at the top"])
def test_labels_at_the_ends_never_cover_each_other(loss):
    steps = record(4, (32,))["steps"]
    for step in steps:
        step["layers"] = {f"style relu{i}_1": loss * (1 + 1e-3 * i) for i in range(12)}
    places = sorted(percent(label, "y") for label in drawn(steps).all("text", "end-label"))
    assert len(places) == 14 and min(np.diff(places)) > 4.5 and places[0] >= 0 and places[-1] <= 100
