"""The options of a run: the words of the command line, and what they mean.

`add_run_options` says which words there are. Of them, `recipe_from` makes the recipe, `files_from` the pictures, and
`RunOptions.of` all that is neither: argparse's own object goes no further than this file and the command lines.
"""

import argparse
import importlib.util
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from transfer.cli.values import Value, blend, gigabytes, layers, region, several, sizes
from transfer.files import SAMPLE, Files, require_usable
from transfer.machine import processors, usable_bytes
from transfer.other_programs import RECIPES, content_weight_at, recipe_named
from transfer.recipes import DEFAULT, Colors, Crop, OptimizerName, Recipe, StyleStatistic, with_statistic
from vgg.errors import InputError, typed
from vgg.layers import SMALLEST_SIDE, layer_named
from vgg.load import WEIGHTS_HELP
from vgg.tools.console import LARGEST, Parser, file_name, number, whole_number
from vgg.tools.files import require_quoted

OUTPUT = Path("output/result.png")
LARGEST_WEIGHT = 1e38  # single precision ends at 3.4e38
STARTS = ("content", "style", "noise")
#: Memory that a worker needs. With a picture of 40 pixels it had 0.8 GB at its peak; the plan of the default recipe
#: (`transfer.memory`) asks for 1.45 GB, which may be three quarters of a worker's memory.
WORKER_BYTES = 2e9
#: Workers for each processor; more would only wait for each other.
WORKERS_PER_PROCESSOR = 2
#: Options that may stand beside --from; all others are in the record.
BESIDE_RECORD = ("record", "exact", "output", "sheet", "report", "weights", "max_memory", "preview_every", "save_every")
BESIDE_RECORD += (
    "timelapse",
    "quiet",
    "verbose",
    "checkpoint_every",
    "resume",
    "overwrite",
    "log_dir",
    "workers",
    "scheduler",
)
#: Options of `python -m transfer` that may have several values.
SWEPT = ("recipe", "strength", "style_scale", "size")


@dataclass(frozen=True)
class RunOptions:
    """What the user said besides the recipe and the pictures: how they are made, looked on at and written."""

    seed: int = 0  # of the noise
    weights: Path | None = None  # None: ImageNet's if it was downloaded, else the small ones
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    max_memory: float | None = None  # bytes; None: most of the machine's
    workers: int | None = None
    scheduler: str | None = None  # an address
    report_as: str | None = None  # a recipe in whose units the losses are said, too
    full_size: bool = False
    full_size_steps: int | None = None  # at that size; None: the result is enlarged
    keep_location: bool = False  # in the result's Exif data
    depth: Literal[8, 16] = 8  # bits of each colour in the file
    sheet: bool = False
    report: bool = False
    preview_every: int | None = None  # steps, as in the next three; None: never
    save_every: int | None = None
    checkpoint_every: int | None = None  # None: about every 30 seconds; 0: never
    log_dir: Path | None = None
    timelapse: str | None = None  # "webp" or "gif"; None: none
    quiet: bool = False
    verbose: bool = False  # say more of the run: losses, layers, the network
    overwrite: bool = False
    resume: bool = False

    @classmethod
    def of(cls, words: argparse.Namespace) -> "RunOptions":
        """Return them from the words of any command line with `add_run_options`."""
        given = vars(words)
        if given.get("full_size_steps") and not given["full_size"]:
            raise InputError("--full-size-steps is given without --full-size, whose last steps they are; add that one")
        return cls(**{field.name: given[field.name] for field in fields(cls) if field.name in given})

    @property
    def memory_bytes(self) -> float:
        """Return what the process may use."""
        return self.max_memory or usable_bytes()

    @property
    def finish(self) -> dict[str, Any]:
        """Return those that concern the picture's file and not the run, as a record has them."""
        finish = {"depth": self.depth, "full_size": self.full_size}
        newer = {"keep_location": self.keep_location, "full_size_steps": self.full_size_steps}  # not in older records
        return finish | {name: value for name, value in newer.items() if value}

    @property
    def watched(self) -> bool:
        """Return whether images on the way are written beside the picture."""
        return bool(self.preview_every or self.save_every)


