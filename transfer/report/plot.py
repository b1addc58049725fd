"""The losses of a run against its steps: a line for each term, drawn by matplotlib as SVG or PNG."""

import io
import logging
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from vgg.tools.web import writable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What a step of a record has besides the losses of groups that are not layers.
NOT_GROUPS = ("step", "evaluations", "seconds", "total", "content", "style", "layers", "size", "precision")
#: Colormaps of matplotlib and the part of them that shows well on white: warm for content, cool for style.
COLORS = {
    "total": ("gray", 0, 0),
    "content": ("autumn", 0, 0.5),
    "style": ("viridis", 0, 0.85),
    "other": ("gray", 0.45, 0.6),
}
STROKES = {"total": "-", "content": "--", "style": "-", "other": ":"}
#: Up to so many steps, each has a dot: a line that is one step long would not be seen.
MOST_DOTS = 40


class Line(NamedTuple):
    """How the loss of one term fell."""

    name: str  # as in the record, such as "content relu4_2", "tv" or "total"
    kind: str  # "content", "style", "other" or "total"
    color: str  # `#rrggbb`
    values: list[float]  # one for each step, weighted as they are summed

    @property
    def label(self) -> str:
        """Return its name for people."""
        return writable("total variation" if self.name == "tv" else self.name)

    @property
    def drawable(self) -> list[float]:
        """Return the values that a logarithmic axis can show."""
        return [value for value in self.values if math.isfinite(value) and value > 0]


def lines_of(steps: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return the lines of a record's steps: the total, then content layers, style layers, and all that is not a layer.

    Layers are in the order of the network, as they are in the record. Raises AttributeError, KeyError, OverflowError,
    TypeError or ValueError if these are not the steps of a record.
    """
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    layers = list(steps[0]["layers"]) if steps else []
    groups = dict.fromkeys(name for step in steps for name in step if name not in NOT_GROUPS and step[name])
    names = {kind: [layer for layer in layers if layer.startswith(f"{kind} ")] for kind in ("content", "style")}
    others = [name for name in (*layers, *groups) if name not in names["content"] + names["style"]]
    lines = []
    for kind, of_kind in ({"total": ["total"]} | names | {"other": others}).items():
        colormap, first, last = COLORS[kind]
        for name, color in zip(of_kind, colormaps[colormap](np.linspace(first, last, len(of_kind))), strict=True):
            lines.append(Line(name, kind, to_hex(color), [float(by_term(step)[name]) for step in steps]))
    return lines


def by_term(losses: Mapping[str, Any]) -> dict[str, Any]:
    """Return all losses of a step of a record, or of its `losses`: of layers, of groups, and the total."""
    return {**losses, **losses["layers"]}


def size_starts(steps: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the places in `steps` where the image gets another size; the first one is 0."""
    return [i for i, step in enumerate(steps) if i == 0 or step.get("size") != steps[i - 1].get("size")]


def plot(
    steps: Sequence[Mapping[str, Any]], lines: Sequence[Line], kind: Literal["svg", "png"], title: str = ""
) -> bytes:
    """Return the file of a plot of the `lines_of` these steps of a record; the same steps give the same bytes.

    The first line is drawn on top. A value that has no logarithm (0, infinite, not a number) leaves a gap, and so does
    each change of size.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it logs about its fonts and caches
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that its font lacks becomes a box
        # Here and not above: it takes half a second to import, and few runs have a plot.
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 4.5), layout="constrained")
        axes = figure.add_subplot(xlabel="step", ylabel="loss, weighted as it is summed", yscale="log")
        _draw(axes, steps, lines)
        if title:
            axes.set_title(writable(title), parse_math=False, pad=22)
        for text in figure.legend(loc="outside right upper", frameon=False).get_texts():
            text.set_parse_math(False)
        # Neither the time nor the program's version in it, and names inside the SVG that are always the same.
        metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        data = io.BytesIO()
        with rc_context({"svg.hashsalt": "style transfer", "svg.fonttype": "none"}):
            figure.savefig(data, format=kind, dpi=120, metadata=metadata)
    return data.getvalue()


def _draw(axes: "Axes", steps: Sequence[Mapping[str, Any]], lines: Sequence[Line]) -> None:
    """Draw each line in as many pieces as there are sizes, with the sizes above them.

    The terms are made anew for each size (`transfer.objective`), with the targets and in the units of that size,
    so the jump between two sizes says nothing.
    """
    starts = size_starts(steps)
    numbers = np.insert(np.arange(1.0, len(steps) + 1), starts[1:], np.nan)
    marker = "." if len(steps) <= MOST_DOTS else None
    for line in lines:
        values = np.insert(line.values, starts[1:], np.nan)
        width, order = (2.5, 3) if line.kind == "total" else (1.5, 2)
        style = {"linestyle": STROKES[line.kind], "color": line.color, "marker": marker, "markersize": 4}
        axes.plot(numbers, values, label=line.label, linewidth=width, zorder=order, **style)
    above = {"transform": axes.get_xaxis_transform(), "color": "gray", "fontsize": 9, "parse_math": False}
    for start in starts:
        place = start + 0.5 if start else 1.0
        if start:
            axes.axvline(place, color="gray", linestyle=":", linewidth=1)
        if steps[start].get("size"):  # records from before there were sizes have none
            axes.text(place, 1.015, writable(f" {steps[start]['size']} px"), **above)
    values = [value for line in lines for value in line.drawable]
    if values and max(values) < 10 * min(values):  # small changes would look large
        middle = math.sqrt(min(values)) * math.sqrt(max(values))
        axes.set_ylim(middle / 10**0.55, middle * 10**0.55)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(True, alpha=0.3)
