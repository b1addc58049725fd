"""The command line: `python -m transfer CONTENT STYLE -o OUT.png`.

Exit codes: 0 done, 1 the loss was no longer a number, 2 unusable input (one line on stderr), 130 stopped with Ctrl-C.
"""

import argparse
from collections.abc import Sequence

from transfer.command.options import SAMPLE, build_parser, recipe_from
from transfer.recipe.ours import RECIPES
from transfer.recipe.table import recipe_table
from vgg.console import terminal
from vgg.console.interrupts import interrupts_at_once
from vgg.console.quiet import start_tensorflow
from vgg.matfile.sniff import require_mat5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return terminal.run("transfer", lambda: _transfer(options))


def _transfer(options: argparse.Namespace) -> int:
    if options.list_recipes:
        for line in recipe_table(RECIPES.values()):
            terminal.say(line)
        return terminal.DONE
    recipe = recipe_from(options)  # complains before TensorFlow takes its seconds, as do the next three lines
    with interrupts_at_once():
        from transfer.command.outputs import planned

    inputs = [
        name for name in (options.content, options.style, recipe.init, options.weights) if name not in (SAMPLE, None)
    ]
    outputs = planned(options.output, options.sheet, inputs)
    if options.weights is not None:
        require_mat5(options.weights)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.command.run import run

    return run(options, recipe, outputs)
