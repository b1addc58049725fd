"""The command line of the weights: `python -m weights COMMAND`; the function `run_…` runs each command.

Exit codes: 0 done, 2 the input or the download cannot be used (one line on stderr), 130 stopped with Ctrl-C. What takes
time to import is imported by the command that needs it: `--help` waits for nothing.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path

from vgg.errors import InputError, typed
from vgg.load import FOLDER, GENUINE_SMALL, genuine_present, weights_path
from vgg.tools import console
from vgg.tools.console import file_name, interrupts_at_once, number, say, start_tensorflow, whole_number
from vgg.tools.files import check_place
from weights.train.settings import Settings

Run = Callable[[argparse.Namespace], None]
Add = Callable[..., argparse.Action]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; `options.run` is the function that runs the one that was typed."""
    parser = console.Parser(prog=typed("weights"), description="Get the weights of VGG-19 and check them.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Run, text: str, more: str = "") -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.{more}")
        added.set_defaults(run=run)
        return added

    text = "fetch the published MatConvNet file and verify it"
    add = command("download", run_download, text, " An interrupted download is resumed.").add_argument
    text = "which of the two files (default: %(default)s)"
    add("--layout", choices=["later", "beta16"], default="later", help=text)
    text = "another address of the same file; the digest is checked as well "
    add("--url", help=f"{text}(default: the environment's WEIGHTS_URL, else www.vlfeat.org)")
    add("--to", type=file_name, metavar="FILE", help="where to put it (default: the weights folder)")

    text = "train a VGG-19 of half the width that imitates another one, on pictures drawn by code; takes an hour or two"
    train = command("train", run_train, text)
    add_train_options(train.add_argument, train.add_argument_group("settings").add_argument)

    text = "write random filters (He initialisation, 80 MB), to compare trained ones with"
    add = command("random", run_random, text).add_argument
    add("--to", type=file_name, metavar="FILE", required=True, help="a new .mat file")
    add("--seed", type=whole_number(0), default=0, help="default: %(default)s")

    text = "write ImageNet's VGG-19 as a smaller file, 16 bits (40 MB) or 8 bits (20 MB) for each number of a kernel"
    add = command("shrink", run_shrink, text, " A run takes it if the published file is not there.").add_argument
    add("file", type=file_name, nargs="?", help="ImageNet's .mat file (default: the downloaded one)")
    text = "a new .npz file (default: the weights folder, where a run finds it)"
    add("--to", type=file_name, metavar="FILE", default=FOLDER / GENUINE_SMALL, help=text)
    add("--bits", type=int, choices=(16, 8), default=16, help="default: %(default)s")

    text = "say what a weights file is: genuine, partly genuine, re-saved, trained by this program or unknown"
    add = command("verify", run_verify, text).add_argument
    add("file", type=file_name, nargs="?", help="default: the file that a run would use")
    return parser


def add_train_options(add: Add, add_setting: Add) -> None:
    """Add the options of `train`. Each field of `Settings` is one, with its default."""
    text = "the VGG-19 to imitate (default: ImageNet's, if it was downloaded)"
    add("--teacher", type=file_name, metavar="FILE", help=text)
    text = "a .mat, or a small .npz (5 MB)"
    add("--to", type=file_name, metavar="FILE", default=FOLDER / "trained.mat", help=text)
    add("--resume", action="store_true", help="continue a run that was stopped; give it the same --to")
    text = "also write FILE-STEP every N steps"
    add("--checkpoint-every", type=whole_number(1), metavar="N", help=text)
    add("--drawings", type=file_name, metavar="FILE", help="an .npy to take the drawings from, or to keep them in")
    add("--pictures", type=file_name, metavar="FOLDER", help="pictures to train on beside the drawings")
    for field in fields(Settings):
        kind = crops if field.name == "crops" else whole_number(0) if field.type in (int, "int") else number
        add_setting(
            f"--{field.name.replace('_', '-')}",
            type=kind,
            help=f"default: {shown(field.default)}",
            metavar="SIZE:COUNT,…" if kind is crops else "N",
        )


