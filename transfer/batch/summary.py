"""What a batch ends with: the table `batch.csv`, one sheet of all pictures, and the page if it was asked for."""

import argparse
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from transfer.batch.orders import Order
from transfer.batch.pairs import Pair
from transfer.batch.places import PAGE, SHEET, TABLE
from transfer.batch.sheet import sheet_of, thumbnail
from transfer.batch.table import Row, write_table
from transfer.command.save import write_text
from transfer.recipe.choices import Recipe
from transfer.report.page import IN_HEAD, Cell, grid_page
from transfer.report.page import thumbnail as small
from vgg.tools.image import read_image, write_image


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


def page_of(orders: Sequence[Order], rows: Mapping[Order, Row], recipe: Recipe, command: Sequence[str]) -> str:
    """Return the web page of all pictures, as the sheet has them."""
    contents = list(dict.fromkeys(order.pair.content for order in orders))
    styles = list(dict.fromkeys(order.pair.style for order in orders))
    cells = {order.pair: cell_of(order, rows[order]) for order in orders if order in rows}
    columns = [thumbnail(style, "style", IN_HEAD, recipe.crop) for style in styles]
    lines = [thumbnail(content, "content", IN_HEAD, recipe.crop) for content in contents]
    facts = [("recipe", recipe.name), ("size", f"{recipe.size} pixels"), ("steps", f"{recipe.iterations} at each size")]
    by_line = [[cells.get(Pair(content, style)) for style in styles] for content in contents]
    return grid_page("Pictures of a batch", lines, columns, by_line, facts, shlex.join(command))


def cell_of(order: Order, row: Row) -> Cell:
    """Return a cell of the page."""
    if row.problem:
        return Cell(problem=row.problem)
    outputs = order.outputs
    picture = small(read_image(outputs.picture))
    losses = {"total": row.total} | dict(zip(("content", "style", "tv"), row.groups, strict=True))
    report = outputs.report.name if outputs.report and outputs.report.exists() else ""
    return Cell(picture, outputs.picture.name, report, losses, row.seconds)
