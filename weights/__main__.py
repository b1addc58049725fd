"""The command line of the weights: `python -m weights COMMAND`.

Exit codes: 0 done, 2 the input or the download cannot be used (one line on stderr), 130 stopped with Ctrl-C.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from vgg.errors import InputError
from weights.display import progress_display
from weights.download import download
from weights.partial import PartialFile
from weights.sources import DEFAULT_LAYOUT, SOURCES, default_path


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line, like every other complaint of this program."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        self.exit(2, f"weights: {' '.join(message.split())}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each command adds itself and names the function that runs it."""
    parser = Parser(prog="python -m weights", description="Get the weights of VGG-19 and check them.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_download(commands)
    return parser


def add_download(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the `download` command."""
    parser = commands.add_parser(
        "download",
        help="fetch the published MatConvNet file and verify it",
        description="Fetch the published MatConvNet file and verify it. A download that was broken off is resumed.",
    )
    parser.add_argument(
        "--layout", choices=list(SOURCES), default=DEFAULT_LAYOUT, help="which of the two files (default: %(default)s)"
    )
    parser.add_argument(
        "--url",
        help="another address of the same file; its digest is checked all the same "
        "(default: the environment's WEIGHTS_URL, else www.vlfeat.org)",
    )
    parser.add_argument("--to", type=Path, metavar="FILE", help="where to put it (default: the weights folder)")
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
    print(f"{target}: complete, {source.algorithm.upper()} as published")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    try:
        options.run(options)
    except InputError as error:
        print(f"weights: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"weights: stopped; {stop}" if str(stop) else "weights: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
