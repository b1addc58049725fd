"""The pictures of a batch: what each is made from, where it goes, and which are there already.

A picture is there when its record tells of the same choices, weights and files (by their digests, wherever they are
now), and it is still the one that the record was written for. So a batch that was stopped makes only what is missing.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transfer.apps.batch.pairs import Pair, one_name
from transfer.cli.options import RunOptions
from transfer.cli.outputs import Outputs, Place, differences_from_made, outputs_of, planned, preview_of
from transfer.cli.record import sources
from transfer.files import Files, require_usable
from transfer.inputs import check_proportions
from transfer.recipes import Recipe
from vgg.errors import InputError
from vgg.tools.files import check_place, remove_leftovers

#: The files of the whole batch, beside the pictures.
SHEET, TABLE, PAGE = "batch-sheet.png", "batch.csv", "batch-report.html"
#: What the user knows some values by.
NAMES = {"name": "recipe", "content_weight": "strength or content weight", "inputs": "input pictures"}
NAMES |= {"picture": "the picture itself"}


@dataclass(frozen=True)
class Order:
    """One picture to make."""

    pair: Pair
    files: Files
    outputs: Outputs
    problem: str = ""  # why it cannot be made, as far as its names tell


@dataclass(frozen=True)
class Batch:
    """All of them, and what holds for each."""

    folder: Path
    orders: list[Order]
    recipe: Recipe
    options: RunOptions
    command: list[str]


def orders_of(pairs: Sequence[Pair], folder: Path, files: Files, recipe: Recipe, options: RunOptions) -> list[Order]:
    """Return the orders; `files` are those of each picture, but for its pair.

    The names of each one's files are checked, and the masks' proportions; raises InputError if none can be made.
    """
    orders = []
    for pair in pairs:
        own = replace(files, content=pair.content, style=pair.style)
        require_usable(own)
        picture = folder / f"{pair.name}.png"
        order = Order(pair, own, outputs_of(picture, options))
        try:
            planned(picture, [*own.named(), *filter(None, [options.weights])], options)
            if recipe.crop != "square":
                check_proportions(own)
        except InputError as error:
            order = replace(order, problem=str(error))
        orders.append(order)
    if all(order.problem for order in orders):
        raise InputError(orders[0].problem)
    return orders


def still_missing(batch: Batch, weights_sha256: str) -> list[Order]:
    """Return the orders that are not made yet; raises InputError if pictures of other settings would be replaced."""
    inputs: dict[str, Any] = {}  # each file is read once, in however many pairs it is
    missing, replaced, differing = [], 0, dict[str, None]()
    for order in batch.orders:
        differences = None if order.problem else _differences(order, batch, weights_sha256, inputs)
        if differences != {}:
            missing.append(order)
        if differences:
            replaced += 1
            differing |= dict.fromkeys(NAMES.get(name, name.replace("_", " ")) for name in differences)
    if replaced and not batch.options.overwrite:
        pictures = "1 picture in {} was" if replaced == 1 else f"{replaced} pictures in {{}} were"
        raise InputError(
            f"{pictures.format(batch.folder)} made with other settings ({', '.join(differing)}); name another folder "
            "with -o or add --overwrite"
        )
    for path in (path for order in missing if not order.problem for path in order.outputs.written):
        remove_leftovers(path)  # of a batch that was killed while it wrote
    return missing


def _differences(order: Order, batch: Batch, weights_sha256: str, inputs: dict[str, Any]) -> dict[str, str] | None:
    """Return in what the picture that is there differs, by `differences_from_made`; None if there is none.

    The files' digests are looked up in `inputs`, and put there.
    """
    if not order.outputs.picture.exists():
        return None
    try:
        origin = sources(order.files, inputs)
    except InputError:  # an input cannot be read; whoever makes the picture will find out and say so
        return None
    inputs |= origin["inputs"]
    return differences_from_made(Place(order.outputs, origin), batch.recipe, weights_sha256, batch.options)


def check_folder(output: str, inputs: Sequence[str], with_report: bool) -> None:
    """Raise InputError unless the output can be a folder with the files of the whole batch, and is none of inputs."""
    if not output or (os.path.exists(output) and not os.path.isdir(output)):
        raise InputError(f"the output {output!r} is not a folder, expected one; choose another name")
    for place in inputs:
        if os.path.isdir(place) and os.path.exists(output) and os.path.samefile(place, output):
            raise InputError(
                f"the output {output} is also a folder of inputs, where the results would be taken for inputs the next "
                "time; choose another --output"
            )
    for name in (TABLE, SHEET, PAGE) if with_report else (TABLE, SHEET):
        check_place(Path(output) / name)


def require_apart(batch: Batch, more_inputs: Sequence[Path | str]) -> None:
    """Raise InputError if a file of the batch would be written over another one or over an input."""
    inputs = {os.path.realpath(name) for order in batch.orders for name in order.files.named()}
    inputs |= {os.path.realpath(name) for name in more_inputs}
    owned = [(batch.folder / name, "the whole batch") for name in (TABLE, SHEET, PAGE)]
    for order in batch.orders:
        previews = [preview_of(order.outputs.picture)] if batch.options.preview_every else []
        paths = (*order.outputs.written, order.outputs.state, *previews)
        owned += [(path, order.pair.name) for path in paths]
    taken: dict[str, str] = {}
    for path, owner in owned:
        other = taken.setdefault(one_name(str(path)), owner)
        if other != owner:
            raise InputError(f"{path} would be a file of {other} and of {owner}; rename a picture")
        if os.path.realpath(path) in inputs:
            raise InputError(f"the output {path} is also an input, which it would overwrite; choose another --output")
    names = {one_name(order.pair.name) for order in batch.orders}
    for name in sorted(names) if batch.options.save_every else ():
        series, _, number = name.rpartition("-")
        if number.isdecimal() and series in names:
            raise InputError(f"{name}.png would be a result and a step of {series} (--save-every); rename a picture")
