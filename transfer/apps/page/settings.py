"""What is set on the page, as words of `python -m transfer`, and back from a record.

So a picture made here has the same bytes as one made on the command line, and the same messages about what is wrong.
"""

import argparse
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from transfer.cli.options import STARTS, build_parser
from transfer.cli.record import parsed
from transfer.files import KEEP, SAMPLE, Files, strength_of
from transfer.other_programs import content_weight_at, recipe_named
from transfer.recipes import DEFAULT, Recipe
from vgg.errors import InputError

#: What may be written into the field for further options: none that names a file or a place.
FURTHER = (
    "scales", "crop", "init", "seed", "content_weight", "style_weight", "tv_weight", "content_layers", "style_layers",
    "pooling", "normalize", "iterations", "optimizer", "learning_rate", "precision", "max_memory", "full_size",
    "full_size_steps", "depth", "keep_location",
)  # fmt: skip
#: Of them, those that are called as the recipe's field.
_OF_RECIPE = ("crop", "style_weight", "tv_weight", "pooling", "iterations", "optimizer", "learning_rate")


@dataclass(frozen=True)
class Settings:
    """What is set on the page; files are named as they are on disk."""

    content: str = SAMPLE
    styles: tuple[str, ...] = (SAMPLE,)
    shares: str = ""  # how much of each style, such as 3:1
    strength: float = 0.5
    size: int = DEFAULT.size
    style_scale: float = 1.0
    colors: str = "style"
    style_statistic: str = ""  # the recipe's
    recipe: str = DEFAULT.name
    weights: str = ""  # the best that is there
    start: str | None = None  # the picture to start from
    regions: tuple[tuple[str, str], ...] = ()  # (mask, what it gets), as for --region
    further: str = ""  # other options, as they are typed

    def words(self) -> list[str]:
        """Return what `python -m transfer` is given for the same; what is not set is not named."""
        values = {"--style-blend": self.shares, "--weights": self.weights, "--init": self.start}
        values["--style-statistic"] = self.style_statistic
        for option, value, default in (
            ("--strength", self.strength, 0.5),
            ("--style-scale", self.style_scale, 1.0),
            ("--colors", self.colors, "style"),
            ("--recipe", self.recipe, DEFAULT.name),
        ):
            values[option] = "" if value == default else str(value)
        named = [word for option, value in values.items() if value for word in (option, value)]
        regions = [word for mask, what in self.regions for word in ("--region", f"{mask}={what}")]
        return [self.content, *self.styles, "--size", str(self.size), *named, *regions, *_further_words(self.further)]


def parse(words: list[str]) -> argparse.Namespace:
    """Return the words as options; raises InputError with the line that the command line prints."""

    def refuse(status: int = 0, message: str | None = None) -> NoReturn:
        raise InputError((message or "--help belongs on the command line").strip().partition("; see ")[0])

    parser = build_parser()
    parser.exit = refuse
    return parser.parse_intermixed_args(words)


def _further_words(text: str) -> list[str]:
    """Return the words of the field for further options; raises InputError if one has no place there."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"further options: {error}, expected words such as --tv-weight 0.1") from None
    given, defaults = vars(parse(words)), vars(parse([]))
    for name, value in given.items():
        if value != defaults[name] and name not in FURTHER:
            raise InputError(f"further options: {name.replace('_', '-')} has no place there; use its control")
    start = given["init"]
    if start is not None and start not in STARTS and not all("=" in share for share in start.split(",")):
        raise InputError("further options: --init names a picture, expected content, style, noise, or shares of them")
    return words


def settings_of(record: dict[str, Any], find: Callable[[str], str | None], weights: dict[str, str]) -> Settings:
    """Return the settings of a record; `find` returns the file with a digest, `weights` has files by their digests.

    Raises InputError if it is not the record of a picture, or a file is not here.
    """
    try:
        recipe, inputs = parsed(record["recipe"], Recipe), record["inputs"]
        places = {name: find(about["sha256"]) for name, about in inputs.items()}
        files, base, digest = parsed(record["files"], Files), recipe_named(recipe.name), record["weights"]["sha256"]
        seed, finish = int(record["seed"]), dict(record["finish"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError("that is not the record of a picture; drop the .json beside a picture") from None
    for name, place in places.items():
        if place is None:
            raise InputError(f"{name}, of which the picture was made, is not here; drop it in above, then this again")
    if files.content_mask or recipe.init == "blend":
        raise InputError("its masks or its start have no control here; repeat it on the command line by --from")
    further = _options_of(recipe, base)
    strengths = [step / 100 for step in range(101)]
    strength = next((s for s in strengths if content_weight_at(s, base) == recipe.content_weight), None)
    if strength is None:
        further += ["--content-weight", repr(recipe.content_weight)]
    further += ["--seed", str(seed)] if seed else []
    for name, value in finish.items():
        if value not in (False, None, 8):
            further += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    regions = [(places[mask], what if what == KEEP or strength_of(what) is not None else places.get(what, what))
               for mask, what in files.region_styles]  # fmt: skip
    return Settings(
        content=places.get(files.content, SAMPLE),
        styles=tuple(places.get(style, SAMPLE) for style in files.styles),
        shares=":".join(f"{share:g}" for share in files.blend),
        strength=0.5 if strength is None else strength,
        size=recipe.size,
        style_scale=recipe.style_scale,
        colors=recipe.colors,
        style_statistic="" if recipe.style_statistic == base.style_statistic else recipe.style_statistic,
        recipe=recipe.name,
        weights=weights.get(digest, ""),
        start=places.get(files.init),
        regions=tuple(regions),
        further=shlex.join(further),
    )


def _options_of(recipe: Recipe, base: Recipe) -> list[str]:
    """Return the options that make `recipe` of `base`, but for those that have a control of their own."""
    words = []
    for name in _OF_RECIPE:
        if getattr(recipe, name) != getattr(base, name):
            words += [f"--{name.replace('_', '-')}", str(getattr(recipe, name))]
    for kind in ("content", "style"):
        layers = getattr(recipe, f"{kind}_layers")
        if layers != getattr(base, f"{kind}_layers"):
            words += [f"--{kind}-layers", ",".join(f"{name}={weight!r}" for name, weight in layers)]
    if recipe.scales != base.scales:
        words.append(f"--scales={','.join(map(str, recipe.scales))}")
    if recipe.normalized_network != base.normalized_network:
        words.append("--normalize" if recipe.normalized_network else "--no-normalize")
    if recipe.init not in (base.init, "picture"):
        words += ["--init", recipe.init]
    return words
