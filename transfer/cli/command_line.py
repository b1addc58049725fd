"""The command line: `python -m transfer CONTENT STYLE -o OUT.png`.

Exit codes: 0 done, 1 the loss was no longer a number, 2 unusable input (one line on stderr), 3 some
pictures of a sweep could not be made, 130 stopped with Ctrl-C.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from transfer.cli.options import OUTPUT, RunOptions, build_parser, files_from, require_beside_record, workers_wanted
from transfer.cli.recipe_table import recipe_table
from transfer.cli.variants import variants_of
from transfer.other_programs import RECIPES
from vgg.errors import InputError, python
from vgg.tools import console
from vgg.tools.console import interrupts_at_once, say_loading, start_tensorflow

if TYPE_CHECKING:
    from transfer.cli.record import Repeated


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    command = sys.argv[1:] if arguments is None else arguments
    words = build_parser().parse_intermixed_args(command)  # pictures before and after options
    return console.run("transfer", lambda: _transfer(words, [python(), "-m", "transfer", *command]))


def _transfer(words: argparse.Namespace, command: Sequence[str]) -> int:
    if words.list_recipes:
        for line in recipe_table(RECIPES.values()):
            console.say(line)
        return console.DONE
    from_record = words.record or words.continued
    if words.exact and not from_record:
        raise InputError("--exact compares with a record, but none is named; add --from RECORD.json, or leave it out")
    if words.pick and not from_record:
        raise InputError("--pick chooses from a sheet, but none is named; add --from and the .json beside the sheet")
    # All that can be wrong with the input is found before TensorFlow takes its seconds to start.
    options, output = RunOptions.of(words), words.output or OUTPUT
    if from_record:
        require_beside_record(words)
    else:
        files, variants = files_from(words), variants_of(words)
    say_loading(options.quiet)  # before the pictures are read, as a large one takes a second
    with interrupts_at_once():
        from transfer.cli.outputs import images_and_place
        from transfer.cli.sweep import sweep
    again = None
    if from_record:
        again, output = _again(words, options)
        options, files, recipe = again.options, again.files, again.recipe
    elif len(variants) > 1:
        return sweep(files, variants, output, options, command)
    else:
        recipe = variants[0].recipe
    images, place = images_and_place(files, recipe, output, options, command, [again.path] if again else [])
    with_workers = workers_wanted(options, recipe)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.cli.run import job_of, run

        if with_workers:
            from transfer.cluster.banded import shared
    job, again = job_of(recipe, images, place, options), None if words.pick or words.continued else again
    if not with_workers:
        return run(job, place, options, output, again)
    with shared(options, (lambda line: None) if options.quiet else console.say) as striped:
        return run(job, place, options, output, again, striped)


def _again(words: argparse.Namespace, options: RunOptions) -> "tuple[Repeated, Path]":
    """Return the run that a record asks for, and where its result goes; raises InputError if there is none.

    With --pick it is larger than the recorded one, with --continue it begins where that one ended.
    """
    from transfer.cli.record import continued, picture_of, repeated, require_unchanged
    from transfer.cli.sweep import picked

    record = picked(words.record, words.pick) if words.pick else words.record or words.continued
    again = repeated(record, words.exact, options)
    if not (words.pick or words.continued):
        return again, words.output or OUTPUT
    require_unchanged(again)
    picture = picture_of(again)
    if words.continued:
        again, ending = continued(again, words.iterations), "continued"
    else:
        size = words.size or max(again.recipe.size, RECIPES.get(again.recipe.name, again.recipe).size)
        if size == again.recipe.size and not (words.full_size or words.iterations):
            raise InputError(f"{picture} is of size {size} already; add a larger --size, or --full-size")
        options = replace(again.options, full_size=again.options.full_size or words.full_size)
        recipe = replace(again.recipe, size=size, iterations=words.iterations or again.recipe.iterations)
        again, ending = replace(again, recipe=recipe, options=options), f"size-{size}"
    return again, words.output or picture.with_name(f"{picture.stem}-{ending}{picture.suffix}")
