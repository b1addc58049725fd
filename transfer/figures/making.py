"""Makes the cells of a figure, each with its picture and its record, and lays them out on a sheet."""

from collections.abc import Callable

import numpy as np

from transfer.command.checkpoints import Checkpoints
from transfer.command.record import environment
from transfer.figures.cell_store import CellStore
from transfer.figures.cells import Cell, Figure
from transfer.train import Step
from vgg.errors import InputError
from vgg.tools.console import interrupts_polled
from vgg.tools.image import read_image
from vgg.tools.sheet import contact_sheet
from weights.verify import describe

ROW_HEIGHT = 200


def make_cell(store: CellStore, cell: Cell, on_step: Callable[[Step], None]) -> None:
    """Run one cell's recipe, or go on with it, and write its picture and then its record.

    Raises:
        InputError: the loss was no longer a number.
        KeyboardInterrupt: stopped; of this cell, the state is kept.
    """
    job, session = store.job(cell), store.session
    state = store.file(cell, ".state.npz")
    checkpoints = Checkpoints(state, session.phases(job), store.settings(cell), environment())
    with interrupts_polled("stopping after this step; what is finished is kept") as check_interrupt:

        def watch(step: Step, image: np.ndarray) -> None:
            on_step(step)
            checkpoints.written_if_stopped(check_interrupt)

        result = session.run(job, watch, checkpoints, checkpoints.unfinished_or(session.start(job)))
        if result.stopped == "interrupted":
            raise KeyboardInterrupt("what is finished is kept; the same command goes on from here")
        if result.stopped not in ("finished", "converged"):
            checkpoints.remove()
            raise InputError(f"cell {cell.key}: {result.stopped}; verify the .mat file")
        store.keep(cell, result)
        checkpoints.remove()


def sheet_of(store: CellStore, figure: Figure, cells: list[Cell]) -> np.ndarray:
    """Return the finished ones of `cells` with content and style, labelled; uint8 RGB (H, W, 3).

    A column of the figure of which no cell is there yet is left out.
    """
    pictures = store.pictures[figure.cells[0].recipe.init]
    places: list[Cell | tuple[str, np.ndarray]] = [*figure.cells]
    inputs = (("content", pictures.content_image), ("style", pictures.style_image))
    for place, entry in zip(figure.inputs, inputs, strict=True):
        places.insert(place, entry)
    shown = [place for place, entry in enumerate(places) if isinstance(entry, tuple) or entry in cells]
    columns = len({place % figure.columns for place in shown})
    entries = [
        entry if isinstance(entry, tuple) else (_label(store, entry), read_image(store.file(entry, ".png")))
        for entry in (places[place] for place in shown)
    ]
    size = figure.cells[0].recipe.size
    network = describe(store.session.weights).replace("…", "to")  # the sheet's letters are few
    title = [figure.title, f"{network}, {size} pixels"]
    return contact_sheet(entries, columns, ROW_HEIGHT, title, font_size=0.6)


def _label(store: CellStore, cell: Cell) -> str:
    """Return the cell's label; of a reconstruction of the content with its distance from it."""
    return f"{cell.label}, {store.levels_off_content(cell):.0f} levels off" if cell.of_content_alone else cell.label
