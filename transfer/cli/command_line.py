"""The command line: `python -m transfer CONTENT STYLE -o OUT.png`.

Exit codes: 0 done, 1 the loss was no longer a number, 2 unusable input (one line on stderr), 130 stopped with Ctrl-C.
"""

import argparse
import sys
from collections.abc import Sequence

from transfer.cli.options import (
    RunOptions,
    build_parser,
    files_from,
    recipe_from,
    require_beside_record,
    workers_wanted,
)
from transfer.cli.recipe_table import recipe_table
from transfer.other_programs import RECIPES
from vgg.errors import InputError, python
from vgg.matfile.sniff import require_weights_file
from vgg.tools import console
from vgg.tools.console import interrupts_at_once, say_loading, start_tensorflow


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
    if words.exact and not words.record:
        raise InputError("--exact compares with a record, but none is named; add --from RECORD.json, or leave it out")
    # All that can be wrong with the input is found before TensorFlow takes its seconds to start.
    options = RunOptions.of(words)
    if words.record:
        require_beside_record(words)
    else:
        files, recipe = files_from(words), recipe_from(words)
    say_loading(options.quiet)  # before the pictures are read, as a large one takes a second
    with interrupts_at_once():
        from transfer.cli.outputs import free_outputs, place_of, read_content
        from transfer.cli.record import repeated, sources
        from transfer.inputs import load
    again = repeated(words.record, words.exact, options) if words.record else None
    if again:
        options, files, recipe = again.options, again.files, again.recipe
    inputs = [*files.named(), *filter(None, [options.weights, words.record])]
    outputs = free_outputs(words.output, inputs, options)
    if options.weights is not None:
        require_weights_file(options.weights)
    content = read_content(files.content, recipe)
    images = load(files, recipe, content.image)
    origin = {"command": list(command)} | sources(files, content.inputs)
    place = place_of(outputs, origin, content, images.content_image, options)
    with_workers = workers_wanted(options)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.cli.run import run
        from transfer.session import Job

        if with_workers:
            from transfer.cluster.banded import shared
    job = Job(recipe, images, options.seed)
    if not with_workers:
        return run(job, place, options, words.output, again)
    with shared(options, (lambda line: None) if options.quiet else console.say) as striped:
        return run(job, place, options, words.output, again, striped)
