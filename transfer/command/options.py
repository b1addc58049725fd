"""From the words of the command line to one `Recipe`: the recipe's own choices, with what the user said on top."""

import argparse
import dataclasses
import os
from pathlib import Path
from typing import get_args

from transfer.inputs.files import Files
from transfer.recipe.choices import OptimizerName, Recipe
from transfer.recipe.ours import DEFAULT, RECIPES, recipe_named
from vgg.console.arguments import file_name, number, whole_number
from vgg.console.terminal import Parser
from vgg.errors import InputError
from vgg.layers import SMALLEST_SIDE, layer_named

LARGEST_WEIGHT = 1e38  # single precision ends at 3.4e38
STARTS = ("content", "style", "noise")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; options that change the recipe default to None, which means: as the recipe says."""
    parser = Parser(
        prog="python -m transfer",
        description="Make a picture with the content of one and the style of another (Gatys, Ecker & Bethge 2016).",
    )
    add = parser.add_argument
    add("content", nargs="?", help="a picture, or `sample`: a scene drawn by our code")
    add("style", nargs="?", help="a picture, or `sample`: a painting drawn by our code")
    output = Path("output/result.png")
    add("-o", "--output", type=file_name, default=output, help="default: %(default)s; .json goes beside")
    add("--sheet", action="store_true", help="also write OUTPUT-sheet.png: content | style | result")
    add(
        "--weights",
        type=file_name,
        metavar="FILE",
        help="a .mat file (default: genuine if downloaded, else shipped)",
    )
    add("--recipe", default=DEFAULT.name, help=f"one of {', '.join(RECIPES)} (default: %(default)s)")
    add("--list-recipes", action="store_true", help="print all recipes as a table, and do nothing else")
    add("--report-as", metavar="RECIPE", help="also say what the result's losses are in that recipe's units")
    add(
        "--size",
        type=whole_number(SMALLEST_SIDE),
        help="longer side of content and style, in pixels; of some recipes the shorter",
    )
    add("--scales", help="smaller sizes to pass through before that, such as 256,512; '' for none")
    add("--iterations", type=whole_number(1), help="steps of the optimiser, at each size")
    add(
        "--optimizer",
        choices=get_args(OptimizerName),
        help="SciPy's with line search, ours with unit steps, the same with large forms first, Adam",
    )
    add("--learning-rate", type=number, help="of Adam, in pixel levels from 0 to 255")
    add("--init", help="where to start: content, style, noise, or a picture")
    add("--content-weight", type=number, help="α")
    add("--style-weight", type=number, help="β")
    add("--tv-weight", type=number, help="weight of the total variation, against single-pixel grain")
    add("--content-layers", help="for example relu4_2, or relu3_2=0.3,relu4_2=0.7")
    add("--style-layers", help="for example relu1_1,relu2_1; without weights each counts the same")
    precisions = ("auto", "float32", "bfloat16")
    add("--precision", choices=precisions, default="auto", help="bfloat16 where it is faster (auto), or as you say")
    add("--max-memory", type=gigabytes, metavar="GB", help="compute in stripes to stay below (default: most of it)")
    add("--pooling", choices=("avg", "max"))
    add(
        "--normalize",
        action=argparse.BooleanOptionalAction,
        help="scale every filter to mean activation 1, as the paper does, or take the network as it is in the file",
    )
    add("--seed", type=whole_number(0), default=0, help="of the noise (default: %(default)s)")
    add("--quiet", action="store_true", help="print nothing but errors")
    return parser


def gigabytes(text: str) -> float:
    """Return `6`, `6GB` or `6 gb` in bytes, for `add_argument(type=gigabytes)`."""
    try:
        number = float(text.strip().lower().removesuffix("gb"))
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} found, expected a number of gigabytes above 0, such as 8 or 1.5")
    return number * 1e9


def files_from(options: argparse.Namespace) -> Files:
    """Return the pictures that the user named.

    Raises:
        InputError: a picture was not named.
    """
    if options.content is None or options.style is None:
        missing = "style" if options.content else "content and style"
        raise InputError(
            f"the {missing} picture is missing, expected two, as in `python -m transfer photo.jpg painting.jpg`"
            "; the words `sample sample` stand for a pair drawn by our code"
        )
    init = None if options.init in (None, *STARTS) else options.init
    if init is not None and not os.path.exists(init):
        raise InputError(f"--init is {init!r}, expected content, style, noise, or a picture that exists")
    return Files(options.content, options.style, init)


def recipe_from(options: argparse.Namespace) -> Recipe:
    """Return the recipe named in `options` with the user's own choices put in.

    Raises:
        InputError: a name is unknown or a number is out of range.
    """
    recipe = recipe_named(options.recipe)
    if options.report_as is not None:
        recipe_named(options.report_as)
    names = ("size", "iterations", "optimizer", "learning_rate", "pooling")
    chosen = {name: getattr(options, name) for name in (*names, "content_weight", "style_weight", "tv_weight")}
    for name in ("content_layers", "style_layers"):
        text = getattr(options, name)
        chosen[name] = None if text is None else _layers(text, "--" + name.replace("_", "-"))
    if options.init is not None:
        chosen["init"] = options.init if options.init in STARTS else "picture"
    if options.scales is not None:
        chosen["scales"] = _sizes(options.scales)
    chosen["normalized_network"] = options.normalize
    recipe = dataclasses.replace(recipe, **{name: value for name, value in chosen.items() if value is not None})
    require_sensible(recipe)
    if options.precision == "bfloat16" and recipe.optimizer == "l-bfgs":
        raise InputError(
            "--precision bfloat16 would mislead the line search of --optimizer l-bfgs, which compares losses to many "
            "digits; choose --optimizer l-bfgs-unit, or --precision float32"
        )
    return recipe


def _sizes(text: str) -> tuple[int, ...]:
    """Return `256, 512` as (256, 512)."""
    size = whole_number(SMALLEST_SIDE)
    try:
        return tuple(size(item.strip()) for item in text.split(",") if item.strip())
    except argparse.ArgumentTypeError as error:
        raise InputError(f"--scales: {error}, with commas between them, such as 256,512") from None


def _layers(text: str, option: str) -> tuple[tuple[str, float], ...]:
    """Return `relu1_1,relu2_1=0.5` as ((name, weight), …); layers without a weight share 1 equally."""
    items = [item.strip().partition("=") for item in text.split(",") if item.strip()]
    layers = []
    for name, _, weight in ((name.strip(), "", weight.strip()) for name, _, weight in items):
        layer_named(name)
        try:
            layers.append((name, float(weight) if weight else 1 / len(items)))
        except ValueError:
            raise InputError(
                f"{option} gives {name} the weight {weight!r}, expected a number as in {name}=0.2"
            ) from None
    if len({name for name, _ in layers}) < len(layers):
        raise InputError(f"{option} is {text!r}, expected every layer once")
    return tuple(layers)


def require_sensible(recipe: Recipe) -> None:
    """Return if the recipe can be run; raises InputError naming the option that is out of range."""
    weights = [("--content-weight", recipe.content_weight), ("--style-weight", recipe.style_weight)]
    weights += [("--tv-weight", recipe.tv_weight), ("--learning-rate", recipe.learning_rate)]
    weights += [(f"the weight of {name}", weight) for name, weight in (*recipe.content_layers, *recipe.style_layers)]
    for what, value in weights:
        if not 0 <= value <= LARGEST_WEIGHT:
            raise InputError(f"{what} is {value}, expected a number from 0 to {LARGEST_WEIGHT:g}")
    if recipe.optimizer == "adam" and not recipe.learning_rate:
        raise InputError("--learning-rate is 0, so Adam would stay where it starts; choose one such as 2")
    content = recipe.content_weight * sum(weight for _, weight in recipe.content_layers)
    style = recipe.style_weight * sum(weight for _, weight in recipe.style_layers)
    if not content and not style:
        raise InputError("content and style both weigh 0, so there is nothing to do; give one of them a weight")
