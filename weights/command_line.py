"""The command line of the weights: `python -m weights COMMAND`; each command is a file in `weights/commands`.

Exit codes: 0 done, 2 the input or the download cannot be used (one line on stderr), 130 stopped with Ctrl-C.
"""

import argparse
from collections.abc import Sequence

from vgg.console import terminal
from vgg.errors import typed
from weights.commands.download import add_download
from weights.commands.random import add_random
from weights.commands.train import add_train
from weights.commands.verify import add_verify


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each command adds itself and names the function that runs it."""
    parser = terminal.Parser(prog=typed("weights"), description="Get the weights of VGG-19 and check them.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_download(commands)
    add_train(commands)
    add_random(commands)
    add_verify(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return terminal.run("weights", lambda: options.run(options))