# The words.


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; options that change the recipe default to None, which means: as the recipe says."""
    parser = Parser(
        prog=typed("transfer"),
        description="Make a picture with the content of one and the style of another (Gatys, Ecker & Bethge 2016).",
        epilog=f"Defaults of the recipe are those of `{DEFAULT.name}`; --list-recipes shows the others'. Up to two of "
        "--recipe, --strength, --style-scale and --size may have several values, as in `--strength 0.2,0.5,0.8`: a "
        "picture for each, and a sheet.",
    )
    parser.add_argument("content", nargs="?", help="a picture, or `sample`: a scene of ours")
    parser.add_argument("style", nargs="*", help="a picture or several, or `sample`: a painting of ours")
    add_run_options(parser, several)
    add = parser.add_argument_group("files").add_argument
    text = f"default: {OUTPUT}, or the record's; .json goes beside; a name that is taken gets a number"
    add("-o", "--output", type=file_name, help=text)
    add("--overwrite", action="store_true", help="write to that name even if it is taken")
    add("--verbose", action="store_true", help="also print the losses, the layers and what the network is")
    add("--list-recipes", action="store_true", help="print all recipes as a table, and do nothing else")
    add("--resume", action="store_true", help="go on with the unfinished run of this output, if there is one")
    text = "repeat the run that left this record beside its picture; no pictures and no choices are named then"
    add("--from", type=file_name, dest="record", metavar="RECORD.json", help=text)
    add("--exact", action="store_true", help="with --from: refuse if anything differs, so that the bytes are the same")
    text = "with --from and the record of a sheet: its picture number N larger: at the recipe's size, or --size; "
    text += "--iterations may be others"
    add("--pick", type=whole_number(1), metavar="N", help=text)
    text = "go on with the finished picture of this record, for --iterations N steps; no other choices are named then"
    add("--continue", type=file_name, dest="continued", metavar="RECORD.json", help=text)
    return parser


def add_run_options(parser: argparse.ArgumentParser, of: Callable[[Value], Value] = lambda value: value) -> None:
    """Add the options that every program has which makes pictures: choices, speed, and how results are written.

    `of` makes the types of the options in `SWEPT` from those of one value.
    """
    _add_choices_of_pictures(parser, of)
    _add_choices_of_recipe(parser, of)
    _add_ways_to_run_and_write(parser)


def _add_choices_of_pictures(parser: argparse.ArgumentParser, of: Callable[[Value], Value]) -> None:
    add = parser.add_argument_group("picture").add_argument
    text = f"longer side of content and style, in pixels; of some recipes the shorter (default: {DEFAULT.size})"
    add("--size", type=of(whole_number(SMALLEST_SIDE)), help=text)
    scales = ",".join(map(str, DEFAULT.scales))
    add("--scales", type=sizes, help=f"smaller sizes to pass through before that; '' for none (default: {scales})")
    add("--crop", choices=get_args(Crop), help=f"pictures to the square in their middle (default: {DEFAULT.crop})")
    text = "a little style, or nothing else (default: 0.5); sets α, so not with --content-weight or --style-weight"
    add("--strength", type=of(number), metavar="0…1", help=text)
    text = "where to start: content, style, noise, a picture, or a blend such as content=0.4,noise=0.6"
    add("--init", help=f"{text} (default: {DEFAULT.init})")
    add("--seed", type=whole_number(0), default=0, help="of the noise (default: %(default)s)")
    add = parser.add_argument_group("styles").add_argument
    add("--style", action="append", dest="more_styles", default=[], metavar="FILE", help="one more style picture")
    text = "how much of each style picture, such as 3:1 (default: the same of each)"
    add("--style-blend", type=blend, default=(), metavar="N:N", help=text)
    text = f"size of the style picture against --size, and with it its strokes' (default: {DEFAULT.style_scale:g})"
    add("--style-scale", type=of(number), metavar="0.25…4", help=text)
    add = parser.add_argument_group("colours and regions").add_argument
    add(
        "--colors",
        choices=get_args(Colors),
        help="the style's; the content's, by a run on luminance alone; or the content's, given to the style picture "
        f"before the run, by the roots of the covariances or by Cholesky's factors (default: {DEFAULT.colors})",
    )
    add("--content-mask", metavar="FILE", help="a label picture: one colour for each region of the content picture")
    add("--style-mask", action="append", default=[], metavar="FILE", help="the same of a style picture, in their order")
    text = "what a region of the content mask gets, or of a picture of its own that is white there: a style picture, a "
    text += "strength, or its content, as in white=night.jpg, face.png=0.2, face.png=keep"
    add("--region", type=region, action="append", default=[], metavar="REGION=WHAT", help=text)


def _add_choices_of_recipe(parser: argparse.ArgumentParser, of: Callable[[Value], Value]) -> None:
    add = parser.add_argument_group("recipe").add_argument
    add("--recipe", type=of(str), default=DEFAULT.name, help=f"one of {', '.join(RECIPES)} (default: %(default)s)")
    add("--report-as", metavar="RECIPE", help="also say what the result's losses are in that recipe's units")
    add("--content-weight", type=number, help=f"α (default: {DEFAULT.content_weight:g}); not with --strength")
    add("--style-weight", type=number, help=f"β (default: {DEFAULT.style_weight:g}); not with --strength")
    add("--tv-weight", type=number, help=f"of total variation, against grain (default: {DEFAULT.tv_weight:g})")
    names = ",".join(f"{name}={weight:g}" for name, weight in DEFAULT.content_layers)
    add("--content-layers", type=layers, help=f"names with or without weights (default: {names})")
    names = ",".join(name for name, _ in DEFAULT.style_layers)
    add("--style-layers", type=layers, help=f"the same; without weights each counts the same (default: {names})")
    text = f"what of a layer's maps is the style (default: {DEFAULT.style_statistic})"
    add("--style-statistic", choices=get_args(StyleStatistic), help=text)
    add("--pooling", choices=("avg", "max"), help=f"(default: {DEFAULT.pooling})")
    add(
        "--normalize",
        action=argparse.BooleanOptionalAction,
        help="scale every filter to mean activation 1, as the paper does, or take the network as it is in the file "
        f"(default: {'yes' if DEFAULT.normalized_network else 'no'})",
    )
    add("--weights", type=file_name, metavar="FILE", help=WEIGHTS_HELP)


def _add_ways_to_run_and_write(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("speed and memory").add_argument
    add("--iterations", type=whole_number(1), help=f"steps at each size (default: {DEFAULT.iterations})")
    text = "SciPy's with line search, ours with unit steps, the same with large forms first, Adam"
    add("--optimizer", choices=get_args(OptimizerName), help=f"{text} (default: {DEFAULT.optimizer})")
    add("--learning-rate", type=number, help=f"of Adam, in pixel levels (default: {DEFAULT.learning_rate:g})")
    precisions = ("auto", "float32", "bfloat16")
    text = "bfloat16 where it is faster (auto), or as you say; bfloat16 not with --optimizer l-bfgs"
    add("--precision", choices=precisions, default="auto", help=text)
    add("--workers", type=whole_number(1), metavar="N", help="let N processes work, by Dask; not with --scheduler")
    add("--scheduler", metavar="ADDRESS", help="of Dask, whose workers do it, as tcp://host:8786; not with --workers")
    add("--max-memory", type=gigabytes, metavar="GB", help="compute in stripes to stay below (default: most of it)")
    add = parser.add_argument_group("output").add_argument
    add("--full-size", action="store_true", help="enlarge the result to the pixels that the content picture's file has")
    text = "with --full-size: do not enlarge it, but take N more steps at that size, for fine strokes; takes long"
    add("--full-size-steps", type=whole_number(1), metavar="N", help=text)
    add("--depth", type=int, choices=(8, 16), default=8, help="bits of each colour; 16 for PNG and TIFF (default: 8)")
    text = "tell in the result where the content picture was taken, if that tells it (default: only when and how)"
    add("--keep-location", action="store_true", help=text)
    add("--sheet", action="store_true", help="also write OUTPUT-sheet.png: content | style | result")
    add("--report", action="store_true", help="also write OUTPUT-report.html: one page with pictures, losses, settings")
    steps = whole_number(1)
    add("--preview-every", type=steps, metavar="N", help="rewrite OUTPUT-preview.png every N steps (default: never)")
    add("--save-every", type=steps, metavar="N", help="also keep OUTPUT-0001.png … every N steps (default: none)")
    text = "also write OUTPUT-timelapse.webp, or .gif: the picture as it grows"
    add("--timelapse", nargs="?", const="webp", choices=("webp", "gif"), help=text)
    add("--log-dir", type=file_name, metavar="FOLDER", help="write curves and images for TensorBoard (default: none)")
    text = "write the run's state to OUTPUT.state.npz every N steps; 0 for never (default: about every 30 seconds)"
    add("--checkpoint-every", type=whole_number(0), metavar="N", help=text)
    add("--quiet", action="store_true", help="print nothing but errors")


# The recipe.


def recipe_from(words: argparse.Namespace) -> Recipe:
    """Return the recipe named in `words` with the user's own choices put in.

    Raises InputError if a name is unknown, a number is out of range, or two options cannot go together.
    """
    recipe = recipe_named(words.recipe)
    if words.report_as is not None:
        recipe_named(words.report_as)
    own = {field.name for field in fields(Recipe)} - {"init"}
    chosen = {name: value for name, value in vars(words).items() if name in own}
    chosen["normalized_network"] = words.normalize
    recipe = with_statistic(recipe, words.style_statistic or recipe.style_statistic)
    if words.strength is not None:
        chosen["content_weight"] = _content_weight(words, recipe)
    if words.init is not None:
        chosen |= {"init": "picture"} if _start_picture(words.init) else _drawn_start(words.init)
    recipe = replace(recipe, **{name: value for name, value in chosen.items() if value is not None})
    require_sensible(recipe)
    if words.precision == "bfloat16" and recipe.optimizer == "l-bfgs":
        raise InputError(
            "--precision bfloat16 would mislead the line search of --optimizer l-bfgs, which compares losses to many "
            "digits; choose --optimizer l-bfgs-unit, or --precision float32"
        )
    return recipe


def _content_weight(words: argparse.Namespace, recipe: Recipe) -> float:
    """Return the α of --strength; raises InputError if it is out of range, or α or β is given, too."""
    for other in ("content_weight", "style_weight"):
        if getattr(words, other) is not None:
            raise InputError(f"--strength and --{other.replace('_', '-')} both set the balance; choose one of them")
    if not 0 <= words.strength <= 1:
        raise InputError(f"--strength is {words.strength:g}, expected a number from 0 to 1")
    return content_weight_at(words.strength, recipe)


def _start_picture(text: str | None) -> str | None:
    """Return the picture that --init names, or None if it names another start."""
    is_other = text is None or text in STARTS or ("=" in text and not os.path.exists(text))
    return None if is_other else text


def _drawn_start(text: str) -> dict[str, object]:
    """Return what --init sets of the recipe if it is `style`, say, or `content=0.4,noise=0.6`."""
    if text in STARTS:
        return {"init": text}
    items = [item.partition("=") for item in text.split(",")]
    try:
        shares = {name.strip(): float(share) for name, _, share in items}
    except ValueError:
        shares = {}
    if not _add_up(shares, STARTS):
        raise InputError(
            f"--init is {text!r}, expected shares of content, style and noise that add up to 1, such as "
            "content=0.4,noise=0.6"
        )
    noise = shares.pop("noise", 0.0)
    of_images = {name: share for name, share in shares.items() if share}
    if not of_images:
        return {"init": "noise", "noise_share": 0.0}
    init_shares = tuple((name, share / sum(of_images.values())) for name, share in of_images.items())
    return {"init": "blend", "init_shares": init_shares, "noise_share": noise}


def _add_up(shares: dict[str, float], starts: Sequence[str]) -> bool:
    """Return whether the shares are of these starts and add up to 1."""
    return set(shares) <= set(starts) and min(shares.values(), default=-1) >= 0 and 0.99 < sum(shares.values()) < 1.01


def require_sensible(recipe: Recipe) -> None:
    """Raise InputError unless the recipe can be run, naming the option, or the record's entry, that is out of range."""
    for option, pairs in (("--content-layers", recipe.content_layers), ("--style-layers", recipe.style_layers)):
        if len({layer_named(name) for name, _ in pairs}) < len(pairs):
            raise InputError(f"{option} names a layer twice, expected every layer once")
    for what, value, least, most in _limits(recipe):
        if not least <= value <= most:
            raise InputError(f"{what} is {value:g}, expected a number from {least:g} to {most:g}")
    if (recipe.init_shares or recipe.init == "blend") and not _add_up(dict(recipe.init_shares), ("content", "style")):
        raise InputError("init_shares is wrong, expected shares of content and style that add up to 1; see --init")
    if recipe.optimizer == "adam" and not recipe.learning_rate:
        raise InputError("--learning-rate is 0, so Adam would stay where it starts; choose one such as 2")
    content = recipe.content_weight * sum(weight for _, weight in recipe.content_layers)
    style = recipe.style_weight * sum(weight for _, weight in recipe.style_layers)
    if not content and not style:
        raise InputError("content and style both weigh 0, so there is nothing to do; give one of them a weight")


