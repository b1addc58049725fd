"""`python -m weights random`: write random filters, as a baseline."""

import argparse
import os

from vgg.console.arguments import file_name, whole_number
from vgg.console.interrupts import interrupts_at_once
from vgg.console.terminal import say
from vgg.errors import InputError
from vgg.files import check_place


def add_random(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the `random` command."""
    text = "write random filters (He initialisation, 80 MB), to compare trained ones with"
    parser = commands.add_parser("random", help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument("--to", type=file_name, metavar="FILE", required=True, help="a new .mat file")
    parser.add_argument("--seed", type=whole_number(0), default=0, help="default: %(default)s")
    parser.set_defaults(run=run_random)


def run_random(options: argparse.Namespace) -> None:
    """Write the filters and say where they are."""
    check_place(options.to)
    if os.path.lexists(options.to):
        raise InputError(f"{options.to} exists already; delete it first, or choose another name")
    with interrupts_at_once():
        from weights.untrained import make_untrained  # with SciPy and NumPy, for which `--help` does not wait

    make_untrained(options.to, options.seed)
    say(f"written: {options.to}")
