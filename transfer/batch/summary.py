"""What a batch ends with: one sheet of all pictures, the table `batch.csv`, and the page if it was asked for."""

import argparse
import csv
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transfer.batch.making import Made
from transfer.batch.orders import PAGE, SHEET, TABLE, Order
from transfer.batch.pairs import Pair, short_name
from transfer.command.save import write_text
from transfer.inputs.crop import cropped
from transfer.recipe.choices import Recipe
from transfer.report.embed import thumbnail as small
from transfer.report.grid import HEAD, THUMBNAIL, Cell, Head, grid_page
from vgg.errors import InputError
from vgg.files import atomic_write
from vgg.image.file import read_image, resize, write_image
from vgg.image.sheet import contact_sheet

COLUMNS = ("content", "style", "file", "total", "content loss", "style loss", "tv loss", "steps", "seconds", "problem")
#: Pixels of a cell's height, and of the whole sheet's, which a large batch stays below by lower cells.
CELL, LARGEST_SHEET = 200, 6000


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

    @classmethod
    def of(cls, order: Order, record: dict[str, Any]) -> "Row":
        """Return the row of a finished picture."""
        losses = record["losses"] or record["steps"][-1]
        groups = tuple(losses[name] for name in ("content", "style", "tv"))
        steps = record["steps"]
        return cls(order.pair.name, record["result"]["file"], losses["total"], groups, len(steps), steps[-1]["seconds"])

    @classmethod
    def of_record(cls, order: Order) -> "Row":
        """Return the row of a picture that was there already."""
        return cls.of(order, order.record())


def row_of(made: Made) -> Row:
    """Return the row of a picture that could not be made."""
    return Row(made.order.pair.name, seconds=made.seconds, problem=made.problem)


def write_summary(
    orders: Sequence[Order],
    rows: Mapping[Order, Row],
    recipe: Recipe,
    options: argparse.Namespace,
    command: Sequence[str],
    say: Callable[[str], None],
) -> None:
    """Write table, sheet and page of what is there; say where. Nothing is written if there is not a single row.

    Raises:
        InputError: one of them cannot be written, for example on a full disk.
    """
    if not rows:
        return
    folder = Path(options.output)
    write_table(folder / TABLE, orders, rows)
    written = [folder / TABLE]
    if any(not row.problem for row in rows.values()):
        write_image(folder / SHEET, sheet_of(orders, rows, recipe))
        written.append(folder / SHEET)
    if options.report:
        write_text(folder / PAGE, page_of(orders, rows, recipe, command))
        written.append(folder / PAGE)
    say(f"written: {', '.join(map(str, written))}")


def write_table(path: Path, orders: Sequence[Order], rows: Mapping[Order, Row]) -> None:
    """Write the rows as CSV, in the order of the pairs; raises InputError, for example on a full disk."""
    with atomic_write(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for order in (order for order in orders if order in rows):
            row = rows[order]
            numbers = ["" if row.problem else f"{value:.6g}" for value in (row.total, *row.groups)]
            counts = (row.steps or "", f"{row.seconds:.2f}" if row.seconds else "")
            writer.writerow([*order.pair, row.file, *numbers, *counts, row.problem])


def sheet_of(orders: Sequence[Order], rows: Mapping[Order, Row], recipe: Recipe) -> np.ndarray:
    """Return all pictures, contents from top to bottom and styles from left to right; uint8 RGB (H, W, 3)."""
    contents = list(dict.fromkeys(order.pair.content for order in orders))
    styles = list(dict.fromkeys(order.pair.style for order in orders))
    made = {order.pair: order.outputs.picture for order, row in rows.items() if not row.problem}
    height = max(24, min(CELL, LARGEST_SHEET // (len(contents) + 1)))
    cells = [("", blank(height)), *(thumbnail(style, "style", height, recipe) for style in styles)]
    for content in contents:
        cells.append(thumbnail(content, "content", height, recipe))
        for style in styles:
            picture = made.get((content, style))
            cells.append(("", blank(height) if picture is None else resize_to_height(read_image(picture), height)))
    return contact_sheet(cells, len(styles) + 1, height, font_size=0.5)


def page_of(orders: Sequence[Order], rows: Mapping[Order, Row], recipe: Recipe, command: Sequence[str]) -> str:
    """Return the web page of all pictures, as the sheet has them."""
    contents = list(dict.fromkeys(order.pair.content for order in orders))
    styles = list(dict.fromkeys(order.pair.style for order in orders))
    cells = {order.pair: cell_of(order, rows[order]) for order in orders if order in rows}
    columns = [Head(*thumbnail(style, "style", HEAD, recipe)) for style in styles]
    lines = [Head(*thumbnail(content, "content", HEAD, recipe)) for content in contents]
    facts = [("recipe", recipe.name), ("size", f"{recipe.size} pixels"), ("steps", f"{recipe.iterations} at each size")]
    by_line = [[cells.get(Pair(content, style)) for style in styles] for content in contents]
    return grid_page("Pictures of a batch", lines, columns, by_line, facts, shlex.join(command))


def cell_of(order: Order, row: Row) -> Cell:
    """Return a cell of the page."""
    if row.problem:
        return Cell(problem=row.problem)
    outputs = order.outputs
    picture = small(read_image(outputs.picture), THUMBNAIL)
    losses = {"total": row.total} | dict(zip(("content", "style", "tv"), row.groups, strict=True))
    report = outputs.report.name if outputs.report and outputs.report.exists() else ""
    return Cell(picture, outputs.picture.name, report, losses, row.seconds)


def thumbnail(path: str, kind: str, height: int, recipe: Recipe) -> tuple[str, np.ndarray]:
    """Return an input with its label; white if it cannot be read."""
    try:
        return short_name(path, kind), resize_to_height(cropped(read_image(path), recipe.crop), height)
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
