"""Makes the pictures of figures that are not there yet, one after the other, then lays each figure out on a sheet."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transfer.apps.figures.cells import Cell, Figure
from transfer.cli.many import Display, Prepared, make_here
from transfer.cli.options import RunOptions
from transfer.cli.outputs import Place, differences_from_made, outputs_of
from transfer.cli.record import read_record, sources, write_record
from transfer.inputs import Images
from transfer.machine import usable_bytes
from transfer.memory import NotEnoughMemory
from transfer.precision import fastest
from transfer.session import Job, Session
from transfer.striped import IN_STRIPES
from vgg.errors import InputError, python
from vgg.matfile.read import Weights
from vgg.tools import console
from vgg.tools.image import read_image, write_image
from vgg.tools.sheet import contact_sheet
from weights.verify import describe

ROW_HEIGHT = 200  # of a sheet, in pixels


@dataclass(frozen=True)
class CellRun:
    """A cell of a figure, the job that makes it, and where its files go."""

    figure: str
    cell: Cell
    job: Job
    place: Place

    @property
    def label(self) -> str:
        """Return what stands below the picture: of a reconstruction of the content also its distance from it."""
        distance = f", {self.levels_off_content():.0f} levels off" if self.cell.of_content_alone else ""
        return f"{self.cell.label}{distance}"

    def is_made(self, weights: Weights) -> bool:
        """Return whether the picture is there, made with the same recipe, weights and inputs.

        So an interrupted figure goes on where it stopped, and a changed setting makes only those cells again that it
        changes.
        """
        return differences_from_made(self.place, self.job.recipe, weights.sha256, RunOptions(seed=self.job.seed)) == {}

    def levels_off_content(self) -> float:
        """Return the root mean square difference between the cell's picture and the content image, in levels."""
        image = read_image(self.place.outputs.picture).astype(np.float64)
        return float(np.sqrt(np.mean((image - self.job.images.content_image) ** 2)))


def make_figures(
    figures: Sequence[Figure], keys: Collection[str], folder: Path, images: Mapping[str, Images], weights: Weights
) -> None:
    """Make the cells named by `keys` that are missing, and say so; then the sheets, from all that are there.

    The sheets go to `folder`; each figure's cells have a folder of their own in it. Of `images` there are content and
    style for each start of a run: "content", "style" or "noise".

    Raises:
        InputError: a cell needs more memory than there is, or its loss was no number.
        KeyboardInterrupt: stopped; what is finished is kept.
    """
    session = Session(weights, usable_bytes(), fastest(), IN_STRIPES)
    origin = {"command": [python(), "-m", "transfer.figures"]} | sources(next(iter(images.values())).files)
    runs: list[CellRun] = []
    for figure in figures:
        for cell in figure.cells:
            outputs = outputs_of(folder / figure.name / f"{cell.key}.png")
            job = Job(cell.recipe, images[cell.recipe.init], cell.seed)
            runs.append(CellRun(figure.name, cell, job, Place(outputs, origin)))
    asked_for = [run for run in runs if run.cell.key in keys]
    missing = [run for run in asked_for if not run.is_made(weights)]
    try:
        for run in missing:
            session.phases(run.job)
    except NotEnoughMemory as error:
        raise NotEnoughMemory(error.args[0], "choose a smaller --size, or close other programs") from None
    console.say(f"{len(missing)} of {len(asked_for)} pictures to make")
    make_all(missing, session)
    for figure in figures:
        made = [run for run in runs if run.figure == figure.name and run.is_made(weights)]
        if made:
            path = folder / f"{figure.name}.png"
            write_image(path, sheet_of(figure, made, weights))
            console.say(f"written: {path}  {figure.title}")


def make_all(missing: Sequence[CellRun], session: Session) -> None:
    """Make one cell after the other, or go on with it; a reconstruction's record gets its distance from the content."""
    display = Display("figures", len(missing), quiet=False)
    items = [Prepared(f"{run.figure}: {run.cell.label}", run.job, run.place) for run in missing]
    try:
        with display, closing(make_here(session, RunOptions(), display.of, items)) as rows:
            for run, row in zip(missing, rows, strict=True):
                if row.problem:
                    raise InputError(row.problem)
                if run.cell.of_content_alone:
                    record = run.place.outputs.record
                    write_record(record, read_record(record) | {"levels_off_content": run.levels_off_content()})
                display.finished(row)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("what is finished is kept; the same command goes on from here") from None


def sheet_of(figure: Figure, made: Sequence[CellRun], weights: Weights) -> np.ndarray:
    """Return the cells that are `made` with content and style, labelled; uint8 RGB (H, W, 3).

    A column of the figure of which no cell is there yet is left out.
    """
    by_key = {run.cell.key: (run.label, read_image(run.place.outputs.picture)) for run in made}
    places = [by_key.get(cell.key) for cell in figure.cells]
    images = made[0].job.images
    inputs = (("content", images.content_image), ("style", images.style_image))
    for place, entry in zip(figure.inputs, inputs, strict=True):
        places.insert(place, entry)
    columns = len({place % figure.columns for place, entry in enumerate(places) if entry})
    network = describe(weights).replace("…", "to")  # the sheet's letters are few
    title = [figure.title, f"{network}, {figure.cells[0].recipe.size} pixels"]
    return contact_sheet(list(filter(None, places)), columns, ROW_HEIGHT, title, font_size=0.6)
