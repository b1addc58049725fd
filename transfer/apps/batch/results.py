"""What a batch ends with: the table `batch.csv`, one sheet of all pictures, and the page if it was asked for."""

import csv
import shlex
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from transfer.apps.batch.orders import PAGE, SHEET, TABLE, Batch, Order
from transfer.apps.batch.pairs import PREFIXES, Pair, harmless, short_name
from transfer.cli.many import LOSSES, Row
from transfer.files import SAMPLE, SAMPLE_PAINTING, SAMPLE_SCENE
from transfer.inputs import read_cropped
from transfer.recipes import Crop
from transfer.report.page import IN_CELL, IN_HEAD, Cell, grid_page
from vgg.errors import InputError
from vgg.tools.console import Say
from vgg.tools.files import atomic_write, write_whole
from vgg.tools.image import read_image, write_image
from vgg.tools.sheet import contact_sheet
from vgg.tools.web import thumbnail

COLUMNS = ("content", "style", "file", "total", "content loss", "style loss", "tv loss", "steps", "seconds", "problem")
#: Pixels of a cell's height on the sheet, and of the sheet's, which a large batch stays below by lower cells.
CELL, LARGEST_SHEET = 200, 6000
#: Contents and styles on the sheet. More of them are left out: nobody could see anything on it.
MOST = 100


def write_summary(batch: Batch, rows: Mapping[str, Row], say: Say) -> None:
    """Write table, sheet and page of the rows, if there are any; say where. Raises InputError if one cannot be."""
    if not rows:
        return
    paths = [batch.folder / TABLE]
    write_table(paths[0], batch, rows)
    if any(not row.problem for row in rows.values()):
        paths.append(batch.folder / SHEET)
        write_image(paths[-1], sheet_of(batch, rows))
    if batch.options.report:
        paths.append(batch.folder / PAGE)
        write_whole(paths[-1], page_of(batch, rows))
    say(f"written: {', '.join(map(str, paths))}")


# The table.


def write_table(path: Path, batch: Batch, rows: Mapping[str, Row]) -> None:
    """Write the rows as CSV, in the order of the pairs; raises InputError, for example on a full disk."""
    text = {"newline": "", "encoding": "utf-8", "errors": "backslashreplace"}  # a file's name need not be UTF-8
    with atomic_write(path) as unfinished, unfinished.open("w", **text) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for order in (order for order in batch.orders if order.pair.name in rows):
            row = rows[order.pair.name]
            numbers = [f"{row.losses[name]:.6g}" if row.losses else "" for name in LOSSES]
            counts = (row.steps or "", f"{row.seconds:.2f}" if row.seconds else "")
            writer.writerow([*map(harmless, (*order.pair, row.file)), *numbers, *counts, harmless(row.problem)])


# The sheet.


def sheet_of(batch: Batch, rows: Mapping[str, Row]) -> np.ndarray:
    """Return all images of a batch with their inputs; uint8 RGB (H, W, 3).

    If most contents have only a few of the styles, as in a long list of pairs, a row is content, style and result.
    """
    orders, crop = batch.orders, batch.recipe.crop
    contents = list(dict.fromkeys(order.pair.content for order in orders))[:MOST]
    styles = list(dict.fromkeys(order.pair.style for order in orders))[:MOST]
    names = {name for name, row in rows.items() if not row.problem}
    made = {order.pair: order.outputs.picture for order in orders if order.pair.name in names}
    pairs = [order.pair for order in orders][:MOST]
    in_pairs = 2 * len(pairs) < len(contents) * len(styles)
    height = max(24, min(CELL, LARGEST_SHEET // (len(pairs if in_pairs else contents) + 1)))

    def result(pair: tuple[str, str]) -> tuple[str, np.ndarray]:
        return "", of_height(read_image(made[pair]), height) if pair in made else blank(height)

    if in_pairs:
        cells = []
        for pair in pairs:
            cells += [shown_input(path, kind, height, crop) for path, kind in zip(pair, PREFIXES, strict=True)]
            cells.append(result(pair))
        return contact_sheet(cells, 3, height, font_size=0.5)
    cells = [("", blank(height)), *(shown_input(style, "style", height, crop) for style in styles)]
    for content in contents:
        cells += [shown_input(content, "content", height, crop), *(result((content, style)) for style in styles)]
    return contact_sheet(cells, len(styles) + 1, height, font_size=0.5)


def shown_input(path: str, kind: str, height: int, crop: Crop) -> tuple[str, np.ndarray]:
    """Return the label and the image of an input, of no less than this height; white if it cannot be read."""
    label, file = short_name(path, kind), path
    if path == SAMPLE:
        label, file = SAMPLE, SAMPLE_SCENE if kind == "content" else SAMPLE_PAINTING
    try:
        return label, of_height(read_cropped(file, crop), height)
    except InputError:
        return label, blank(height)


def of_height(image: np.ndarray, height: int) -> np.ndarray:
    """Return the image (H, W, 3) made smaller, to about this height: a whole batch is in memory at once."""
    return thumbnail(image, round(height * max(image.shape[:2]) / image.shape[0]))


def blank(height: int) -> np.ndarray:
    """Return a white square."""
    return np.full((height, height, 3), 255, np.uint8)


# The page.


def page_of(batch: Batch, rows: Mapping[str, Row]) -> str:
    """Return the web page of all pictures, as the sheet has them."""
    orders, recipe = batch.orders, batch.recipe
    contents = list(dict.fromkeys(order.pair.content for order in orders))
    styles = list(dict.fromkeys(order.pair.style for order in orders))
    cells = {order.pair: _cell(order, rows[order.pair.name]) for order in orders if order.pair.name in rows}
    columns = [shown_input(style, "style", IN_HEAD, recipe.crop) for style in styles]
    lines = [shown_input(content, "content", IN_HEAD, recipe.crop) for content in contents]
    facts = [("recipe", recipe.name), ("size", f"{recipe.size} pixels"), ("steps", f"{recipe.iterations} at each size")]
    by_line = [[cells.get(Pair(content, style)) for style in styles] for content in contents]
    return grid_page("Pictures of a batch", lines, columns, by_line, facts, shlex.join(batch.command))


def _cell(order: Order, row: Row) -> Cell:
    if row.problem:
        return Cell(problem=row.problem)
    outputs = order.outputs
    image = thumbnail(read_image(outputs.picture), IN_CELL)
    report = outputs.report.name if outputs.report and outputs.report.exists() else ""
    return Cell(image, outputs.picture.name, report, row.losses, row.seconds)
