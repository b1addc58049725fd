"""The web pages about one run and about a batch, filled into the templates beside this file."""

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

import numpy as np

from transfer.cli.record import flat
from transfer.report.plot import by_term, lines_of, plot, size_starts
from vgg.tools.web import data_uri, embedded, filled

FOLDER = Path(__file__).parent
#: Pixels up to which a result goes into its page without loss; a PNG of so many has about 2 MB.
MOST_LOSSLESS = 1024 * 1024
#: Longer sides in pixels: of the images in the row of a run, of a batch's results, and of the images in its heads,
#: which are shown smaller, but screens may have two pixels for one.
IN_ROW, IN_CELL, IN_HEAD = 640, 256, 160
#: Endings of films that browsers play.
PLAYED = (".mp4", ".webm")
#: Parts of a record that are shown by themselves.
SHOWN_APART = ("steps", "losses", "command")
#: A label, such as a file's name, and its image (H, W, 3), RGB in [0, 255]; None if it could not be read.
Labelled = tuple[str, np.ndarray | None]


@dataclass(frozen=True, eq=False)
class Cell:
    """A result of the batch, or why there is none."""

    image: np.ndarray | None = None  # (H, W, 3) RGB in [0, 255]; of any size, `thumbnail` keeps memory free
    file: str = ""  # where its file is, seen from the folder of the page
    report: str = ""  # the same for the page about this run; "" if there is none
    losses: Mapping[str, Any] | None = None  # as in its record
    seconds: float | None = None  # that the run took
    problem: str = ""  # one line, if something went wrong


def page(
    record: Mapping[str, Any],
    inputs: Sequence[Labelled],
    result: np.ndarray,
    repeat: str,
    profile: bytes | None = None,
) -> str:
    """Return the whole page about a run as HTML; it needs no other file and no internet.

    A key that the `record` lacks, or one that is new, does no harm: the first is left out, the second is shown with the
    rest of the record. Of the `inputs` the content comes first. `result` is (H, W, 3) RGB. `repeat` is the command that
    repeats the run, and `profile` the ICC profile of content and result, if they have one.
    """
    steps, losses, row = record["steps"], record.get("losses"), []
    lines = lines_of(steps)
    for label, image in (*inputs, ("result", result)):
        file = PurePath(record.get(label, {}).get("file", "")).name
        own_profile = profile if label in ("content", "result") else None
        row.append((label, file, image.shape, embedded(image, IN_ROW, profile=own_profile)))
    return _filled(
        "run.html",
        record=record,
        name=PurePath(record.get("result", {}).get("file", "result")).name,
        after=embedded(result, lossless=result.shape[0] * result.shape[1] <= MOST_LOSSLESS, profile=profile),
        before=embedded(inputs[0][1], profile=profile),
        result=result,
        row=row,
        lines=lines,
        of_picture=losses and by_term(losses),
        starts=size_starts(steps),
        plot=data_uri("svg+xml", plot(steps, lines, "svg")) if any(line.drawable for line in lines) else "",
        given=shlex.join(map(str, record.get("command", ()))),
        repeat=repeat,
        everything=flat({key: value for key, value in record.items() if key not in SHOWN_APART}).items(),
        script=(FOLDER / "slider.js").read_text(encoding="utf-8"),
    )


def grid_page(
    title: str,
    rows: Sequence[Labelled],
    columns: Sequence[Labelled],
    cells: Sequence[Sequence[Cell | None]],
    facts: Sequence[tuple[str, str]] = (),
    repeat: str = "",
) -> str:
    """Return the page about a batch as HTML; it holds the thumbnails and links to the pictures in full.

    The contents are at the heads of the rows, and the styles at those of the columns. `cells` has a row for each of
    `rows` and in it one for each of `columns`; None where no run was asked for. `facts` are settings that all runs
    share, by name, and `repeat` is the command that makes all of it again.
    """
    in_rows = [(row, list(zip(columns, of_row, strict=True))) for row, of_row in zip(rows, cells, strict=True)]
    asked_for = [cell for row in cells for cell in row if cell]
    return _filled(
        "batch.html", title=title, columns=columns, rows=in_rows, cells=asked_for, facts=facts, repeat=repeat,
        IN_CELL=IN_CELL, IN_HEAD=IN_HEAD,
    )  # fmt: skip


def film_page(record: Mapping[str, Any], film: Path, sheet: np.ndarray) -> str:
    """Return the page about a film as HTML, with the film itself, which ends in one of `PLAYED`, and its sheet."""
    frames = record["frames"]
    flickers = [(frame["flicker"], number) for number, frame in enumerate(frames, 1) if frame["flicker"] is not None]
    return _filled(
        "film.html", record=record, name=film.name, film=data_uri(film.suffix[1:].lower(), film.read_bytes(), "video"),
        width=record["width"], height=record["height"], frames=frames, worst=max(flickers, default=None),
        sheet=embedded(sheet), given=shlex.join(map(str, record["command"])),
        everything=flat({key: value for key, value in record.items() if key not in (*SHOWN_APART, "frames")}).items(),
    )  # fmt: skip


def shown(value: Any) -> str:  # noqa: ANN401  (whatever JSON can hold)
    """Return a value in words; pairs of a name and a weight as `relu4_2 0.5`."""
    if value is None or value in ((), [], {}, ""):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(value).removesuffix(".0")
    if isinstance(value, (list, tuple)):
        separator = " " if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], float) else ", "
        return separator.join(map(shown, value))
    return str(value)


def link(path: str) -> str:
    """Return a relative path as the address of a link; no name in it can be taken for a scheme such as `http:`."""
    return quote(os.fsencode(path.replace(os.sep, "/")), safe="/")


def _filled(template: str, **values: Any) -> str:  # noqa: ANN401
    return filled(FOLDER / template, {"shown": shown, "link": link}, **values)