def crops(text: str) -> tuple[tuple[int, int], ...]:
    """Return the sizes and counts in a text such as `64:48,96:24`, for `add_argument(type=crops)`."""
    try:
        pairs = [part.split(":") for part in text.split(",")]
        return tuple((int(size), int(count)) for size, count in pairs)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} found, expected SIZE:COUNT,… such as 64:48,96:24") from None


def shown(default: object) -> str:
    """Return the default of a setting as it would be typed."""
    return ",".join(f"{size}:{count}" for size, count in default) if isinstance(default, tuple) else str(default)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return console.run("weights", lambda: options.run(options))


def run_download(options: argparse.Namespace) -> None:
    """Download one file and say where it is."""
    with interrupts_at_once():
        from weights.download import download
        from weights.published import SOURCES
    source = SOURCES[options.layout]
    target = options.to or FOLDER / source.name
    url = options.url or os.environ.get("WEIGHTS_URL")
    download(source, target, sys.stderr, [url] if url else None)
    say(f"{target}: complete, {source.algorithm.upper()} as published")


def run_train(options: argparse.Namespace) -> None:
    """Train and say where the network is."""
    given = {field.name: getattr(options, field.name) for field in fields(Settings)}
    given = {name: value for name, value in given.items() if value is not None}
    path: Path = options.to
    state_path = path.with_suffix(".state.npz")
    check_place(path)
    if path.suffix not in (".mat", ".npz"):
        raise InputError(f"{path} ends in {path.suffix!r}, expected .mat or .npz")
    if options.drawings and not os.path.isfile(options.drawings):
        check_place(options.drawings)  # a pipe, for one, would be waited for
    if not options.resume:
        for existing in filter(os.path.lexists, (path, state_path)):
            raise InputError(f"{existing} exists already; delete it first, choose another name, or give --resume")
    teacher = options.teacher or genuine_present()
    if teacher is None:
        raise InputError("ImageNet's VGG-19 is not here to imitate; `make download-weights`, or name one by --teacher")
    settings = Settings(**given)  # refused at once if they do not fit together
    start_tensorflow()
    # Here and not above: they import TensorFlow, for which other commands should not wait.
    from weights.train.run import Places, load, make

    begun = None
    if options.resume:
        settings, *begun = load(state_path)
        for name in (name for name in given if name != "steps" and given[name] != getattr(settings, name)):
            found = f"--{name.replace('_', '-')} {shown(given[name])}, but the run began with"
            raise InputError(f"{found} {shown(getattr(settings, name))}; leave it out, or start afresh")
        settings = replace(settings, **given)
    places = Places(teacher, path, state_path, options.drawings, options.pictures, options.checkpoint_every)
    make(places, settings, begun, sys.stderr)
    say(f"written: {path}")


def run_random(options: argparse.Namespace) -> None:
    """Write the filters and say where they are."""
    check_place(options.to)
    if os.path.lexists(options.to):
        raise InputError(f"{options.to} exists already; delete it first, or choose another name")
    with interrupts_at_once():
        from weights.load import make_untrained
    make_untrained(options.to, options.seed)
    say(f"written: {options.to}")


def run_shrink(options: argparse.Namespace) -> None:
    """Write the small file and say where it is and how large."""
    source = options.file or genuine_present()
    if source is None:
        raise InputError("ImageNet's VGG-19 is not here to shrink; get it with `make download-weights`, or name a file")
    with interrupts_at_once():
        from weights.shrink import shrink
    shrink(source, options.to, options.bits)
    say(f"written: {options.to}, {options.to.stat().st_size / 1e6:.0f} MB")


def run_verify(options: argparse.Namespace) -> None:
    """Print the verdict and what it rests on."""
    with interrupts_at_once():
        from weights.verify import verify
    verdict, details = verify(weights_path(options.file))
    say(verdict)
    for label, value in details:
        say(f"  {label:<12} {value}")
