"""The plot is read back from its SVG: the black line is the total, which gives the axis, and the axis every loss."""

import re
import xml.etree.ElementTree as ElementTree
from math import inf, nan

import numpy as np

from report_record import record
from transfer.report.plot import lines_of, plot


def drawn(steps: list[dict]) -> ElementTree.Element:
    return ElementTree.fromstring(plot(steps, lines_of(steps), "svg"))


def texts(svg: ElementTree.Element) -> list[str]:
    return [element.text.strip() for element in svg.iter("{http://www.w3.org/2000/svg}text") if element.text]


def pieces_of(svg: ElementTree.Element, color: str) -> list[np.ndarray]:
    """The points (x, y) of each piece of the line of this colour, in the plotted area."""
    styles = {path.get("d"): path.get("style", "") for path in svg.iter("{http://www.w3.org/2000/svg}path")
              if path.get("clip-path")}  # fmt: skip
    (words,) = [words for words, style in styles.items() if f"stroke: {color}" in style]
    return [np.array(re.findall(r"[-\d.]+", piece), float).reshape(-1, 2) for piece in words.split("M")[1:]]


def test_the_points_give_back_the_losses():
    steps = record(7, (32,))["steps"]
    svg, lines = drawn(steps), lines_of(steps)
    assert [line.label for line in lines] == [
        "total", "content relu4_2", "style relu1_1", "style relu2_1", "total variation"
    ]  # fmt: skip
    assert set(texts(svg)) > {line.label for line in lines}
    (points,) = pieces_of(svg, lines[0].color)
    slope, offset = np.polyfit(points[:, 1], np.log([step["total"] for step in steps]), 1)
    expected = [*(steps[0]["layers"]), "tv"]
    for line, name in zip(lines[1:], expected, strict=True):
        (points,) = pieces_of(svg, line.color)
        losses = [{**step, **step["layers"]}[name] for step in steps]
        np.testing.assert_allclose(np.exp(slope * points[:, 1] + offset), losses, rtol=1e-3)
        np.testing.assert_allclose(np.diff(points[:, 0]), np.diff(points[:, 0])[0], rtol=1e-4)


def test_the_same_steps_give_the_same_bytes():
    steps = record()["steps"]
    for kind in ("svg", "png"):
        assert plot(steps, lines_of(steps), kind, "title") == plot(steps, lines_of(steps), kind, "title")


def test_lines_end_where_the_size_changes():
    steps = record(6, (32, 64))["steps"]
    svg = drawn(steps)
    assert all(len(pieces_of(svg, line.color)) == 2 for line in lines_of(steps))
    assert [text for text in texts(svg) if "px" in text] == ["32 px", "64 px"]


def test_what_has_no_logarithm_leaves_a_gap():
    steps = record(6, (32,))["steps"]
    for place, value in ((0, 0.0), (2, nan), (3, inf)):
        steps[place]["layers"]["style relu1_1"] = value
    svg = drawn(steps)
    assert "nan" not in ElementTree.tostring(svg, encoding="unicode")
    (line,) = [line for line in lines_of(steps) if line.name == "style relu1_1"]
    assert [len(piece) for piece in pieces_of(svg, line.color)][-1] == 2


def test_a_loss_that_hardly_changes_is_not_blown_up():
    steps = record(4, (32,))["steps"]
    for i, step in enumerate(steps):
        step |= {"total": 0.5 + 1e-6 * i, "tv": 0.0, "layers": {}}
    (points,) = pieces_of(drawn(steps), "#000000")
    assert np.ptp(points[:, 1]) < 0.1


def test_any_name_of_a_layer_is_drawn():
    steps = record(3, (32,))["steps"]
    for step in steps:
        step["layers"] = {r"style $\bad$": 0.5, "style 雨": 0.4, "_hidden": 0.3, "style \udcff\0<b>": 0.2}
    assert r"style $\bad$" in texts(drawn(steps)) and "style ��<b>" in texts(drawn(steps))
