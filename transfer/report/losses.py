"""The losses of a record: one line for each term, and a table of them that is the legend of the plot as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any, NamedTuple

from transfer.report.colors import CONTENT_HUES, OTHER_HUES, STYLE_HUES, hues, line_color
from transfer.report.markup import Html, joined, table, tag

#: What a step of a record has besides the losses of groups.
NOT_GROUPS = ("step", "evaluations", "seconds", "total", "layers", "size", "precision")
IN_LAYERS = ("content", "style")  # groups whose terms have lines of their own
FULL_NAMES = {"tv": "total variation"}


class Line(NamedTuple):
    """How the loss of one term fell."""

    name: str  # such as "content relu4_2", or "total"
    kind: str  # "content", "style", "other" or "total"
    color: str  # "currentColor" is that of the page's text
    values: list[float]  # one for each step, weighted as they are summed

    @property
    def label(self) -> str:
        """Return the name without the group, which the kind of line shows."""
        return self.name.removeprefix(f"{self.kind} ")

    def stroke(self) -> dict[str, str]:
        """Return the attributes of its strokes; `style.css` dashes and thickens them by class."""
        return {"class_": f"line {self.kind}", "stroke": self.color}


def lines_of(steps: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return the lines of a record's steps: the total, then content layers, style layers, and all that is not a layer.

    Layers are in the order of the network, as they are in the record.
    """
    if not steps:
        return []
    layers = list(steps[0]["layers"])
    names = {kind: [name for name in layers if name.startswith(f"{kind} ")] for kind in IN_LAYERS}
    groups = [name for name in steps[0] if name not in (*NOT_GROUPS, *IN_LAYERS)]
    names["other"] = [name for name in layers if name not in {*names["content"], *names["style"]}]
    names["other"] += [name for name in groups if any(step.get(name) for step in steps)]
    lines = [Line("total", "total", "currentColor", [float(step["total"]) for step in steps])]
    for kind, span in (("content", CONTENT_HUES), ("style", STYLE_HUES), ("other", OTHER_HUES)):
        for name, hue in zip(names[kind], hues(span, len(names[kind])), strict=True):
            color = line_color(hue, saturation=0.12 if kind == "other" else 0.75)
            lines.append(Line(FULL_NAMES.get(name, name), kind, color, [loss_of(step, name) for step in steps]))
    return lines


def loss_of(losses: Mapping[str, Any], name: str) -> float:
    """Return the loss of a term, of a group or of all, from a step of a record or its `losses`."""
    short = next((key for key, full in FULL_NAMES.items() if full == name), name)
    return float({**losses, **losses["layers"]}.get(short, nan))


def size_starts(steps: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the places in `steps` where the image gets another size; the first one is 0."""
    return [i for i, step in enumerate(steps) if i == 0 or step["size"] != steps[i - 1]["size"]]


def losses_table(record: Mapping[str, Any], lines: Sequence[Line]) -> Html:
    """Return a table of the losses at the last size, whose first column shows each line as the plot does.

    Smaller sizes are left out, because their losses cannot be compared with these.
    """
    steps = record["steps"]
    if not steps:
        return Html()
    first = size_starts(steps)[-1]
    of_picture = record.get("losses")
    head = ("loss", f"first step at {steps[first]['size']} px", "the picture" if of_picture else "last step")
    rows = []
    for line in lines:
        last = loss_of(of_picture, line.name) if of_picture else line.values[-1]
        rows.append((joined([_swatch(line), line.name]), f"{line.values[first]:.4g}", f"{last:.4g}"))
    return table(rows, head, "numbers")


def _swatch(line: Line) -> Html:
    stroke = tag("line", x1=1, y1=6, x2=31, y2=6, **line.stroke())
    return tag("svg", stroke, class_="swatch", viewBox="0 0 32 12", aria_hidden="true")
