"""What a batch ends with: the table `batch.csv`, one sheet of all pictures, and the page if it was asked for."""

import csv
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transfer.apps.batch.orders import PAGE, SHEET, TABLE, Batch, Order
from transfer.apps.batch.pairs import Pair, harmless, short_name
from transfer.cli.run import write_text
from transfer.files import SAMPLE
from transfer.inputs import cropped, read_cropped
from transfer.recipes import Crop
from transfer.report.page import IN_HEAD, Cell, grid_page
from transfer.report.page import thumbnail as small
from transfer.samples import painting, scene
from vgg.errors import InputError
from vgg.tools.files import atomic_write
from vgg.tools.image import read_image, resize, write_image
from vgg.tools.sheet import contact_sheet

COLUMNS = ("content", "style", "file", "total", "content loss", "style loss", "tv loss", "steps", "seconds", "problem")
#: Pixels of a cell's height on the sheet, and of the sheet's, which a large batch stays below by lower cells.
CELL, LARGEST_SHEET = 200, 6000
#: Contents and styles on the sheet. More of them are left out: nobody could see anything on it.
MOST = 100


def write_summary(batch: Batch, rows: Mapping[Order, "Row"], say: Callable[[str], None]) -> None:
    """Write table, sheet and page of what is there; say where. Nothing is written if there is not a single row.

    Raises:
        InputError: one of them cannot be written, for example on a full disk.
    """
    if not rows:
        return
    paths = [batch.folder / TABLE]
    write_table(paths[0], batch, rows)
    if any(not row.problem for row in rows.values()):
        paths.append(batch.folder / SHEET)
        write_image(paths[-1], sheet_of(batch, rows))
    if batch.options.report:
        paths.append(batch.folder / PAGE)
        write_text(paths[-1], page_of(batch, rows))
    say(f"written: {', '.join(map(str, paths))}")


# The table.


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    name: str
    file: str = ""
    total: float = float("nan")
    groups: tuple[float, float, float] = (float("nan"),) * 3  # content, style, tv
    steps: int = 0
    seconds: float = 0.0
    problem: str = ""


def row_of_record(name: str, record: dict[str, Any]) -> Row:
    """Return the row of the finished picture of that name."""
    steps = record["steps"]
    losses = record["losses"] or steps[-1]
    groups = tuple(losses[group] for group in ("content", "style", "tv"))
    return Row(name, record["result"]["file"], losses["total"], groups, len(steps), steps[-1]["seconds"])


def write_table(path: Path, batch: Batch, rows: Mapping[Order, Row]) -> None:
    """Write the rows as CSV, in the order of the pairs; raises InputError, for example on a full disk."""
    text = {"newline": "", "encoding": "utf-8", "errors": "backslashreplace"}  # a file's name need not be UTF-8
    with atomic_write(path) as unfinished, unfinished.open("w", **text) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for order in (order for order in batch.orders if order in rows):
            row = rows[order]
            numbers = ["" if row.problem else f"{value:.6g}" for value in (row.total, *row.groups)]
            counts = (row.steps or "", f"{row.seconds:.2f}" if row.seconds else "")
            writer.writerow([*map(harmless, (*order.pair, row.file)), *numbers, *counts, harmless(row.problem)])


# The sheet.


def sheet_of(batch: Batch, rows: Mapping[Order, Row]) -> np.ndarray:
    """Return all pictures of a batch with their inputs; uint8 RGB (H, W, 3).

    If most contents have only a few of the styles, as in a long list of pairs, a row is content, style and result.
    """
    orders, crop = batch.orders, batch.recipe.crop
    contents = list(dict.fromkeys(order.pair.content for order in orders))[:MOST]
    styles = list(dict.fromkeys(order.pair.style for order in orders))[:MOST]
    made = {order.pair: order.outputs.picture for order, row in rows.items() if not row.problem}
    pairs = [order.pair for order in orders][:MOST]
    in_pairs = 2 * len(pairs) < len(contents) * len(styles)
    height = max(24, min(CELL, LARGEST_SHEET // (len(pairs if in_pairs else contents) + 1)))

    def result(content: str, style: str) -> tuple[str, np.ndarray]:
        picture = made.get((content, style))
        return "", blank(height) if picture is None else resize_to_height(read_image(picture), height)

    if in_pairs:
        cells = []
        for content, style in pairs:
            inputs = [thumbnail(content, "content", height, crop), thumbnail(style, "style", height, crop)]
            cells += [*inputs, result(content, style)]
        return contact_sheet(cells, 3, height, font_size=0.5)
    cells = [("", blank(height)), *(thumbnail(style, "style", height, crop) for style in styles)]
    for content in contents:
        cells += [thumbnail(content, "content", height, crop), *(result(content, style) for style in styles)]
    return contact_sheet(cells, len(styles) + 1, height, font_size=0.5)


def thumbnail(path: str, kind: str, height: int, crop: Crop) -> tuple[str, np.ndarray]:
    """Return an input with its label, of no less than this height; white if it cannot be read."""
    try:
        if path == SAMPLE:
            draw = scene if kind == "content" else painting
            return SAMPLE, cropped(draw(height, height * 4 // 3), crop)
        return short_name(path, kind), resize_to_height(read_cropped(path, crop), height)
    except InputError:
        return short_name(path, kind), blank(height)


def resize_to_height(image: np.ndarray, height: int) -> np.ndarray:
    """Return the picture (H, W, 3) made smaller, to no less than this height."""
    try:
        return resize(image, round(height * max(image.shape[:2]) / image.shape[0]))
    except InputError:  # long and narrow; the sheet makes it small enough
        return image


def blank(height: int) -> np.ndarray:
    """Return a white square."""
    return np.full((height, height, 3), 255, np.uint8)


# The page.


def page_of(batch: Batch, rows: Mapping[Order, Row]) -> str:
    """Return the web page of all pictures, as the sheet has them."""
    orders, recipe = batch.orders, batch.recipe
    contents = list(dict.fromkeys(order.pair.content for order in orders))
    styles = list(dict.fromkeys(order.pair.style for order in orders))
    cells = {order.pair: _cell(order, rows[order]) for order in orders if order in rows}
    columns = [thumbnail(style, "style", IN_HEAD, recipe.crop) for style in styles]
    lines = [thumbnail(content, "content", IN_HEAD, recipe.crop) for content in contents]
    facts = [("recipe", recipe.name), ("size", f"{recipe.size} pixels"), ("steps", f"{recipe.iterations} at each size")]
    by_line = [[cells.get(Pair(content, style)) for style in styles] for content in contents]
    return grid_page("Pictures of a batch", lines, columns, by_line, facts, shlex.join(batch.command))


def _cell(order: Order, row: Row) -> Cell:
    """Return a cell of the page."""
    if row.problem:
        return Cell(problem=row.problem)
    outputs = order.outputs
    picture = small(read_image(outputs.picture))
    losses = {"total": row.total} | dict(zip(("content", "style", "tv"), row.groups, strict=True))
    report = outputs.report.name if outputs.report and outputs.report.exists() else ""
    return Cell(picture, outputs.picture.name, report, losses, row.seconds)
