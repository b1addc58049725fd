"""The options of the microscope, `python -m vgg COMMAND`: from the table of its layers to what one activation saw.

Exit codes: 0 done, 2 unusable input (one line on stderr), 130 stopped with Ctrl-C.
"""

import argparse
import importlib
from collections.abc import Callable, Sequence

from vgg.console import terminal
from vgg.console.arguments import file_name, whole_number
from vgg.console.interrupts import interrupts_at_once
from vgg.errors import typed
from vgg.layers import SMALLEST_SIDE, layer_named

Add = Callable[..., argparse.Action]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; `options.module` is the one of `vgg.microscope.commands` that runs it."""
    parser = terminal.Parser(prog=typed("vgg"), description="Look into VGG-19, with your own picture.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, text: str, weights: str = "genuine if downloaded, else shipped") -> Add:
        added = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.add_argument(
            "--weights", type=file_name, metavar="FILE", help=f"a .mat file of VGG-19 (default: {weights})"
        )
        added.set_defaults(module=name)
        return added.add_argument

    add_layers(command)
    add_features(command)
    add_filters(command)
    add_deconv(command)
    add_invert(command)
    add_search(command)
    add_compare(command)
    return parser


def add_layers(command: Callable[..., Add]) -> None:
    """Add the table of layers."""
    text = "the table of the 37 layers: shapes, receptive fields, costs; nothing is run"
    add = command("layers", text, weights="none; the paper's numbers of channels")
    add("--size", default="224x224", metavar="HxW", help="height and width of the picture (default: %(default)s)")
    add("--json", action="store_true", help="the same as JSON")


def add_features(command: Callable[..., Add]) -> None:
    """Add the maps of one layer, or a summary of all."""
    add = command(
        "features", "what the layers make of a picture: a sheet of one layer's maps, or a table of all layers"
    )
    add("image", type=file_name, help="a picture")
    add("--layer", help="such as conv3_1 (before the ReLU) or relu3_1")
    add(
        "--top",
        type=whole_number(1),
        metavar="N",
        help="only the N most active maps (default: all); not with --summary",
    )
    add(
        "--summary",
        action="store_true",
        help="print a table instead of drawing: mean, zeros and strongest channels per layer",
    )
    add_picture_options(add, "output/features.png", 512)


def add_filters(command: Callable[..., Add]) -> None:
    """Add the filters themselves."""
    add = command("filters", "what a layer's filters look for: conv1_1's kernels, or by gradient ascent")
    add("--layer", required=True, help="a convolution, such as conv1_1 or conv4_2")
    add("--channels", metavar="N,N,…", help="numbers with commas (default: all of conv1_1, else the first 9)")
    add("--seed", type=whole_number(0), default=0, help="of the noise that ascent starts from (default: %(default)s)")
    add("-o", "--output", type=file_name, metavar="FILE", help="default: output/filters.png")


def add_deconv(command: Callable[..., Add]) -> None:
    """Add the deconvnet."""
    add = command("deconv", "what in the picture caused an activation: Zeiler & Fergus's deconvnet")
    add("image", type=file_name, help="a picture")
    add("--layer", required=True, help="any, such as relu4_2")
    add("--channel", type=whole_number(0), metavar="N", help="only this channel's strongest activation; not with --top")
    add("--top", type=whole_number(1), metavar="N", help="those of the N strongest channels (default: 9)")
    add_picture_options(add, "output/deconv.png", 512)


def add_invert(command: Callable[..., Add]) -> None:
    """Add the picture from its maps."""
    add = command("invert", "what a layer keeps of the picture: rebuild it from that layer's maps, starting from noise")
    add("image", type=file_name, help="a picture")
    add("--layer", required=True, help="any, such as relu3_1")
    add("--iterations", type=whole_number(1), default=50, help="steps of the optimiser (default: %(default)s)")
    add("--seed", type=whole_number(0), default=0, help="of the white noise it starts from (default: %(default)s)")
    add_picture_options(add, "output/invert.png", 256)


def add_search(command: Callable[..., Add]) -> None:
    """Add the nearest pictures."""
    add = command("search", "which pictures of a folder the network finds most like yours")
    add("query", type=file_name, help="a picture")
    add("folder", type=file_name, help="where the others are; their features are kept in your cache folder")
    add("--layer", default="relu5_1", help="default: %(default)s")
    add(
        "--by",
        choices=("content", "style"),
        default="content",
        help="channel means, or Gram matrices (default: content)",
    )
    add("--top", type=whole_number(1), default=9, metavar="N", help="how many to show (default: %(default)s)")
    add_picture_options(add, "output/search.png", 512)


def add_compare(command: Callable[..., Add]) -> None:
    """Add the distances of two pictures."""
    add = command("compare", "where two pictures differ: content and style distance at each layer")
    add("a", type=file_name, help="a picture")
    add("b", type=file_name, help="another")
    add_picture_options(add, "output/compare.png", 512)


def add_picture_options(add: Add, output: str, size: int) -> None:
    """Add what all commands have that read pictures and write one."""
    add("--size", type=whole_number(SMALLEST_SIDE), default=size, help="longer side in pixels (default: %(default)s)")
    add("-o", "--output", type=file_name, metavar="FILE", help=f"default: {output}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return terminal.run("vgg", lambda: _run(options))


def _run(options: argparse.Namespace) -> int | None:
    if getattr(options, "layer", None) is not None:
        layer_named(options.layer)  # complains before anything heavy is imported
    # Not at the top of the file: most commands import NumPy and OpenCV, and `--help` should not wait for them.
    with interrupts_at_once():
        command = importlib.import_module(f"vgg.microscope.commands.{options.module}")
    return command.run(options)
