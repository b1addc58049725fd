"""The command line of a batch: `python -m transfer.batch FOLDER -o OUT`.

Exit codes: 0 done, 2 unusable input (one line on stderr), 3 some pictures could not be made, 130 stopped with Ctrl-C.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from transfer.apps.batch.pairs import Pair, csv_pairs, folder_pairs, listed_pairs, require_distinct
from transfer.cli.options import RunOptions, add_run_options, files_from, painters_wanted, recipe_from
from vgg.errors import InputError, python, typed
from vgg.matfile.sniff import require_weights_file
from vgg.tools import console
from vgg.tools.console import interrupts_at_once, say_loading, start_tensorflow


def build_parser() -> argparse.ArgumentParser:
    """Return the parser: what the pictures are, and all options of `python -m transfer`, which hold for each."""
    parser = console.Parser(
        prog=typed("transfer.batch"),
        description="Make many pictures: contents in one or several styles.",
        epilog="Name one of: a folder; --contents and --styles; a CSV file. Not with --workers or --scheduler: "
        "--preview-every, --save-every, --log-dir, --timelapse. Not with --scheduler: --max-memory.",
    )
    parser.add_argument("folder", nargs="?", help="pictures named content_… and style_…; each content gets each style")
    add = parser.add_argument_group("pictures").add_argument
    text = "instead of the folder: folders, files, quoted globs, or .txt lists"
    add("--contents", nargs="+", default=[], metavar="PLACE", help=text)
    add("--styles", nargs="+", default=[], metavar="PLACE", help="the same of the style pictures")
    text = "each content with each style, the first with the first …, or a CSV file with columns content and style"
    add("--pairs", default="all", metavar="all|zip|FILE.csv", help=f"{text} (default: %(default)s)")
    add("-o", "--output", default="output/batch", metavar="OUT", help="a folder (default: %(default)s)")
    add("--overwrite", action="store_true", help="replace pictures in OUT that were made with other settings")
    add_run_options(parser)
    return parser


def pairs_from(words: argparse.Namespace) -> list[Pair]:
    """Return the pairs that the words mean; raises InputError if they mean none, or two with the same name."""
    listed, from_csv = bool(words.contents), words.pairs.lower().endswith(".csv")
    if words.pairs not in ("all", "zip") and not from_csv:
        raise InputError(f"--pairs is {words.pairs!r}, expected all, zip, or a file that ends in .csv")
    if sum([words.folder is not None, listed, from_csv]) != 1 or bool(words.styles) != listed:
        raise InputError(
            "expected one of: a folder with content_… and style_… pictures; --contents and --styles; --pairs FILE.csv"
        )
    if from_csv:
        pairs = csv_pairs(words.pairs)
    elif listed:
        pairs = listed_pairs(words.contents, words.styles, words.pairs)
    else:
        pairs = folder_pairs(words.folder, words.pairs)
    pairs = list(dict.fromkeys(pairs))
    require_distinct(pairs)
    return pairs


def make_batch(words: argparse.Namespace, command: Sequence[str]) -> int:
    """Check all that can be checked, then start TensorFlow and make the pictures."""
    pairs, recipe, options = pairs_from(words), recipe_from(words), RunOptions.of(words)
    # What each picture is made from, with stand-ins for its pair.
    files = files_from(argparse.Namespace(**vars(words) | {"content": "content", "style": ["style"]}))
    with_workers = require_workers_possible(options)
    say_loading(options.quiet)
    with interrupts_at_once():
        from transfer.apps.batch.orders import Batch, check_folder, orders_of, require_apart
        from transfer.inputs import check_masks
    check_folder(words.output, [*words.contents, *words.styles], options.report)
    orders = orders_of(pairs, Path(words.output), files, recipe, options)
    batch = Batch(Path(words.output), orders, recipe, options, list(command))
    require_apart(batch, [name for name in (options.weights, words.pairs) if name])  # "all" is no file of ours either
    check_masks(orders[0].files, recipe)  # the same for all
    require_weights_file(options.weights)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.apps.batch.making import run

        if not with_workers:
            return run(batch)
        from transfer.apps.batch.dask_maker import dask_maker
    return run(batch, dask_maker)


def require_workers_possible(options: RunOptions) -> bool:
    """Return whether Dask's workers are wanted; raises InputError if they cannot be had or not for these options."""
    if not painters_wanted(options):
        return False
    for name in ("preview_every", "save_every", "log_dir", "timelapse"):
        if getattr(options, name) is not None:
            raise InputError(f"--{name.replace('_', '-')} is for pictures made in this process; leave out the workers")
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    command = sys.argv[1:] if arguments is None else arguments
    words = build_parser().parse_args(command)
    return console.run("batch", lambda: make_batch(words, [python(), "-m", "transfer.batch", *command]))
