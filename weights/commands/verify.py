"""`python -m weights verify`: say what a weights file is."""

import argparse

from vgg.console.arguments import file_name
from vgg.console.interrupts import interrupts_at_once
from vgg.console.terminal import say
from vgg.load import weights_path


def add_verify(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the `verify` command."""
    text = "say what a weights file is: genuine, partly genuine, re-saved, trained by this program or unknown"
    parser = commands.add_parser("verify", help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument("file", type=file_name, nargs="?", help="default: the file that a run would use")
    parser.set_defaults(run=run_verify)


def run_verify(options: argparse.Namespace) -> None:
    """Print the verdict and what it rests on."""
    with interrupts_at_once():
        from weights.verify import verify  # with SciPy and NumPy; `--help` and `download` do not wait for them

    report = verify(weights_path(options.file))
    say(report.verdict)
    for label, value in report.details:
        say(f"  {label:<12} {value}")
