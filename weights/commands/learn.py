"""`python -m weights learn`: learn filters by clustering patches of drawn pictures."""

import argparse
import os
import sys

from vgg.console.arguments import file_name, whole_number
from vgg.console.quiet import start_tensorflow
from vgg.console.terminal import say
from vgg.errors import InputError
from vgg.files import check_place
from vgg.matfile.locate import FOLDER
from weights.learn import file as learned_file
from weights.learn.display import layer_display
from weights.learn.file import SEED


def add_learn(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the `learn` command."""
    text = "learn filters from pictures drawn by code; needs no download and about 30 seconds"
    parser = commands.add_parser("learn", help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument(
        "--seed", type=whole_number(0), default=SEED, help="of pictures and filters (default: %(default)s)"
    )
    parser.add_argument("--to", type=file_name, metavar="FILE", help=f"default: {FOLDER / 'learned.mat'}")
    parser.add_argument("--untrained", action="store_true", help="write random filters instead, to compare with")
    parser.set_defaults(run=run_learn)


def run_learn(options: argparse.Namespace) -> None:
    """Learn the filters and say where they are."""
    if options.untrained and options.to is None:
        raise InputError("--untrained needs --to FILE, so that random filters are never mistaken for learned ones")
    path = FOLDER / "learned.mat" if options.to is None else options.to
    check_place(path)
    if options.to is not None and os.path.lexists(path):
        raise InputError(f"{path} exists already; delete it first, or choose another name")
    start_tensorflow()
    if options.untrained:
        learned_file.make_untrained(path, options.seed)
    else:
        with layer_display(sys.stderr) as show:
            learned_file.make(path, options.seed, show)
    say(f"written: {path}")
