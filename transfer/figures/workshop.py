"""What the cells of a figure are made from, and which of them are there already.

A cell is there when its record tells of the same recipe, seed, weights and pictures, and its picture is still the one
that the record was written for. So an interrupted figure goes on where it stopped, and a changed setting makes anew
just what it changes.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from transfer.command.record import outcome, settings, write_record
from transfer.figures.cells import Cell
from transfer.inputs.pictures import Pictures
from transfer.plan import plan
from transfer.session import Objectives, objectives_for, scaled_for
from transfer.train import Result
from vgg.errors import InputError
from vgg.image.codec import to_uint8
from vgg.image.file import read_image, write_image
from vgg.matfile.read import Weights
from vgg.network import Precision
from weights.verify import describe


@dataclass
class Workshop:
    """What the cells of a figure share, and the folder they go to."""

    files: dict[str, str]  # content and style, as the user named them
    pictures: dict[str, Pictures]  # by where a run starts: "content", "style" or "noise"
    weights: Weights
    folder: Path
    precision: Precision
    memory_bytes: float  # that the whole process may use
    scaled: dict[tuple[str, bool], Weights] = field(default_factory=dict)  # as a recipe wants them, once needed

    def objectives(self, cell: Cell) -> Objectives:
        """What the cell minimises, and its draft if there is a faster number type; in stripes if memory is short."""
        recipe = cell.recipe
        key = (recipe.pooling, recipe.normalized_network)
        if key not in self.scaled:
            self.scaled[key] = scaled_for(recipe, self.weights)
        return objectives_for(self.pictures[recipe.init], recipe, self.scaled[key], self.precision, self.memory_bytes)

    def require_memory(self, cell: Cell) -> None:
        """Return if the cell can be made, in stripes if need be; raises InputError if it needs more memory."""
        height, width = self.pictures[cell.recipe.init].content_image.shape[:2]
        try:
            plan(self.weights, cell.recipe, height, width, self.memory_bytes)
        except InputError as error:
            found, _, _ = str(error).partition(";")  # the advice is for options that only `python -m transfer` has
            raise InputError(f"{found}; choose a smaller --size, or close other programs") from None

    def settings(self, cell: Cell) -> dict[str, Any]:
        """All that decides how the cell looks, as its record has it."""
        pictures = self.pictures[cell.recipe.init]
        chosen = settings(cell.recipe, self.weights, describe(self.weights), cell.seed, self.files, pictures)
        chosen |= {"precision": self.precision, "ratio_factor": cell.ratio_factor}
        return json.loads(json.dumps(chosen))

    def file(self, cell: Cell, ending: str) -> Path:
        """Where the cell's picture or record is."""
        return self.folder / f"{cell.key}{ending}"

    def has(self, cell: Cell) -> bool:
        """Whether this very cell was made before."""
        try:
            found = json.loads(self.file(cell, ".json").read_text(encoding="utf-8"))
            picture = read_image(self.file(cell, ".png"))
        except (OSError, ValueError, RecursionError):
            return False
        if not isinstance(found, dict):
            return False
        wanted = self.settings(cell) | _result(picture)
        return _comparable(wanted).items() <= _comparable(found).items()

    def keep(self, cell: Cell, result: Result) -> None:
        """Write the cell's picture and then its record; raises InputError, for example on a full disk."""
        record = self.file(cell, ".json")
        try:
            # Stopped between the two, a picture without a record is made anew; one with an old record might be taken
            # for what that record tells of.
            record.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"{record} cannot be replaced ({error.strerror}); choose another --output") from None
        picture = to_uint8(result.image)
        write_image(self.file(cell, ".png"), picture)
        write_record(record, self.settings(cell) | outcome(result) | _result(picture))


def _result(picture: np.ndarray) -> dict[str, Any]:
    return {"result": {"pixels_sha256": hashlib.sha256(picture.tobytes()).hexdigest()}}


def _comparable(record: dict[str, Any]) -> dict[str, Any]:
    """The record without what may differ from run to run though nobody changed a setting.

    Of files the digests tell better than the names whether they are the same, and which number type is the faster one
    is measured, so that a busy machine may find otherwise.
    """
    return {
        name: {key: inner for key, inner in value.items() if key != "file"} if isinstance(value, dict) else value
        for name, value in record.items()
        if name != "precision"
    }
