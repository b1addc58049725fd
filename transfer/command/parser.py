"""The words of the command line, in groups; what they mean for a run is in `transfer.command.options`."""

import argparse
from pathlib import Path
from typing import get_args

from transfer.recipe.choices import Colors, Crop, OptimizerName
from transfer.recipe.ours import DEFAULT, RECIPES
from vgg.errors import typed
from vgg.layers import SMALLEST_SIDE
from vgg.tools.console import Parser, file_name, number, whole_number


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; options that change the recipe default to None, which means: as the recipe says."""
    parser = Parser(
        prog=typed("transfer"),
        description="Make a picture with the content of one and the style of another (Gatys, Ecker & Bethge 2016).",
        epilog=f"Defaults of the recipe are those of `{DEFAULT.name}`; --list-recipes shows the others'.",
    )
    parser.add_argument("content", nargs="?", help="a picture, or `sample`: a scene drawn by our code")
    parser.add_argument("style", nargs="*", help="a picture or several, or `sample`: a painting drawn by our code")
    add_run_options(parser)
    output = Path("output/result.png")
    add = parser.add_argument_group("files").add_argument
    text = "default: %(default)s; .json goes beside; a name that is taken gets a number"
    add("-o", "--output", type=file_name, default=output, help=text)
    add("--overwrite", action="store_true", help="write to that name even if it is taken")
    add("--list-recipes", action="store_true", help="print all recipes as a table, and do nothing else")
    add("--resume", action="store_true", help="go on with the unfinished run of this output, if there is one")
    text = "repeat the run that left this record beside its picture; no pictures and no choices are named then"
    add("--from", type=file_name, dest="record", metavar="RECORD.json", help=text)
    add("--exact", action="store_true", help="with --from: refuse if anything differs, so that the bytes are the same")
    return parser


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every program has which makes pictures: choices, speed, and how results are written."""
    for add_group in (_picture, _styles, _colors_and_regions, _recipe, _speed, _output):
        add_group(parser)


