"""From the words of the command line to one `Recipe`: the recipe's own choices, with what the user said on top."""

import argparse
import dataclasses
import os

from transfer.recipe.choices import Recipe
from transfer.recipe.ours import recipe_named
from vgg.errors import InputError
from vgg.layers import SMALLEST_SIDE, layer_named
from vgg.tools.console import LARGEST, whole_number

LARGEST_WEIGHT = 1e38  # single precision ends at 3.4e38
STARTS = ("content", "style", "noise")
STRENGTH_RANGE = 30.0  # what α is multiplied by at --strength 0, and divided by at 1


def recipe_from(options: argparse.Namespace) -> Recipe:
    """Return the recipe named in `options` with the user's own choices put in.

    Raises:
        InputError: a name is unknown, a number is out of range, or two options cannot go together.
    """
    recipe = recipe_named(options.recipe)
    if options.report_as is not None:
        recipe_named(options.report_as)
    names = ("size", "crop", "iterations", "optimizer", "learning_rate", "pooling", "style_scale", "colors")
    chosen = {name: getattr(options, name) for name in (*names, "content_weight", "style_weight", "tv_weight")}
    for name in ("content_layers", "style_layers"):
        text = getattr(options, name)
        chosen[name] = None if text is None else _layers(text, "--" + name.replace("_", "-"))
    if options.strength is not None:
        chosen["content_weight"] = _content_weight(options, recipe)
    if options.init is not None:
        chosen |= _start(options.init)
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


def _content_weight(options: argparse.Namespace, recipe: Recipe) -> float:
    """Return the α of --strength: the recipe's own at ½, 30 times as much at 0, a 30th at 1."""
    for other in ("content_weight", "style_weight"):
        if getattr(options, other) is not None:
            raise InputError(f"--strength and --{other.replace('_', '-')} both set the balance; choose one of them")
    if not 0 <= options.strength <= 1:
        raise InputError(f"--strength is {options.strength:g}, expected a number from 0 to 1")
    return recipe.content_weight * STRENGTH_RANGE ** (1 - 2 * options.strength)


def _start(text: str) -> dict[str, object]:
    """Return what --init sets of the recipe: `style`, a picture's name, or `content=0.4,noise=0.6`."""
    if text in STARTS:
        return {"init": text}
    if "=" not in text or os.path.exists(text):
        return {"init": "picture"}
    shares: dict[str, float] = {}
    for item in text.split(","):
        name, _, share = item.partition("=")
        try:
            shares[name.strip()] = float(share)
        except ValueError:
            shares[name.strip()] = -1.0
    if not set(shares) <= set(STARTS) or min(shares.values()) < 0 or not 0.99 < sum(shares.values()) < 1.01:
        raise InputError(
            f"--init is {text!r}, expected shares of content, style and noise that add up to 1, such as "
            "content=0.4,noise=0.6"
        )
    noise = shares.pop("noise", 0.0)
    pictures = {name: share for name, share in shares.items() if share}
    if not pictures:
        return {"init": "noise", "noise_share": 0.0}
    of_pictures = tuple((name, share / sum(pictures.values())) for name, share in pictures.items())
    return {"init": "blend", "init_shares": of_pictures, "noise_share": noise}


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
    return tuple(layers)


def require_sensible(recipe: Recipe) -> None:
    """Raise InputError unless the recipe can be run, naming the option, or the record's entry, that is out of range."""
    for option, layers in (("--content-layers", recipe.content_layers), ("--style-layers", recipe.style_layers)):
        if len({layer_named(name) for name, _ in layers}) < len(layers):
            raise InputError(f"{option} names a layer twice, expected every layer once")
    for what, value, least, most in _limits(recipe):
        if not least <= value <= most:
            raise InputError(f"{what} is {value:g}, expected a number from {least:g} to {most:g}")
    starts, shares = [name for name, _ in recipe.init_shares], [share for _, share in recipe.init_shares]
    sound = set(starts) <= {"content", "style"} and min(shares, default=-1) >= 0 and 0.99 < sum(shares) < 1.01
    if (shares or recipe.init == "blend") and not sound:
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
    of_losses = [(f"{loss}.{name}", value) for loss, values in losses.items() for name, value in vars(values).items()]
    layers = *recipe.content_layers, *recipe.style_layers
    return [
        *((f"the weight of {name}", weight, 0, LARGEST_WEIGHT) for name, weight in layers),
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
