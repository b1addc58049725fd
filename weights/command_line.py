"""The command line of the weights: `python -m weights COMMAND`.

Exit codes: 0 done, 2 the input or the download cannot be used (one line on stderr), 130 stopped with Ctrl-C.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from vgg.console import terminal
from vgg.console.arguments import file_name, whole_number
from vgg.console.interrupts import interrupts_at_once
from vgg.console.quiet import start_tensorflow
from vgg.console.terminal import say
from vgg.errors import InputError
from vgg.files import check_place
from vgg.matfile.locate import FOLDER, LEARNED
from weights.choice import choose
from weights.download.display import progress_display
from weights.download.download import download
from weights.download.partial import PartialFile
from weights.download.sources import DEFAULT_LAYOUT, SOURCES, default_path
from weights.learn import file as learned_file
from weights.learn.display import layer_display
from weights.learn.file import SEED


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each command adds itself and names the function that runs it."""
    parser = terminal.Parser(prog="python -m weights", description="Get the weights of VGG-19 and check them.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_download(commands)
    add_learn(commands)
    add_verify(commands)
    return parser


def add_download(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the `download` command."""
    parser = commands.add_parser(
        "download",
        help="fetch the published MatConvNet file and verify it",
        description="Fetch the published MatConvNet file and verify it. An interrupted download is resumed.",
    )
    parser.add_argument(
        "--layout", choices=list(SOURCES), default=DEFAULT_LAYOUT, help="which of the two files (default: %(default)s)"
    )
    parser.add_argument(
        "--url",
        help="another address of the same file; the digest is checked as well "
        "(default: the environment's WEIGHTS_URL, else www.vlfeat.org)",
    )
    parser.add_argument("--to", type=file_name, metavar="FILE", help="where to put it (default: the weights folder)")
    parser.set_defaults(run=run_download)


def run_download(options: argparse.Namespace) -> None:
    """Download one file and say where it is."""
    source = SOURCES[options.layout]
    target = options.to or default_path(source)
    url = options.url or os.environ.get("WEIGHTS_URL")
    try:
        with progress_display(sys.stderr) as show:
            download(source, target, [url] if url else None, show)
    except KeyboardInterrupt:
        part = PartialFile(source, target)
        if part.size() == 0:
            raise
        raise KeyboardInterrupt(
            f"the {part.size() / 1e6:,.1f} MB received are kept in {part.path}; run the same command to resume"
        ) from None
    say(f"{target}: complete, {source.algorithm.upper()} as published")


def add_learn(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the `learn` command."""
    text = "learn filters from pictures drawn by code; needs no download and about 30 seconds"
    parser = commands.add_parser("learn", help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument(
        "--seed", type=whole_number(0), default=SEED, help="of pictures and filters (default: %(default)s)"
    )
    parser.add_argument("--to", type=file_name, metavar="FILE", help=f"default: {FOLDER / LEARNED}")
    parser.add_argument("--untrained", action="store_true", help="write random filters instead, to compare with")
    parser.set_defaults(run=run_learn)


def run_learn(options: argparse.Namespace) -> None:
    """Learn the filters and say where they are."""
    if options.untrained and options.to is None:
        raise InputError("--untrained needs --to FILE, so that random filters are never mistaken for learned ones")
    path = FOLDER / LEARNED if options.to is None else options.to
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


def add_verify(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the `verify` command."""
    text = "say what a weights file is: genuine, partly genuine, re-saved, learned or unknown"
    parser = commands.add_parser("verify", help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument("file", type=file_name, nargs="?", help="default: the file that `python -m transfer` would use")
    parser.set_defaults(run=run_verify)


def run_verify(options: argparse.Namespace) -> None:
    """Print the verdict and what it rests on."""
    with interrupts_at_once():
        from weights.verify import verify  # with SciPy and NumPy; `--help` and `download` do not wait for them

    report = verify(choose(options.file).path)
    say(report.verdict)
    for label, value in report.details:
        say(f"  {label:<12} {value}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return terminal.run("weights", lambda: options.run(options))