def _limits(recipe: Recipe) -> list[tuple[str, float, float, float]]:
    """Return the numbers of a recipe with what they are, the least and the most they may be."""
    losses = {"content_loss": recipe.content_loss, "style_loss": recipe.style_loss, "tv_loss": recipe.tv_loss}
    losses["moments_scale"] = recipe.moments_scale
    of_losses = [(f"{loss}.{name}", value) for loss, values in losses.items() for name, value in vars(values).items()]
    layer_weights = *recipe.content_layers, *recipe.style_layers
    return [
        *((f"the weight of {name}", weight, 0, LARGEST_WEIGHT) for name, weight in layer_weights),
        ("--content-weight", recipe.content_weight, 0, LARGEST_WEIGHT),
        ("--style-weight", recipe.style_weight, 0, LARGEST_WEIGHT),
        ("--tv-weight", recipe.tv_weight, 0, LARGEST_WEIGHT),
        ("temporal_weight", recipe.temporal_weight, 0, LARGEST_WEIGHT),
        *((name, value, 0, LARGEST_WEIGHT) for name, value in of_losses if name.endswith("factor")),
        *((name, value, -10, 10) for name, value in of_losses if not name.endswith("factor")),
        ("gram_channels", recipe.gram_channels, -10, 10),
        ("--learning-rate", recipe.learning_rate, 0, LARGEST_WEIGHT),
        *((f"adam.{name}", getattr(recipe.adam, name), 0, 0.999999) for name in ("beta1", "beta2")),
        ("adam.epsilon", recipe.adam.epsilon, 1e-30, LARGEST_WEIGHT),
        ("pixel_range", recipe.pixel_range, 1e-3, 1e6),
        ("noise.level", recipe.noise.level, 0, 1e6),
        ("noise_share", recipe.noise_share, 0, 1),
        ("margin", recipe.margin, 0, LARGEST),
        ("--iterations", recipe.iterations, 1, LARGEST),
        *(("a size", size, SMALLEST_SIDE, LARGEST) for size in (recipe.size, *recipe.scales)),
        ("--style-scale", recipe.style_scale, 0.25, 4),
    ]


