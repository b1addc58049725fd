"""`python -m weights train`: train a half-width VGG-19 on pictures drawn by code."""

import argparse
import os
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

from vgg.console.arguments import file_name, number, whole_number
from vgg.console.quiet import start_tensorflow
from vgg.console.terminal import say
from vgg.errors import InputError
from vgg.files import check_place
from vgg.matfile.locate import FOLDER
from weights.train.settings import Phase, Pooling, Settings


def add_train(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the `train` command. Each field of `Settings` is an option, with its default."""
    text = "train a half-width VGG-19 on pictures drawn by code; needs no download and about one hour on 2 cores"
    parser = commands.add_parser("train", help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument(
        "--to", type=file_name, metavar="FILE", default=FOLDER / "trained.mat", help="a .mat, or a small .npz (5 MB)"
    )
    parser.add_argument("--resume", action="store_true", help="continue a run that was stopped; give it the same --to")
    parser.add_argument(
        "--checkpoint-every", type=whole_number(1), metavar="N", help="also write FILE-STEP.mat every N steps"
    )
    parser.add_argument(
        "--drawings",
        type=file_name,
        metavar="FILE",
        help="an .npy to take the drawings from, or to keep them in",
    )
    settings = parser.add_argument_group("settings")
    for field in fields(Settings):
        kind = {"seed": whole_number(0), "phases": phases, "pooling": str}.get(field.name)
        kind = kind or (whole_number(1) if field.type in (int, "int") else number)
        settings.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=kind,
            choices=get_args(Pooling) if field.name == "pooling" else None,
            help=f"default: {shown(field.default)}",
            metavar=None if field.name == "pooling" else "N" if kind is not phases else "SIZE:KINDS:UNTIL,…",
        )
    parser.set_defaults(run=run_train)


def phases(text: str) -> tuple[Phase, ...]:
    """Return the phases in a text such as `64:56:0.4,96:28:1`, for `add_argument(type=phases)`."""
    try:
        parts = [part.split(":") for part in text.split(",")]
        return tuple(Phase(int(size), int(kinds), float(until)) for size, kinds, until in parts)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} found, expected SIZE:KINDS:UNTIL,… such as 64:56:0.4,96:28:1"
        ) from None


def shown(default: object) -> str:
    """Return the default of a setting as it would be typed."""
    if isinstance(default, tuple):
        return ",".join(f"{phase.size}:{phase.kinds}:{phase.until:g}" for phase in default)
    return str(default)


def run_train(options: argparse.Namespace) -> None:
    """Train and say where the network is."""
    given = {field.name: getattr(options, field.name) for field in fields(Settings)}
    given = {name: value for name, value in given.items() if value is not None}
    path: Path = options.to
    kept = path.with_suffix(".state.npz")
    check_place(path)
    if path.suffix not in (".mat", ".npz"):
        raise InputError(f"{path} ends in {path.suffix!r}, expected .mat or .npz")
    if not options.resume:
        for existing in filter(os.path.lexists, (path, kept)):
            raise InputError(f"{existing} exists already; delete it first, choose another name, or give --resume")
    settings = Settings(**given)  # refused at once if they do not fit together
    start_tensorflow()
    # Here and not above: they import TensorFlow, for which other commands should not wait.
    from weights.train.run import Places, make
    from weights.train.state_file import load

    state = None
    if options.resume:
        settings, state = load(kept)
        if replace(settings, **given) != settings:
            raise InputError(f"{kept} is of a run with other settings; leave the settings away with --resume")
    make(Places(path, kept, options.drawings, options.checkpoint_every), settings, state, sys.stderr)
    say(f"written: {path}")