def _picture(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("picture").add_argument
    add(
        "--size",
        type=whole_number(SMALLEST_SIDE),
        help=f"longer side of content and style, in pixels; of some recipes the shorter (default: {DEFAULT.size})",
    )
    scales = ",".join(map(str, DEFAULT.scales))
    add("--scales", help=f"smaller sizes to pass through before that; '' for none (default: {scales})")
    add("--crop", choices=get_args(Crop), help=f"pictures to the square in their middle (default: {DEFAULT.crop})")
    text = "a little style, or nothing else (default: 0.5); sets α, so not with --content-weight or --style-weight"
    add("--strength", type=number, metavar="0…1", help=text)
    add(
        "--init",
        help="where to start: content, style, noise, a picture, or a blend such as content=0.4,noise=0.6 "
        f"(default: {DEFAULT.init})",
    )
    add("--seed", type=whole_number(0), default=0, help="of the noise (default: %(default)s)")


def _styles(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("styles").add_argument
    add("--style", action="append", dest="more_styles", default=[], metavar="FILE", help="one more style picture")
    add("--style-blend", metavar="N:N", help="how much of each style picture, such as 3:1 (default: the same of each)")
    add(
        "--style-scale",
        type=number,
        metavar="0.25…4",
        help=f"size of the style picture against --size, and with it its strokes' (default: {DEFAULT.style_scale:g})",
    )


def _colors_and_regions(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("colours and regions").add_argument
    add(
        "--colors",
        choices=get_args(Colors),
        help="the style's; the content's, by a run on luminance alone; or the content's, given to the style picture "
        f"before the run, by the roots of the covariances or by Cholesky's factors (default: {DEFAULT.colors})",
    )
    add("--content-mask", metavar="FILE", help="a label picture: one colour for each region of the content picture")
    add("--style-mask", action="append", default=[], metavar="FILE", help="the same of a style picture, in their order")
    add(
        "--region",
        action="append",
        default=[],
        metavar="COLOUR=FILE",
        help="a region's own style picture, such as white=night.jpg, or white=keep to keep its content",
    )


def _recipe(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("recipe").add_argument
    add("--recipe", default=DEFAULT.name, help=f"one of {', '.join(RECIPES)} (default: %(default)s)")
    add("--report-as", metavar="RECIPE", help="also say what the result's losses are in that recipe's units")
    add("--content-weight", type=number, help=f"α (default: {DEFAULT.content_weight:g}); not with --strength")
    add("--style-weight", type=number, help=f"β (default: {DEFAULT.style_weight:g}); not with --strength")
    add("--tv-weight", type=number, help=f"of total variation, against grain (default: {DEFAULT.tv_weight:g})")
    layers = ",".join(f"{name}={weight:g}" for name, weight in DEFAULT.content_layers)
    add("--content-layers", help=f"with or without weights (default: {layers})")
    layers = ",".join(name for name, _ in DEFAULT.style_layers)
    add("--style-layers", help=f"the same; without weights each counts the same (default: {layers})")
    add("--pooling", choices=("avg", "max"), help=f"(default: {DEFAULT.pooling})")
    add(
        "--normalize",
        action=argparse.BooleanOptionalAction,
        help="scale every filter to mean activation 1, as the paper does, or take the network as it is in the file "
        f"(default: {'yes' if DEFAULT.normalized_network else 'no'})",
    )
    add(
        "--weights",
        type=file_name,
        metavar="FILE",
        help="a .mat file (default: genuine if downloaded, else shipped)",
    )


def _speed(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("speed and memory").add_argument
    add("--iterations", type=whole_number(1), help=f"steps at each size (default: {DEFAULT.iterations})")
    add(
        "--optimizer",
        choices=get_args(OptimizerName),
        help="SciPy's with line search, ours with unit steps, the same with large forms first, Adam "
        f"(default: {DEFAULT.optimizer})",
    )
    add("--learning-rate", type=number, help=f"of Adam, in pixel levels (default: {DEFAULT.learning_rate:g})")
    precisions = ("auto", "float32", "bfloat16")
    text = "bfloat16 where it is faster (auto), or as you say; bfloat16 not with --optimizer l-bfgs"
    add("--precision", choices=precisions, default="auto", help=text)
    add("--workers", type=whole_number(1), metavar="N", help="let N processes work, by Dask; not with --scheduler")
    add("--scheduler", metavar="ADDRESS", help="of Dask, whose workers do it, as tcp://host:8786; not with --workers")
    add("--max-memory", type=gigabytes, metavar="GB", help="compute in stripes to stay below (default: most of it)")


def _output(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("output").add_argument
    add("--full-size", action="store_true", help="enlarge the result to the pixels that the content picture's file has")
    add("--depth", type=int, choices=(8, 16), default=8, help="bits of each colour; 16 for PNG and TIFF (default: 8)")
    add("--sheet", action="store_true", help="also write OUTPUT-sheet.png: content | style | result")
    add("--report", action="store_true", help="also write OUTPUT-report.html: one page with pictures, losses, settings")
    steps = whole_number(1)
    add("--preview-every", type=steps, metavar="N", help="rewrite OUTPUT-preview.png every N steps (default: never)")
    add("--save-every", type=steps, metavar="N", help="also keep OUTPUT-0001.png … every N steps (default: none)")
    add("--log-dir", type=file_name, metavar="FOLDER", help="write curves and images for TensorBoard (default: none)")
    text = "write the run's state to OUTPUT.state.npz every N steps; 0 for never (default: about every 30 seconds)"
    add("--checkpoint-every", type=whole_number(0), metavar="N", help=text)
    add("--quiet", action="store_true", help="print nothing but errors")


def gigabytes(text: str) -> float:
    """Return `6`, `6GB` or `6 gb` in bytes, for `add_argument(type=gigabytes)`."""
    try:
        value = float(text.strip().lower().removesuffix("gb"))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} found, expected a number of gigabytes above 0, such as 8 or 1.5")
    return value * 1e9