# The pictures.


def files_from(words: argparse.Namespace) -> Files:
    """Return the pictures that the user named.

    Raises InputError if a picture was not named, or there are not as many of one kind as of another.
    """
    styles = tuple(name for text in (*words.style, *words.more_styles) for name in _names(text))
    if words.content is None or not styles:
        missing = "style picture is" if words.content else "content and style pictures are"
        raise InputError(
            f"the {missing} missing, expected two, as in `{typed('transfer', 'photo.jpg', 'painting.jpg')}`"
            "; the words `sample sample` stand for a pair of ours"
        )
    if "" in (words.content, *styles, words.content_mask, *words.style_mask):
        raise InputError("the name of a picture is empty, expected a file; look for a variable that is not set")
    require_quoted([words.content, *styles])
    start = _start_picture(words.init)
    if start is not None and not os.path.exists(start):
        raise InputError(f"--init is {start!r}, expected content, style, noise, a blend, or a picture that exists")
    masks, regions = tuple(words.style_mask), tuple(words.region)
    files = Files(words.content, styles[0], start, styles[1:], words.style_blend, words.content_mask, masks, regions)
    require_usable(files)
    return files


def _names(text: str) -> list[str]:
    """Return a file's name, or those in `a.jpg b.jpg` if there is no such file but one of these: make's STYLE="…"."""
    names = text.split()
    several = len(names) > 1 and not os.path.exists(text)
    return names if several and any(name == SAMPLE or os.path.exists(name) for name in names) else [text]


