"""One run of the figures: the cells that are missing, one after the other, then the sheets."""

import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext

from transfer.command.watchers import describe as describe_step
from transfer.figures import making
from transfer.figures.cell_store import CellStore
from transfer.figures.cells import STAND_IN_RATIO, Cell, Figure, adapted
from transfer.figures.plan import Plan
from transfer.machine import usable_bytes
from transfer.precision import fastest
from transfer.session import Session
from vgg.tools import console
from vgg.tools.image import write_image
from vgg.tools.progress import duration, moving_bar
from weights.load import load_weights
from weights.verify import is_genuine


def run(plan: Plan) -> None:
    """Make what is missing and say so.

    Raises:
        InputError: the weights cannot be used, a cell needs more memory than there is, or its loss was no number.
        KeyboardInterrupt: stopped; what is finished is kept.
    """
    weights = load_weights(plan.weights, console.say)
    ratio_factor = 1 if is_genuine(weights) else STAND_IN_RATIO
    if ratio_factor != 1:
        console.say(f"every alpha/beta is {ratio_factor} times the paper's, because these filters are not ImageNet's")
    figures = [adapted(figure, plan.size, plan.iterations, ratio_factor) for figure in plan.figures]
    session = Session(weights, usable_bytes(), fastest())
    stores = {figure.name: CellStore(session, plan.pictures, plan.folder / figure.name) for figure in figures}
    chosen = [(figure, cell) for figure in figures for cell in plan.chosen(figure)]
    missing = [(figure, cell) for figure, cell in chosen if not stores[figure.name].has(cell)]
    for figure, cell in missing:
        stores[figure.name].require_memory(cell)
    console.say(f"{len(missing)} of {len(chosen)} pictures to make")
    make_all(missing, stores)
    for figure in figures:
        there = [cell for cell in figure.cells if stores[figure.name].has(cell)]
        if there:
            path = plan.folder / f"{figure.name}.png"
            write_image(path, making.sheet_of(stores[figure.name], figure, there))
            console.say(f"written: {path}  {figure.title}")


def make_all(missing: Sequence[tuple[Figure, Cell]], stores: dict[str, CellStore]) -> None:
    """Make one cell after the other, with a line for each that says how long the rest will take."""
    began, steps_to_do = time.monotonic(), sum(cell.recipe.iterations for _, cell in missing)
    steps_done = 0
    for number, (figure, cell) in enumerate(missing, start=1):
        bar = moving_bar(sys.stdout, cell.recipe.iterations, describe_step, transient=True)
        with bar if sys.stdout.isatty() else nullcontext(lambda step: None) as on_step:
            making.make_cell(stores[figure.name], cell, on_step)
        steps_done += cell.recipe.iterations
        left = duration((time.monotonic() - began) * (steps_to_do / steps_done - 1))
        console.say(f"{number}/{len(missing)} {figure.name}: {cell.label}, {left} left")
