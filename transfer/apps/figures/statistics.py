"""The style statistics side by side, on one network: `python -m transfer.figures statistics CONTENT STYLE`.

Three rows of pictures: each statistic in the default recipe after equally many steps; the same after equally long, by
the seconds of the first row; and the recipes of the programs that the statistics come from. The table measures each
picture's style in the units of every statistic, because each is best in its own.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from transfer.apps.figures.cells import Cell
from transfer.apps.figures.run import CellRun, make_all
from transfer.cli.many import row_of_record
from transfer.cli.outputs import Place, outputs_of
from transfer.cli.record import read_record, sources
from transfer.files import Files
from transfer.inputs import load
from transfer.machine import usable_bytes
from transfer.other_programs import RECIPES
from transfer.precision import fastest
from transfer.recipes import DEFAULT, StyleStatistic, with_statistic
from transfer.session import Job, Session
from transfer.striped import IN_STRIPES
from vgg.errors import python
from vgg.matfile.read import Weights
from vgg.tools import console
from vgg.tools.files import write_whole
from vgg.tools.image import read_image, resize_to, write_image
from vgg.tools.sheet import contact_sheet, stacked
from weights.verify import describe

FOLDER = "statistics"
STATISTICS = get_args(StyleStatistic)
HEIGHT = 240  # of a picture on the sheet, in pixels


def equal_steps(size: int, iterations: int | None) -> list[Cell]:
    """Return a cell for each statistic in the default recipe."""
    recipe = replace(DEFAULT, size=size, iterations=iterations or DEFAULT.iterations)
    return [Cell(f"{name}-steps", name, with_statistic(recipe, name)) for name in STATISTICS]


def equal_time(cells: Sequence[Cell], seconds: Sequence[float]) -> list[Cell]:
    """Return cells with so many steps that each takes as long as the first; `seconds` is what these took."""
    steps = [max(1, round(cell.recipe.iterations * seconds[0] / own)) for cell, own in zip(cells, seconds, strict=True)]
    return [
        Cell(cell.key.replace("steps", "time"), f"{cell.label}, {count} steps", replace(cell.recipe, iterations=count))
        for cell, count in zip(cells, steps, strict=True)
    ]


def own_recipes(size: int, iterations: int | None) -> list[Cell]:
    """Return a cell for each recipe with another statistic than the Gram matrix."""
    return [
        Cell(name, name, replace(recipe, size=size, iterations=iterations or recipe.iterations))
        for name, recipe in RECIPES.items()
        if recipe.style_statistic != "gram"
    ]


def seconds_of_steps(steps: Sequence[Mapping[str, Any]]) -> float:
    """Return how long a record's steps took together, without the first at each size, in which much is compiled."""
    return sum(
        after["seconds"] - before["seconds"] for before, after in pairwise(steps) if before["size"] == after["size"]
    )


def make_comparison(files: Files, size: int, iterations: int | None, folder: Path, weights: Weights) -> None:
    """Make the pictures that are missing, then the sheet and the table; say how far it is.

    Raises InputError if a picture cannot be made, and KeyboardInterrupt; what is finished is kept.
    """
    session = Session(weights, usable_bytes(), fastest(), IN_STRIPES)
    origin = {"command": [python(), "-m", "transfer.figures"]} | sources(files)

    def made(cells: Sequence[Cell]) -> list[CellRun]:
        places = [Place(outputs_of(folder / FOLDER / f"{cell.key}.png"), origin) for cell in cells]
        jobs = [Job(cell.recipe, load(files, cell.recipe)) for cell in cells]
        runs = [CellRun(FOLDER, *items) for items in zip(cells, jobs, places, strict=True)]
        make_all([run for run in runs if not run.is_made(weights)], session)
        return runs

    steps = made(equal_steps(size, iterations))
    seconds = [seconds_of_steps(read_record(run.place.outputs.record)["steps"]) for run in steps]
    rows = [steps, made(equal_time([run.cell for run in steps], seconds)), made(own_recipes(size, iterations))]
    _write_sheet(rows, folder, describe(weights))
    _write_table([run for row in rows for run in row], folder, session)


def _write_sheet(rows: Sequence[Sequence[CellRun]], folder: Path, network: str) -> None:
    images = rows[0][0].job.images
    titles = "after equally many steps", "after equally long", "the recipes of their programs"
    sheets = [contact_sheet([("content", images.content_image), ("style", images.style_image)], height=HEIGHT)]
    for title, row in zip(titles, rows, strict=True):
        pictures = [(run.cell.label, read_image(run.place.outputs.picture)) for run in row]
        if pictures:
            sheets.append(contact_sheet(pictures, len(pictures), HEIGHT, [f"{title}; {network.replace('…', 'to')}"]))
    write_image(folder / f"{FOLDER}.png", stacked(sheets))
    console.say(f"written: {folder / FOLDER}.png")


def _write_table(runs: Sequence[CellRun], folder: Path, session: Session) -> None:
    """Write and say each picture's distances, 1 at the content image (the content's: at the content with grain)."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["picture", *(f"style, {name}" for name in STATISTICS), "content", "steps", "seconds"])
    for run in runs:
        image, row = read_image(run.place.outputs.picture), row_of_record("", read_record(run.place.outputs.record))
        recipes = [replace(DEFAULT, size=run.cell.recipe.size, style_statistic=name) for name in STATISTICS]
        images = load(run.job.images.files, recipes[0])
        image = resize_to(image, *images.content_image.shape[:2])  # of recipes with another rule of sizes
        losses = [session.losses(recipe, images, image) for recipe in recipes]
        style = [f"{loss.groups['style'] / DEFAULT.style_weight:.3f}" for loss in losses]
        content = f"{losses[0].groups['content'] / DEFAULT.content_weight:.3f}"
        table.writerow([run.cell.key, *style, content, row.steps, f"{row.seconds:.1f}"])
    write_whole(folder / f"{FOLDER}.csv", text.getvalue())
    console.say_lines(text.getvalue().strip())
    console.say(f"written: {folder / FOLDER}.csv")
