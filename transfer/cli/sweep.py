"""A sweep: the pictures of an option with several values, a sheet of all, and the sheet's record for `--pick`.

Each picture is the one that a run with its value alone would make, with a record of its own. Pictures of one recipe
share the network, the compiled losses and the style pictures' Gram matrices.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from transfer.cli.options import RunOptions, workers_wanted
from transfer.cli.outputs import (
    Outputs,
    Place,
    differences_from_made,
    is_taken,
    place_of,
    planned,
    read_content,
    shown_inputs,
)
from transfer.cli.record import PICTURES, parsed, read_record, sources, write_record
from transfer.cli.variants import Variant
from transfer.files import Files
from transfer.inputs import Images, load
from vgg.errors import InputError, typed
from vgg.matfile.sniff import require_weights_file
from vgg.tools import console
from vgg.tools.console import SOME_FAILED, Say, interrupts_at_once, start_tensorflow
from vgg.tools.files import alternatives, check_place, open_file
from vgg.tools.image import check_output, read_image, write_image
from vgg.tools.progress import Show, duration, moving_bar
from vgg.tools.sheet import contact_sheet, stacked

if TYPE_CHECKING:
    from transfer.cli.many import Row
    from transfer.session import Job, Striped

HEIGHT = 360  # of an image on the sheet, in pixels
COLUMNS = 5  # of the sheet, if one option has several values


@dataclass(frozen=True, eq=False)
class Picture:
    """One of the pictures to make."""

    variant: Variant
    images: Images
    place: Place


@dataclass(frozen=True, eq=False)
class Sweep:
    """All of them, and what holds for each."""

    output: Path  # the pictures' names begin like its
    pictures: Sequence[Picture]
    options: RunOptions
    command: Sequence[str]


def sheet_of(output: Path) -> Path:
    """Return where the sheet of a sweep is; its record is beside it."""
    return output.with_name(f"{output.stem}-sheet.png")


def sweep(files: Files, variants: Sequence[Variant], output: Path, options: RunOptions, command: Sequence[str]) -> int:
    """Check all that can be checked, then start TensorFlow, and make the pictures and their sheet.

    Return the exit code. Raises InputError if something cannot be used, or no picture can be made, and
    KeyboardInterrupt; what is finished is kept.
    """
    options = replace(options, sheet=False)  # all are on the sweep's own
    say = (lambda line: None) if options.quiet else console.say
    inputs = [*files.named(), *filter(None, [options.weights])]
    asked, (output, all_outputs) = output, _free(output, variants, inputs, options)
    require_weights_file(options.weights)
    content, pictures = read_content(files.content, variants[0].recipe), []  # no recipe has a crop of its own
    for variant, outputs in zip(variants, all_outputs, strict=True):
        images = load(files, variant.recipe, content.image)
        origin = {"command": list(command)} | sources(files, content.inputs)
        pictures.append(Picture(variant, images, place_of(outputs, origin, content, images.content_image, options)))
    for remark in dict.fromkeys(remark for made in pictures for remark in (*made.images.remarks, *made.place.remarks)):
        say(remark)
    if output != asked:
        say(f"{asked} is taken, so the results' names begin with {output.stem}")
    of_sweep = Sweep(output, pictures, options, command)
    with_workers = all(workers_wanted(options, variant.recipe) for variant in variants)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.striped import IN_STRIPES

        if with_workers:
            from transfer.cluster.banded import shared
    with shared(options, say) if with_workers else nullcontext(IN_STRIPES) as striped:
        return _make(of_sweep, say, striped)


def _free(
    output: Path, variants: Sequence[Variant], inputs: Sequence[Path | str], options: RunOptions
) -> tuple[Path, list[Outputs]]:
    """Return the first name after `output` with which nothing of the sweep is taken, and each picture's files.

    With --resume or --overwrite it is `output` itself. Raises InputError if a file of the sweep cannot be written.
    """

    def free(name: Path) -> bool:
        of_sheet = sheet_of(name), sheet_of(name).with_suffix(".json")
        return not any(map(os.path.lexists, of_sheet)) and not any(
            is_taken(variant.picture(name), options) for variant in variants
        )

    all_outputs = [planned(variant.picture(output), inputs, options) for variant in variants]
    if not (options.resume or options.overwrite):
        output = next(filter(free, alternatives(output)))
        all_outputs = [planned(variant.picture(output), inputs, options) for variant in variants]
    record = sheet_of(output).with_suffix(".json")
    check_output(sheet_of(output), inputs)
    check_place(record)
    if record.exists() and PICTURES not in (read_record(record) or {}):
        raise InputError(f"{record} is no record of a sheet and would be overwritten; choose another --output")
    return output, all_outputs


# The pictures.


def _make(of_sweep: Sweep, say: Say, striped: "Striped") -> int:
    """Make what is missing, and the sheet; return the exit code. Its errors are those of `sweep`."""
    made, problems, count = dict[int, Picture](), list[str](), len(of_sweep.pictures)
    try:
        for number, row in enumerate(_rows(of_sweep, say, striped), start=1):
            if row.problem:
                problems.append(row.problem)
                continue
            picture = made[number] = of_sweep.pictures[number - 1]
            file = picture.place.outputs.picture
            loss = f", loss {row.losses['total']:.4g}" if row.file and of_sweep.options.verbose else ""
            line = f"{file}, {duration(row.seconds)}{loss}" if row.file else f"{file} is there already"
            say(f"{number}/{count} {row.name}: {line}")
    except (InputError, KeyboardInterrupt) as error:
        if made:
            with suppress(InputError):  # the disk is full, say
                _write_sheet(of_sweep, made, say)
        further = f"{len(made)} of {count} pictures are finished; to make the others, repeat the command with "
        further += f"-o {of_sweep.output} --resume"
        raise type(error)(f"{error}; {further}" if str(error) else further) from None
    if not made:
        raise InputError(problems[0])
    _write_sheet(of_sweep, made, say)
    for problem in problems:
        console.say(f"transfer: {problem}", sys.stderr)
    return SOME_FAILED if problems else console.DONE


def _rows(of_sweep: Sweep, say: Say, striped: "Striped") -> "Iterator[Row]":
    """Make the pictures that are not there already; yield what became of each, without a file if it was there.

    Raises NotWritten, an InputError, if one cannot be written, and KeyboardInterrupt.
    """
    from transfer.cli.many import Prepared, make_here
    from transfer.cli.run import job_of, session_of
    from transfer.cli.watchers import describe, steps_of

    options = of_sweep.options

    def job(picture: Picture) -> "Job":
        return job_of(picture.variant.recipe, picture.images, picture.place, options)

    def prepared(picture: Picture) -> Prepared:
        place, label, differences = picture.place, picture.variant.label, None
        if options.resume and not options.overwrite:
            differences = differences_from_made(place, picture.variant.recipe, session.weights.sha256, options)
        if differences is None:
            return Prepared(label, job(picture), place)
        of_others = f"{label}: {place.outputs.picture} was made with other settings: "
        lines = [f"{of_others}{line}; add --overwrite, or choose another -o" for line in differences.values()]
        return Prepared(label, problem=lines[0] if lines else "")

    def display_of(item: Prepared) -> AbstractContextManager[Show | None]:
        of_step = partial(describe, verbose=options.verbose)
        bar = moving_bar(sys.stdout, steps_of(session.phases(item.job)), of_step, transient=True)
        return nullcontext() if options.quiet else bar

    # One session for each recipe, so that one network at a time is in memory; the pictures of a recipe are neighbours.
    for _, group in groupby(of_sweep.pictures, lambda picture: picture.variant.recipe.name):
        session, pictures = None, list(group)
        session = session_of(job(pictures[0]), options, pictures[0].place.outputs, say, striped)
        yield from make_here(session, options, display_of, map(prepared, pictures))


# The sheet.


def _write_sheet(of_sweep: Sweep, made: Mapping[int, Picture], say: Say) -> None:
    """Write the sheet of the pictures by their numbers, and its record; raises InputError if one cannot be written."""
    sheet, first = sheet_of(of_sweep.output), next(iter(made.values()))
    # One after the other, as large ones would fill the memory.
    places = (
        (f"{number}: {made[number].variant.label}", made[number].place.outputs.picture) for number in sorted(made)
    )
    results = ((label, read_image(picture)) for label, picture in places)
    swept = first.variant.values
    last_option = [*swept][-1]
    values = {picture.variant.values[last_option] for picture in of_sweep.pictures}
    columns = len(values) if len(swept) > 1 and len(made) == len(of_sweep.pictures) else min(len(made), COLUMNS)
    sheets = [
        contact_sheet(shown_inputs(first.images, first.place), height=HEIGHT),
        contact_sheet(results, columns, HEIGHT),
    ]
    write_image(sheet, stacked(sheets))
    pictures = [picture.variant.values | {"record": picture.place.outputs.record.name} for picture in of_sweep.pictures]
    record = sheet.with_suffix(".json")
    write_record(record, {"command": list(of_sweep.command), "sheet": sheet.name, PICTURES: pictures})
    say(f"written: {sheet}, {record}")
    size = str(2 * max(picture.variant.recipe.size for picture in of_sweep.pictures))
    larger = typed("transfer", "--from", str(record), "--pick", "N", "--size", size)
    say(f"to make number N of the sheet larger: {larger}")


def picked(path: Path, number: int) -> Path:
    """Return where the record is of the picture with this number on the sheet whose record is at `path`.

    Raises InputError if there is none.
    """
    try:
        with open_file(path) as file:
            names = parsed([picture["record"] for picture in json.load(file)[PICTURES]], tuple[str, ...])
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); name the .json beside OUTPUT-sheet.png") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"{path} is not the record of a sheet; name the .json beside OUTPUT-sheet.png") from None
    if number > len(names):
        raise InputError(f"--pick is {number}, expected one of the {len(names)} numbers on the sheet of {path}")
    place = path.parent / Path(names[number - 1]).name
    if not place.exists():
        raise InputError(f"number {number} of the sheet is not there: {place} is missing; make it by --resume")
    return place
