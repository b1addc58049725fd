"""The web page about a batch: a table with a row for each content picture and a column for each style picture."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import starmap
from typing import Any
from urllib.parse import quote

import numpy as np

from transfer.report.embed import embedded
from transfer.report.markup import Html, document, section, table, tag
from vgg.tools.progress import duration

THUMBNAIL = 256  # longer side of a result in its cell, in pixels
HEAD = 160  # of the pictures in the heads; they are shown smaller, but screens may have two pixels for one


@dataclass(frozen=True, eq=False)
class Head:
    """A content picture at the head of a row, or a style picture at the head of a column."""

    label: str  # such as the file's name
    picture: np.ndarray | None  # (H, W, 3) RGB in [0, 255], of any size; None if it could not be read


@dataclass(frozen=True, eq=False)
class Cell:
    """A result of the batch, or why there is none."""

    picture: np.ndarray | None = None  # (H, W, 3) RGB in [0, 255]; of any size, `thumbnail` keeps memory free
    file: str = ""  # where its file is, seen from the folder of the page
    report: str = ""  # the same for the page about this run; "" if there is none
    losses: Mapping[str, Any] | None = None  # as in its record
    seconds: float | None = None  # that the run took
    problem: str = ""  # one line, if something went wrong


def grid_page(
    title: str,
    rows: Sequence[Head],
    columns: Sequence[Head],
    cells: Sequence[Sequence[Cell | None]],
    facts: Sequence[tuple[str, str]] = (),
    repeat: str = "",
) -> str:
    """Return the whole page as HTML; it holds the thumbnails and links to the pictures in full.

    Args:
        title: of the page.
        rows: content pictures.
        columns: style pictures.
        cells: a row of cells for each of `rows`, in it one for each of `columns`; None where no run was asked for.
        facts: settings that all runs share, by name.
        repeat: the command that makes all of it again.
    """
    corner = tag("th", "content ↓ style →", scope="col")
    head = tag("thead", tag("tr", corner, *(_head(column, "col", "style") for column in columns)))
    lines = [
        tag("tr", _head(row, "row", "content"), *starmap(partial(_cell, row), zip(columns, of_row, strict=True)))
        for row, of_row in zip(rows, cells, strict=True)
    ]
    grid = tag("table", head, tag("tbody", *lines))
    command = [tag("pre", tag("code", repeat))] if repeat else []
    return document(
        f"{title} · style transfer",
        tag("header", tag("h1", title), tag("p", _summary(cells), class_="summary")),
        tag("div", grid, class_="batch scroll", tabindex="0", role="region", aria_label="results"),
        section("Settings", *([table(facts, class_="facts")] if facts else [])),
        section("Command", *command),
        own_style="main { max-width: none; }\n",
    )


def link(path: str) -> str:
    """Return a relative path as the address of a link; no name in it can be taken for a scheme such as `http:`."""
    parts = path.replace(os.sep, "/")
    return quote(os.fsencode(parts), safe="/")


def _summary(cells: Sequence[Sequence[Cell | None]]) -> str:
    """Return how many pictures there are, how many failed, and the time that all took."""
    wanted = [cell for row in cells for cell in row if cell]
    made = sum(cell.picture is not None for cell in wanted)
    failed = sum(bool(cell.problem) for cell in wanted)
    parts = [f"{made} of {len(wanted)} pictures"] + [f"{failed} with a problem"] * bool(failed)
    return " · ".join([*parts, duration(sum(cell.seconds or 0.0 for cell in wanted))])


def _head(head: Head, scope: str, kind: str) -> Html:
    """Return the head of a row or column: the picture above its name."""
    image = [] if head.picture is None else [embedded(head.picture, HEAD).tag(f"{kind}: {head.label}")]
    return tag("th", *image, tag("span", head.label), scope=scope)


def _cell(row: Head, column: Head, cell: Cell | None) -> Html:
    """Return a cell: the thumbnail as a link to the picture, then losses, time, and what went wrong."""
    if cell is None:
        return tag("td", "–")
    parts: list[str] = []
    if cell.picture is not None:
        image = embedded(cell.picture, THUMBNAIL).tag(f"{row.label} in the style of {column.label}", loading="lazy")
        parts.append(tag("a", image, href=link(cell.file)) if cell.file else image)
    if cell.problem:
        parts.append(tag("p", cell.problem, class_="problem"))
    if cell.losses:
        groups = [f"{name} {cell.losses[name]:.3g}" for name in ("content", "style") if name in cell.losses]
        parts += [tag("p", f"loss {cell.losses['total']:.3g}"), tag("p", ", ".join(groups))]
    if cell.seconds is not None:
        about = [tag("a", "report", href=link(cell.report))] if cell.report else []
        parts.append(tag("p", duration(cell.seconds), *([" · "] if about else []), *about))
    elif cell.report:
        parts.append(tag("p", tag("a", "report", href=link(cell.report))))
    return tag("td", *parts)
