"""The finished cells of a figure, as files: which are there already, and where a new one goes.

A cell is there when its record tells of the same recipe, seed, weights and pictures, and its picture is still the one
that the record was written for. So an interrupted figure goes on where it stopped, and a changed setting makes only
those cells again that it changes.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transfer.command.record import outcome, pixels_digest, settings, write_record, written
from transfer.figures.cells import Cell
from transfer.inputs.pictures import Pictures
from transfer.session import Job, Session
from transfer.train import Result
from vgg.errors import InputError, python
from vgg.tools.image import read_image, to_uint8, write_image


@dataclass(frozen=True)
class CellStore:
    """The files of one figure's cells, and what all of its cells are made from."""

    session: Session
    pictures: dict[str, Pictures]  # by where a run starts: "content", "style" or "noise"
    folder: Path

    def job(self, cell: Cell) -> Job:
        """Return what has to be made for the cell."""
        return Job(cell.recipe, self.pictures[cell.recipe.init], cell.seed)

    def require_memory(self, cell: Cell) -> None:
        """Return if the cell can be made, in stripes if need be; raises InputError if it needs more memory."""
        with fitting_memory("choose a smaller --size, or close other programs"):
            self.session.phases(self.job(cell))

    def settings(self, cell: Cell) -> dict[str, Any]:
        """Return all that decides how the cell looks, as its record has it."""
        return settings(self.job(cell), self.session)

    def file(self, cell: Cell, ending: str) -> Path:
        """Return where the cell's picture or record is."""
        return self.folder / f"{cell.key}{ending}"

    def has(self, cell: Cell) -> bool:
        """Return whether this very cell was made before."""
        try:
            found = json.loads(self.file(cell, ".json").read_text(encoding="utf-8"))
            picture = read_image(self.file(cell, ".png"))
        except (OSError, ValueError, RecursionError):
            return False
        if not isinstance(found, dict):
            return False
        wanted = self.settings(cell) | {"result": {"pixels_sha256": pixels_digest(picture)}}
        found["result"] = _only(found.get("result"), "pixels_sha256")
        return _comparable(wanted).items() <= _comparable(found).items()

    def keep(self, cell: Cell, result: Result) -> None:
        """Write the cell's picture and then its record; raises InputError, for example on a full disk."""
        record, path = self.file(cell, ".json"), self.file(cell, ".png")
        try:
            # Stopped between the two, a picture without a record is made again; one with an old record might be taken
            # for the one that this record tells of.
            record.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"{record} cannot be replaced ({error.strerror}); choose another --output") from None
        write_image(path, to_uint8(result.image))
        recorded = self.settings(cell) | {"command": [python(), "-m", "transfer.figures"]} | outcome(result)
        if cell.of_content_alone:
            recorded |= {"levels_off_content": self.levels_off_content(cell)}
        write_record(record, recorded | {"result": written(path, result.image)})

    def levels_off_content(self, cell: Cell) -> float:
        """Return the root mean square difference between the cell's picture and the content image, in levels."""
        picture = read_image(self.file(cell, ".png")).astype(np.float64)
        return float(np.sqrt(np.mean((picture - self.pictures[cell.recipe.init].content_image) ** 2)))


@contextmanager
def fitting_memory(advice: str) -> Iterator[None]:
    """Replace what an InputError about the memory advises: that is for options that only `python -m transfer` has."""
    try:
        yield
    except InputError as error:
        found, _, _ = str(error).partition(";")
        raise InputError(f"{found}; {advice}") from None


def _only(value: object, key: str) -> dict[str, Any]:
    return {key: value.get(key)} if isinstance(value, dict) else {}


def _comparable(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record without what may differ from run to run though nobody changed a setting.

    Of files, the digests tell better than the names whether they are the same. Which precision is the fastest is
    measured, so a busy machine may find another one.
    """
    return {
        name: {key: inner for key, inner in value.items() if key != "file"} if isinstance(value, dict) else value
        for name, value in record.items()
        if name != "precision"
    }
