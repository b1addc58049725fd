"""The losses of a run against its steps, as SVG inside HTML.

The plot fills the width that it is given, while texts and strokes keep their size: places are percentages of the
plotted area, and lines have an area of 1000 × 1000 units that is stretched over it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from transfer.report.axis import LogAxis, drawable, step_ticks
from transfer.report.losses import Line, size_starts
from transfer.report.markup import Html, joined, tag

UNITS = 1000  # width and height of the area for lines
LABEL_GAP = 4.6  # percent of the height: the least distance of two labels beside the ends of lines


def plot(steps: Sequence[Mapping[str, Any]], lines: Sequence[Line]) -> Html:
    """Return the plot with what there is to know for reading it; a sentence if there is nothing to draw.

    A value that has no logarithm (0, infinite, not a number) leaves a gap, and so does each change of size.

    Args:
        steps: those of a record.
        lines: of these steps, see `lines_of`; the first one is drawn on top.
    """
    axis = LogAxis.of(value for line in lines for value in line.values)
    if axis is None:
        return tag("p", "No step has a loss above zero, so there is nothing to plot.")
    starts = size_starts(steps)
    drawn = [_drawn(line, axis, starts) for line in reversed(lines)]
    area = tag("svg", *drawn, viewBox=f"0 0 {UNITS} {UNITS}", preserveAspectRatio="none", class_="lines")
    parts = (*_grid(axis, len(steps)), *_sizes(steps, starts), area, *_end_labels(lines, axis))
    summary = f"Losses against {len(steps)} steps; the table below has their first and last values."
    svg = tag("svg", *parts, class_="plot", role="img", aria_label=summary)
    notes = ["Logarithmic, weighted as they are summed. Content layers are dashed, style layers solid."]
    if len(starts) > 1:
        notes.append(
            "Losses of two sizes cannot be compared: with the size, the targets and the units of the losses change."
        )
    if not all(drawable(value) for line in lines for value in line.values):
        notes.append("Gaps are losses of 0, or without a finite value.")
    return joined([tag("div", svg, class_="plot-frame"), tag("p", " ".join(notes), class_="note")])


def across(place: int, count: int) -> float:
    """Return where the step at `place`, from 0, is: a share of the width; a single step is in the middle."""
    return place / (count - 1) if count > 1 else 0.5


def _drawn(line: Line, axis: LogAxis, starts: Sequence[int]) -> Html:
    """Return the line in as many pieces as its gaps make."""
    pieces = []
    for piece in _pieces(line.values, starts):
        points = [
            f"{UNITS * across(i, len(line.values)):.2f},{UNITS * (1 - axis.share(line.values[i])):.2f}" for i in piece
        ]
        if len(points) == 1:
            points *= 2  # a line of no length, which its round ends make a dot
        pieces.append(tag("polyline", points=" ".join(points), fill="none", **line.stroke()))
    return tag("g", tag("title", line.name), *pieces)


def _pieces(values: Sequence[float], starts: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of values that can be drawn and follow each other at one size."""
    piece: list[int] = []
    for i, value in enumerate(values):
        if piece and (i in starts or not drawable(value)):
            yield piece
            piece = []
        if drawable(value):
            piece.append(i)
    if piece:
        yield piece


def _grid(axis: LogAxis, count: int) -> Iterator[Html]:
    """Yield the ticks of both axes, with a line across the area for those of the losses."""
    for tick in axis.ticks():
        y = f"{100 * (1 - axis.share(tick)):.3f}%"
        yield tag("line", x1="0%", x2="100%", y1=y, y2=y, class_="grid")
        yield tag("text", _power(tick), x="0%", y=y, dx="-8", dy="0.32em", class_="tick y")
    for step in step_ticks(count):
        x = f"{100 * across(step - 1, count):.3f}%"
        yield tag("text", str(step), x=x, y="100%", dy="1.5em", class_="tick x")
    yield tag("line", x1="0%", x2="100%", y1="100%", y2="100%", class_="base")
    yield tag("text", "step", x="50%", y="100%", dy="3em", class_="tick x")


def _power(value: float) -> str:
    """Return a tick of the losses as text: `0.05`, or `10⁻⁷` where the zeros would have to be counted."""
    if 1e-4 < value < 1e5:
        return f"{value:g}"
    factor, exponent = f"{value:.0e}".split("e")
    power = f"10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
    return power if factor == "1" else f"{factor}·{power}"


def _sizes(steps: Sequence[Mapping[str, Any]], starts: Sequence[int]) -> Iterator[Html]:
    """Yield the size of the image above the steps that have it, and a line where another one begins."""
    for start in starts:
        # Between two steps, as the size changes there.
        x = f"{100 * max(0.0, across(start, len(steps)) - across(1, len(steps)) / 2 if start else 0.0):.3f}%"
        if start:
            yield tag("line", x1=x, x2=x, y1="0%", y2="100%", class_="size")
        yield tag("text", f"{steps[start]['size']} px", x=x, y="0%", dx="5", dy="-0.5em", class_="size-label")


def _end_labels(lines: Sequence[Line], axis: LogAxis) -> Iterator[Html]:
    """Yield the names beside the ends of the lines, moved apart where they would cover each other."""
    ending = [line for line in lines if drawable(line.values[-1])]
    ending.sort(key=lambda line: -axis.share(line.values[-1]))
    places: list[float] = []
    for line in ending:
        wanted = 100 * (1 - axis.share(line.values[-1]))
        places.append(max(wanted, places[-1] + LABEL_GAP) if places else wanted)
    limit = 100.0
    for i in reversed(range(len(places))):  # what was pushed out below moves up again
        places[i] = limit = min(places[i], limit)
        limit -= LABEL_GAP
    for line, y in zip(ending, places, strict=True):
        yield tag("text", line.label, x="100%", y=f"{y:.2f}%", dx="8", dy="0.32em", fill=line.color, class_="end-label")
