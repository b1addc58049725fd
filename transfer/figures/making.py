"""Makes a figure: the cells that are not there yet, each with its picture and its record, then the sheet of all.

A cell is there when its record tells of the same recipe, seed, weights and pictures. So an interrupted figure goes on
where it stopped, and a changed setting makes anew just what it changes.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from transfer.figures.cells import Cell, Figure
from transfer.pictures import Pictures, load, start_image
from transfer.record import outcome, settings, write_record
from transfer.setup import scaled_for
from transfer.train import Objective, Step, train
from vgg.errors import InputError
from vgg.image.file import read_image, write_image
from vgg.image.sheet import contact_sheet
from vgg.matconvnet import Weights
from vgg.network import VGG19, Precision
from weights.verify import describe

ROW_HEIGHT = 200


@dataclass
class Workshop:
    """What the cells of a figure share: the inputs, the weights, the folder, and what was once loaded or computed."""

    content: str
    style: str
    weights: Weights
    folder: Path
    precision: Precision
    _pictures: dict[tuple[str, int], Pictures] = field(default_factory=dict)
    _networks: dict[tuple[str, bool, str], VGG19] = field(default_factory=dict)

    def pictures(self, cell: Cell) -> Pictures:
        """Content, style and start picture at the cell's size."""
        key = (cell.recipe.init, cell.recipe.size)
        if key not in self._pictures:
            self._pictures[key] = load(self.content, self.style, *key)
        return self._pictures[key]

    def objective(self, cell: Cell, precision: Precision) -> Objective:
        """What the cell minimises, with the network as its recipe wants it."""
        recipe, pictures = cell.recipe, self.pictures(cell)
        key = (recipe.pooling, recipe.normalized_network, precision)
        if key not in self._networks:
            self._networks[key] = VGG19(scaled_for(recipe, self.weights), recipe.pooling, precision)
        return Objective(self._networks[key], pictures.content_image, pictures.style_image, recipe)

    def settings(self, cell: Cell) -> dict[str, Any]:
        """What decides how the cell looks, as its record has it."""
        files = {"content": self.content, "style": self.style}
        chosen = settings(cell.recipe, self.weights, describe(self.weights), cell.seed, files, self.pictures(cell))
        return json.loads(json.dumps(chosen))

    def file(self, cell: Cell, ending: str) -> Path:
        """Where the cell's picture or record is."""
        return self.folder / f"{cell.key}{ending}"

    def has(self, cell: Cell) -> bool:
        """Whether this very cell was made before."""
        try:
            found = json.loads(self.file(cell, ".json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return self.file(cell, ".png").exists() and self.settings(cell).items() <= found.items()


def make_cell(workshop: Workshop, cell: Cell, on_step: Callable[[Step], None]) -> None:
    """Run one cell's recipe and write its picture and then its record.

    Raises:
        InputError: the loss was no longer a number.
        KeyboardInterrupt: stopped; nothing of this cell was written.
    """
    recipe, pictures = cell.recipe, workshop.pictures(cell)
    objective = workshop.objective(cell, "float32")
    draft = workshop.objective(cell, workshop.precision) if workshop.precision != "float32" else None
    start = start_image(pictures, workshop.weights.mean_rgb, cell.seed, recipe.noise, recipe.noise_share)
    result = train(objective, start, lambda step, image: on_step(step), draft)
    if result.stopped == "interrupted":
        raise KeyboardInterrupt("what is finished is kept; the same command goes on from here")
    if result.stopped not in ("finished", "converged"):
        raise InputError(f"cell {cell.key}: {result.stopped}; verify the .mat file")
    write_image(workshop.file(cell, ".png"), result.image)
    write_record(workshop.file(cell, ".json"), workshop.settings(cell) | outcome(result))


def pixel_error(workshop: Workshop, cell: Cell) -> float:
    """Root mean square difference between the cell's picture and the content image, in levels."""
    picture = read_image(workshop.file(cell, ".png")).astype(np.float64)
    return float(np.sqrt(np.mean((picture - workshop.pictures(cell).content_image) ** 2)))


def sheet_of(workshop: Workshop, figure: Figure, cells: list[Cell]) -> np.ndarray:
    """The finished ones of `cells` with content and style, labelled; uint8 RGB (H, W, 3)."""
    entries = []
    for cell in cells:
        label = cell.label
        if cell.recipe.content_layers and not cell.recipe.style_layers:
            label = f"{label}, {pixel_error(workshop, cell):.0f} levels off"
        entries.append((label, read_image(workshop.file(cell, ".png"))))
    pictures = workshop.pictures(figure.cells[0])
    inputs = (("content", pictures.content_image), ("style", pictures.style_image))
    for place, entry in zip(figure.inputs, inputs, strict=True):
        entries.insert(place, entry)
    size = figure.cells[0].recipe.size
    title = [figure.title, f"{describe(workshop.weights)}, {size} pixels"]
    return contact_sheet(entries, figure.columns, ROW_HEIGHT, title, font_size=0.6)