# What goes together.


def require_beside_record(words: argparse.Namespace) -> None:
    """Raise InputError if a choice is made beside --from or --continue, which take them all from a record."""
    allowed, option = set(BESIDE_RECORD), "--from"
    if words.continued:
        allowed, option = allowed - {"record", "exact"} | {"continued", "iterations"}, "--continue"
    elif words.pick:
        allowed, option = allowed - {"exact"} | {"pick", "size", "iterations", "full_size", "full_size_steps"}, "--pick"
    defaults = build_parser().parse_args([])
    for name, value in vars(words).items():
        if name not in allowed and value != getattr(defaults, name):
            what = f"--{name.replace('_', '-')}" if name not in ("content", "style") else "a picture"
            what = "--from" if name == "record" else what
            raise InputError(f"{what} is given beside {option}, which takes all choices from the record; leave it out")
    if isinstance(words.size, tuple):
        raise InputError("--size has several values beside --pick, which makes one picture; give one of them")


def workers_wanted(options: RunOptions, recipe: Recipe | None = None) -> bool:
    """Return whether Dask's workers shall do the work; they share a picture of the `recipe`, or make whole ones.

    Raises InputError if they are wanted in two ways, Dask is not installed, this machine is too small for so many, or
    such a picture cannot be shared.
    """
    if options.workers is None and options.scheduler is None:
        return False
    if recipe and recipe.style_statistic == "neighbours":
        raise InputError(
            "--style-statistic neighbours looks through the whole content picture, of which each of the workers would "
            "have a band; leave out --workers and --scheduler"
        )
    if options.workers is not None and options.scheduler is not None:
        raise InputError("--workers starts workers here and --scheduler joins others; choose one of them")
    if importlib.util.find_spec("distributed") is None:
        raise InputError("Dask's `distributed` is not installed, on which workers run; get it: make cluster")
    most = min(int(options.memory_bytes / WORKER_BYTES), WORKERS_PER_PROCESSOR * processors())
    if options.workers is not None and options.workers > most:
        raise InputError(
            f"--workers {options.workers} share {processors()} processors and {options.memory_bytes / 1e9:.1f} GB of "
            f"memory, of which each needs {WORKER_BYTES / 1e9:g} GB, expected at most {most}; choose fewer or none, or "
            "allow more with --max-memory"
        )
    return True


def painters_wanted(options: RunOptions) -> bool:
    """Return whether Dask's workers shall paint whole pictures, each its own.

    Raises InputError as `workers_wanted`, or if the memory of workers is limited that are not started here.
    """
    if not workers_wanted(options):
        return False
    if options.scheduler is not None and options.max_memory:
        raise InputError(
            "--max-memory is for this machine; a worker of a scheduler is started with its own: "
            f"{typed('dask', 'worker', 'ADDRESS', '--memory-limit', '8GB')}"
        )
    return True
