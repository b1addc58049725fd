"""A strip from one style to another: the same content in blends of both styles' Gram matrices.

`python -m transfer.blend CONTENT STYLE STYLE`. Exit codes as in `python -m transfer`.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from transfer.files import Files
from transfer.inputs import load
from transfer.other_programs import RECIPES, recipe_named
from transfer.recipes import DEFAULT
from vgg.errors import InputError, typed
from vgg.layers import SMALLEST_SIDE
from vgg.load import WEIGHTS_HELP
from vgg.matfile.sniff import require_weights_file
from vgg.tools import console
from vgg.tools.console import file_name, interrupts_at_once, start_tensorflow, whole_number
from vgg.tools.files import first_free
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
    text = "default: %(default)s; a name that is taken gets a number"
    add("-o", "--output", type=file_name, default=Path("output/blend.png"), help=text)
    add("--overwrite", action="store_true", help="write to that name even if it is taken")
    add("--pictures", type=whole_number(2), default=PICTURES, help="in the strip (default: %(default)s)")
    add("--recipe", default=DEFAULT.name, help=f"one of {', '.join(RECIPES)} (default: %(default)s)")
    add("--size", type=whole_number(SMALLEST_SIDE), default=SIZE, help="longer side in pixels (default: %(default)s)")
    add("--iterations", type=whole_number(1), help="steps at each size (default: the recipe's)")
    add("--weights", type=file_name, metavar="FILE", help=WEIGHTS_HELP)
    return parser


def make_strip(options: argparse.Namespace) -> None:
    """Make the pictures one after the other and write the strip; an interrupted one is not written."""
    if options.pictures > MOST_PICTURES:
        raise InputError(f"--pictures is {options.pictures}, expected 2 to {MOST_PICTURES}; choose fewer")
    recipe = replace(recipe_named(options.recipe), size=options.size)
    recipe = replace(recipe, iterations=options.iterations or recipe.iterations)
    first, second = options.styles
    if first == second:
        raise InputError(f"both styles are {first!r}, expected two different pictures; name another one")
    shares = [(1 - float(share), float(share)) for share in np.linspace(0, 1, options.pictures)]
    files = [Files(options.content, first, None, (second,), pair) for pair in shares]
    check_output(options.output, [*files[0].named(), *filter(None, [options.weights])])
    require_weights_file(options.weights)
    pictures = [load(each, recipe) for each in files]
    start_tensorflow()
    with interrupts_at_once():
        from transfer.cli.watchers import describe, steps_of
        from transfer.machine import usable_bytes
        from transfer.precision import precision_of
        from transfer.session import Job, Session
        from transfer.striped import IN_STRIPES
        from vgg.tools.progress import moving_bar
        from vgg.tools.sheet import contact_sheet
        from weights.load import load_weights

        weights = load_weights(options.weights, console.say)
        session = Session(weights, usable_bytes(), precision_of("auto", recipe), IN_STRIPES)
        results = []
        for number, ((share, other), of_blend) in enumerate(zip(shares, pictures, strict=True), start=1):
            job, label = Job(recipe, of_blend), f"{share:.2f} : {other:.2f}"
            with moving_bar(sys.stdout, steps_of(session.phases(job)), describe, transient=True) as show:
                result = session.run(job, lambda step, _, show=show: show(step))
            if result.stopped == "interrupted":
                raise KeyboardInterrupt("nothing was written")
            results.append((label, result.image))
            console.say(f"{number}/{len(pictures)}: {label}")
    content, (style, other_style) = pictures[0].content_image, pictures[0].style_images
    output: Path = options.output if options.overwrite else first_free(options.output)
    write_image(output, contact_sheet([("content", content), ("style 1", style), *results, ("style 2", other_style)]))
    console.say(f"written: {output}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return console.run("blend", lambda: make_strip(options))
