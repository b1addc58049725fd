"""`python -m weights download`: fetch the published file and verify it."""

import argparse
import os
import sys

from vgg.console.arguments import file_name
from vgg.console.terminal import say
from weights.download.display import progress_display
from weights.download.download import download
from weights.download.partial import PartialFile
from weights.download.sources import DEFAULT_LAYOUT, SOURCES, default_path


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
