"""The command line: `python -m transfer CONTENT STYLE -o OUT.png`.

Exit codes: 0 done, 1 the loss was no longer a number, 2 unusable input (one line on stderr), 130 stopped with Ctrl-C.
"""

import argparse
import sys
from collections.abc import Sequence

from transfer.command.named_files import files_from
from transfer.command.options import recipe_from
from transfer.command.parser import build_parser
from transfer.command.repeat import repeated
from transfer.command.sources import sources
from transfer.command.workers import workers_wanted
from transfer.recipe.ours import RECIPES
from transfer.recipe.table import recipe_table
from vgg.errors import InputError, python
from vgg.matfile.sniff import require_weights_file
from vgg.tools import console
from vgg.tools.console import interrupts_at_once, start_tensorflow


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    command = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_intermixed_args(command)  # pictures before and after options
    return console.run("transfer", lambda: _transfer(options, [python(), "-m", "transfer", *command]))


def _transfer(options: argparse.Namespace, command: Sequence[str]) -> int:
    if options.list_recipes:
        for line in recipe_table(RECIPES.values()):
            console.say(line)
        return console.DONE
    if options.exact and not options.record:
        raise InputError("--exact compares with a record, but none is named; add --from RECORD.json, or leave it out")
    # All that can be wrong with the input is found before TensorFlow takes its seconds to start.
    again = repeated(options, build_parser().parse_args([])) if options.record else None
    if again:
        options, files, recipe = again.options(options), again.files, again.recipe
    else:
        files, recipe = files_from(options), recipe_from(options)
    with interrupts_at_once():
        from transfer.command.finish import finish_of
        from transfer.command.outputs import check_log_dir, planned
        from transfer.inputs.pictures import load
    inputs = [*files.named(), *filter(None, [options.weights, options.record])]
    watched = bool(options.preview_every or options.save_every)
    asked = options.sheet, inputs, options.depth, watched, options.report
    first = outputs = planned(options.output, *asked)
    if not (options.overwrite or options.resume):
        outputs = planned(first.free(watched).picture, *asked)
        if outputs != first and not options.quiet:
            unfinished = " by an unfinished run, with which --resume goes on" if first.state.exists() else ""
            console.say(f"{options.output} is taken{unfinished}, so the result goes to {outputs.picture}")
    if options.log_dir is not None:
        check_log_dir(options.log_dir, outputs)
    if options.weights is not None:
        require_weights_file(options.weights)
    pictures, known = load(files, recipe), {"command": list(command)} | sources(files)
    finish = finish_of(options, pictures, outputs.picture, recipe.crop)
    with_workers = workers_wanted(options)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.command.run import run
        from transfer.session import Job

        if with_workers:
            from transfer.cluster.bands import shared
    wanted = Job(recipe, pictures, options.seed), options, outputs, finish, known, again
    if not with_workers:
        return run(*wanted)
    with shared(options, (lambda line: None) if options.quiet else console.say) as striped:
        return run(*wanted, striped)
