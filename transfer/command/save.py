"""The results of a run as files: the picture, its record, the sheet, and the page about the run."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from transfer.colors import grey
from transfer.command.finish import Finish
from transfer.command.outputs import Outputs
from transfer.command.record import write_record, written
from transfer.inputs.pictures import Pictures
from transfer.report.page import page
from vgg.errors import typed
from vgg.tools import console
from vgg.tools.files import atomic_write, write_or_rescue
from vgg.tools.image import write_image
from vgg.tools.sheet import contact_sheet

#: A place and what writes there → the place that it was written to.
WriteTo = Callable[[Path, Callable[[Path], None]], Path]


def save(
    pictures: Pictures,
    image: np.ndarray,
    finish: Finish,
    outputs: Outputs,
    recorded: dict[str, Any],
    rescue: bool = True,
) -> tuple[Outputs, dict[str, Any]]:
    """Write the picture, its record, and the sheet and the page if asked for.

    Return where they are, which is elsewhere if need be, and what is in the record.

    Raises:
        InputError: one cannot be written, without `rescue` or anywhere else.
    """
    write_to = write_somewhere if rescue else written_to
    depth, profile = finish.depth, finish.profile
    picture = write_to(outputs.picture, lambda path: write_image(path, image, depth, profile))
    outputs = outputs.beside(picture)
    recorded = recorded | {"result": written(picture, image, depth)}
    record = write_to(outputs.record, lambda path: write_record(path, recorded))
    outputs = replace(outputs, picture=picture, record=record)
    return save_overviews(pictures, image, profile, outputs, recorded, write_to), recorded


def save_overviews(
    pictures: Pictures,
    image: np.ndarray,
    profile: bytes | None,
    outputs: Outputs,
    recorded: dict[str, Any],
    write_to: WriteTo,
) -> Outputs:
    """Write the sheet and the page about a result that is there, if asked for; return where they are.

    Raises:
        InputError: one cannot be written.
    """
    sheet, report = outputs.sheet, outputs.report
    if sheet:
        in_order = [*shown(pictures), ("result", image)]
        sheet = write_to(sheet, lambda path: write_image(path, contact_sheet(in_order)))
    if report:
        repeat = typed("transfer", "--from", str(outputs.record), "-o", "NEW.png")
        text = page(recorded, shown(pictures), image, repeat, profile)
        report = write_to(report, lambda path: write_text(path, text))
    return replace(outputs, sheet=sheet, report=report)


def shown(pictures: Pictures) -> list[tuple[str, np.ndarray]]:
    """Return content, styles and regions with their labels, as the sheet shows them."""
    styles = [("style" if i == 0 else f"style {i + 1}", image) for i, image in enumerate(pictures.style_images)]
    guides = [(f"region {region.name}", grey(255 * region.guide)) for region in pictures.regions if region.name]
    return [("content", pictures.content_image), *guides, *styles]


def write_text(path: Path, text: str) -> None:
    """Write `text` in UTF-8; the file appears whole or not at all. Raises InputError, for example on a full disk."""
    with atomic_write(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def write_somewhere(path: Path, write: Callable[[Path], None]) -> Path:
    """Call `write(path)`, or write to another place if that fails and say so; return the place."""
    place = write_or_rescue(path, write)
    if place != path:
        console.say(f"transfer: {path} can no longer be written, so the result is in {place}", sys.stderr)
    return place


def written_to(path: Path, write: Callable[[Path], None]) -> Path:
    """Call `write(path)` and return the path."""
    write(path)
    return path
