"""The command line of the masks: `python -m transfer.masks PICTURE --by color`.

Exit codes: 0 done, 2 unusable input (one line on stderr), 130 stopped with Ctrl-C.
"""

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from transfer.apps.masks.labels import (
    MOST_REGIONS,
    Box,
    by_color,
    by_grabcut,
    by_luminance,
    label_picture,
    preview,
    shares,
)
from transfer.cli.outputs import preview_of
from transfer.inputs import read_cropped
from vgg.errors import InputError, typed
from vgg.tools import console
from vgg.tools.console import file_name, whole_number
from vgg.tools.image import check_output, write_image

PROGRAM = "masks"
LABELS = 3
#: What has a number of labels, and what has a box.
WITH_LABELS, WITH_BOX = ("color", "luminance"), ("grabcut",)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; options that belong to one way only default to None."""
    parser = console.Parser(
        prog=typed("transfer.masks"),
        description="Make a label picture, one colour for each region, for --content-mask or --style-mask.",
    )
    add = parser.add_argument
    add("picture", type=file_name, metavar="PICTURE", help="the picture whose regions are wanted")
    add(
        "--by",
        required=True,
        choices=(*WITH_LABELS, *WITH_BOX),
        help="similar colours; dark to light; what stands out in a box",
    )
    add(
        "--labels",
        type=whole_number(2),
        metavar="N",
        help=f"how many regions by colour or luminance, 2 to {MOST_REGIONS} (default: {LABELS})",
    )
    add("--box", type=box, metavar="X,Y,W,H", help="of grabcut: upper left corner, width and height in pixels")
    output = Path("output/mask.png")
    add("-o", "--output", type=file_name, default=output, help="default: %(default)s; OUTPUT-preview.png goes beside")
    return parser


def box(text: str) -> Box:
    """Return `X,Y,W,H` as four numbers, for `add_argument(type=box)`."""
    words = text.split(",")
    # `isdecimal` also knows the digits of other alphabets, as `int` does; longer ones than these are no pixels.
    numbers = tuple(int(word) for word in words if word.strip().isdecimal() and len(word) < 10)
    if len(words) != 4 or len(numbers) != 4 or 0 in numbers[2:]:
        raise argparse.ArgumentTypeError(
            f"{text!r} found, expected X,Y,WIDTH,HEIGHT in whole pixels from 0, such as 40,30,200,160"
        )
    return numbers


def require_fitting(options: argparse.Namespace) -> None:
    """Raise InputError unless the options belong together."""
    by = options.by
    for name, belongs_to in (("labels", WITH_LABELS), ("box", WITH_BOX)):
        if getattr(options, name) is not None and by not in belongs_to:
            raise InputError(
                f"--{name} found with --by {by}, expected it only with --by {' or '.join(belongs_to)}; leave it out"
            )
    if by in WITH_BOX and options.box is None:
        raise InputError(f"--by {by} needs the place of the object, expected --box X,Y,WIDTH,HEIGHT in pixels; add it")
    if options.labels is not None and options.labels > MOST_REGIONS:
        raise InputError(f"--labels is {options.labels}, expected 2 to {MOST_REGIONS}; choose fewer")
    if options.output.suffix.lower() in (".jpg", ".jpeg"):
        raise InputError(
            f"the output {options.output} is a JPEG picture, which blurs the colours of regions, expected .png; change "
            "its ending"
        )


def make_mask(options: argparse.Namespace) -> None:
    """Make the mask and its preview, and say what is on it."""
    require_fitting(options)
    check_output(options.output, [options.picture])
    preview_file = preview_of(options.output)
    check_output(preview_file, [options.picture])
    image = read_cropped(options.picture, "none")
    if options.by == "grabcut":
        labels = by_grabcut(image, options.box)
    else:
        labels = (by_color if options.by == "color" else by_luminance)(image, options.labels or LABELS)
    write_image(preview_file, preview(image, labels))
    write_image(options.output, label_picture(labels))
    by_name = shares(labels)
    for name, share in by_name.items():
        console.say(f"{name:8}{share:7.1%}")
    console.say(f"written: {options.output}; look at {preview_file}")
    mask, example = shlex.quote(str(options.output)), "white" if "white" in by_name else next(iter(by_name))
    console.say(f"to use it: --content-mask {mask} --region {example}=night.jpg, or --region {example}=keep")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return console.run(PROGRAM, lambda: make_mask(options))
