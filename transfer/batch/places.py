"""Where a batch writes. It is checked before the work begins that no file replaces another one of it, or an input."""

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from transfer.batch.orders import Order
from transfer.batch.pairs import one_name
from transfer.command.outputs import preview_of
from vgg.errors import InputError
from vgg.tools.files import check_place

#: The files of the whole batch, beside the pictures.
SHEET, TABLE, PAGE = "batch-sheet.png", "batch.csv", "batch-report.html"


def check_folder(options: argparse.Namespace) -> None:
    """Return if the output can be a folder with the files of the whole batch.

    Raises:
        InputError: it cannot, or its pictures would be taken for contents or styles the next time.
    """
    output = options.output
    if not output or (os.path.exists(output) and not os.path.isdir(output)):
        raise InputError(f"the output {output!r} is not a folder, expected one; choose another name")
    for word in (*options.contents, *options.styles):
        if os.path.isdir(word) and os.path.exists(output) and os.path.samefile(word, output):
            raise InputError(
                f"the output {output} is also a folder of inputs, where the results would be taken for inputs the next "
                "time; choose another --output"
            )
    for name in whole_batch(options):
        check_place(Path(output) / name)


def whole_batch(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the names of the files that are about all pictures."""
    return (TABLE, SHEET, PAGE) if options.report else (TABLE, SHEET)


def require_apart(orders: Sequence[Order], options: argparse.Namespace) -> None:
    """Return if no file of the batch would be written over another one or over an input; raises InputError if so."""
    read = [name for order in orders for name in order.files.named()]
    read += [str(name) for name in (options.weights, options.pairs) if name]  # "all" is no file of ours either
    inputs = {os.path.realpath(name) for name in read}
    taken: dict[str, str] = {}
    for path, owner in _written(orders, options):
        other = taken.setdefault(one_name(str(path)), owner)
        if other != owner:
            raise InputError(f"{path} would be a file of {other} and of {owner}; rename a picture")
        if os.path.realpath(path) in inputs:
            raise InputError(f"the output {path} is also an input, which it would overwrite; choose another --output")
    names = {one_name(order.pair.name) for order in orders}
    for name in sorted(names) if options.save_every else ():
        series, _, number = name.rpartition("-")
        if number.isdecimal() and series in names:
            raise InputError(f"{name}.png would be a result and a step of {series} (--save-every); rename a picture")


def _written(orders: Sequence[Order], options: argparse.Namespace) -> Iterator[tuple[Path, str]]:
    """Yield each file that will be written, but for a series of steps, and what it is about."""
    for name in whole_batch(options):
        yield Path(options.output) / name, "the whole batch"
    for order in orders:
        outputs = order.outputs
        yield from ((path, order.pair.name) for path in (*outputs.written, outputs.state))
        if options.preview_every:
            yield preview_of(outputs.picture), order.pair.name
