"""The command line of the measurements: `python -m transfer.bench [evaluation | convergence | sizes | batch]`."""

import argparse
import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version

from transfer.machine import processor
from vgg.errors import typed
from vgg.tools import console
from vgg.tools.console import file_name, interrupts_at_once, start_tensorflow


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = console.Parser(prog=typed("transfer.bench"), description="Measure this program on this machine.")
    parser.add_argument(
        "--weights", type=file_name, metavar="FILE", help="a .mat file (default: genuine, else shipped)"
    )
    parser.set_defaults(run=lambda options: run(options, ("evaluation", "convergence", "sizes", "batch")))
    commands = parser.add_subparsers(metavar="WHAT")
    for name, about in {
        "evaluation": "one evaluation against the machine's matrix multiply",
        "convergence": "the time to a loss, by optimiser and precision",
        "sizes": "memory and time per megapixel from 512 to 4096 pixels",
        "batch": "pictures per minute of a batch against separate commands, and frames per minute of a film",
    }.items():
        commands.add_parser(name, help=about).set_defaults(run=lambda options, name=name: run(options, (name,)))
    one = commands.add_parser("one", help="what `sizes` runs in a process of its own")
    one.add_argument("file")
    one.add_argument("size", type=int)
    one.add_argument("precision", choices=("float32", "bfloat16"))
    one.add_argument("rows", type=int)
    one.set_defaults(run=run_one)
    options = parser.parse_args(arguments)
    return console.run("bench", lambda: options.run(options))


def run(options: argparse.Namespace, wanted: Sequence[str]) -> None:
    """Print the wanted tables, line by line as they are measured."""
    start_tensorflow()
    with interrupts_at_once():
        from transfer.bench import batch, convergence, evaluation, sizes
        from weights.load import load_weights

    weights = load_weights(options.weights, console.say)
    console.say(machine())
    tables = {
        "evaluation": lambda: evaluation.report(weights, 512),
        "convergence": lambda: convergence.report(weights, 256),
        "sizes": lambda: sizes.report(weights),
        "batch": lambda: batch.report(weights),
    }
    for name in wanted:
        console.say("")
        for line in tables[name]():
            console.say(line)


def run_one(options: argparse.Namespace) -> None:
    """Print one measurement of `sizes` as JSON."""
    start_tensorflow()
    with interrupts_at_once():
        from transfer.bench.sizes import measure

    console.say(json.dumps(measure(options.file, options.size, options.precision, options.rows)))


def machine() -> str:
    """Return processor, cores and versions; every number below depends on them."""
    versions = f"Python {platform.python_version()}, TensorFlow {version('tensorflow')}"
    return f"machine: {processor()}, {os.cpu_count()} cores; {versions}"
