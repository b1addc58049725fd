"""The command line of the strip: the same content in blends of two styles' Gram matrices, from the one to the other.

Exit codes as in `python -m transfer`.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

from transfer.inputs.files import Files
from transfer.recipe.ours import DEFAULT, RECIPES, recipe_named
from vgg.errors import InputError, typed
from vgg.layers import SMALLEST_SIDE
from vgg.matfile.sniff import require_weights_file
from vgg.tools import console
from vgg.tools.console import file_name, interrupts_at_once, start_tensorflow, whole_number
from vgg.tools.image import check_output, write_image

SIZE = 256
PICTURES = 5
MOST_PICTURES = 50


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = console.Parser(prog=typed("transfer.blend"), description="Make a strip from one style to another.")
    add = parser.add_argument
    add("content", help="a picture, or `sample`")
    add("styles", nargs=2, metavar="STYLE", help="two pictures; `sample` may be one of them")
    add("-o", "--output", type=file_name, default=Path("output/blend.png"), help="default: %(default)s")
    add("--pictures", type=whole_number(2), default=PICTURES, help="in the strip (default: %(default)s)")
    add("--recipe", default=DEFAULT.name, help=f"one of {', '.join(RECIPES)} (default: %(default)s)")
    add("--size", type=whole_number(SMALLEST_SIDE), default=SIZE, help="longer side in pixels (default: %(default)s)")
    add("--iterations", type=whole_number(1), help="steps at each size (default: the recipe's)")
    add("--weights", type=file_name, metavar="FILE", help="default: genuine if downloaded, else shipped")
    return parser


def blends(count: int) -> list[tuple[float, float]]:
    """Return the shares of both styles in each of `count` pictures, from the first alone to the second alone."""
    return [(1 - float(share), float(share)) for share in np.linspace(0, 1, count)]


def make_strip(options: argparse.Namespace) -> None:
    """Make the pictures one after the other and write the strip; an interrupted one is not written."""
    if options.pictures > MOST_PICTURES:
        raise InputError(f"--pictures is {options.pictures}, expected 2 to {MOST_PICTURES}; choose fewer")
    recipe = replace(recipe_named(options.recipe), size=options.size)
    recipe = replace(recipe, iterations=options.iterations or recipe.iterations)
    with interrupts_at_once():
        from transfer.inputs.pictures import load
    wanted = [Files(options.content, options.styles[0], None, (options.styles[1],), shares)
              for shares in blends(options.pictures)]  # fmt: skip
    check_output(options.output, [*wanted[0].named(), *filter(None, [options.weights])])
    if options.weights is not None:
        require_weights_file(options.weights)
    jobs = [load(files, recipe) for files in wanted]
    start_tensorflow()
    with interrupts_at_once():
        from transfer.command.watchers import describe
        from transfer.machine import usable_bytes
        from transfer.session import Job, Session, precision_of
        from vgg.tools.progress import moving_bar
        from vgg.tools.sheet import contact_sheet
        from weights.load import load_weights

        session = Session(load_weights(options.weights, console.say), usable_bytes(), precision_of("auto", recipe))
        images, pictures = [], jobs[0]
        for number, (job, shares) in enumerate(zip(jobs, blends(len(jobs)), strict=True), start=1):
            until = {(phase.height, phase.width): phase.until for phase in session.phases(Job(recipe, job))}
            bar = moving_bar(sys.stdout, sum(until.values()), describe, transient=True)
            with bar if sys.stdout.isatty() else nullcontext(lambda step: None) as show:
                result = session.run(Job(recipe, job), lambda step, _: show(step))
            if result.stopped == "interrupted":
                raise KeyboardInterrupt("nothing was written")
            images.append((f"{shares[0]:.2f} : {shares[1]:.2f}", result.image))
            console.say(f"{number}/{len(jobs)}: {images[-1][0]}")
    first, second = pictures.style_images
    strip = [("content", pictures.content_image), ("style 1", first), *images, ("style 2", second)]
    write_image(options.output, contact_sheet(strip))
    console.say(f"written: {options.output}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return console.run("blend", lambda: make_strip(options))
