"""What a run of the figures does. All that can be checked is checked here, before TensorFlow starts."""

import argparse
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transfer.command.outputs import planned
from transfer.figures.cells import BASE, Cell, Figure
from transfer.inputs.files import Files
from transfer.inputs.pictures import Pictures, load
from vgg.errors import InputError
from vgg.matfile.sniff import require_weights_file
from vgg.tools.image import check_output


@dataclass(frozen=True)
class Plan:
    """The figures as in the paper, which of their cells are wanted, and what they are made from."""

    figures: Sequence[Figure]
    keys: frozenset[str]
    size: int
    iterations: int | None  # None: each cell's own
    folder: Path
    pictures: dict[str, Pictures]  # by where a run starts: "content", "style" or "noise"
    weights: Path | None

    def chosen(self, figure: Figure) -> list[Cell]:
        """Return the cells of the figure that this run shall make."""
        return [cell for cell in figure.cells if cell.key in self.keys]


def plan_of(options: argparse.Namespace) -> Plan:
    """Return the plan for what the user said.

    Raises:
        InputError: an option is out of range, a picture cannot be used, the weights are not a `.mat` file, or a result
            would overwrite one of these or a `.json` that this program did not write.
    """
    figures = options.figures
    keys = _wanted([cell.key for figure in figures for cell in figure.cells], options.only)
    if not options.output:
        raise InputError("--output is '', expected a folder; name one, such as output/figures")
    files, folder = Files(options.content, options.style), Path(options.output)
    inputs = [*files.named(), *filter(None, [options.weights])]
    for figure in figures:
        check_output(folder / f"{figure.name}.png", inputs)
        for cell in figure.cells:
            if cell.key in keys:
                planned(folder / figure.name / f"{cell.key}.png", False, inputs)
    if options.weights is not None:
        require_weights_file(options.weights)
    starts = {cell.recipe.init: None for figure in figures for cell in figure.cells}
    recipes = {start: dataclasses.replace(BASE, init=start, size=options.size) for start in starts}
    pictures = {start: load(files, recipe) for start, recipe in recipes.items()}
    return Plan(figures, keys, options.size, options.iterations, folder, pictures, options.weights)


def _wanted(known: Sequence[str], only: str | None) -> frozenset[str]:
    """Return the keys that `only`, such as `1e-03, 1e-02`, names; all that are `known` without it."""
    if only is None:
        return frozenset(known)
    wanted = [key.strip() for key in only.split(",")]
    for key in wanted:
        if key not in known:
            raise InputError(f"--only names {key!r}, expected cells of this figure: {', '.join(known)}")
    return frozenset(wanted)
