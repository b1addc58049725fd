"""All recipes, as `python -m transfer --list-recipes` prints them: four tables, each below 100 columns."""

from collections.abc import Iterable
from itertools import islice

from transfer.recipes import AdamConstants, Recipe

#: The headings of each table; the recipe's name stands before them.
TABLES = (("content", "at"), ("style", "at"), ("TV", "network", "start"), ("optimiser", "size", "style's"))
LEGEND = (
    "Σ is the sum of squared differences of a layer with N channels and M positions.",
    "S is Σ of the target itself. D is Σ of the content picture; for the content loss, of it with grain.",
    "The style's Σ is over G = FᵀF/M or, where N^-1 stands after it in brackets, FᵀF/(N·M).",
    "moments: the Σ also has means and deviations, with the factor in brackets; its S is Σ A_ii.",
    "wasserstein: the Σ is the squared distance W² of two normal distributions.",
    "neighbours: the Σ is of 1 - cos to the style's nearest, sought with so much content in brackets.",
    "d: steps between pixels. d': without those across in the last row and those down in the last column.",
    "down: half of an odd side is rounded down, else up.",
    "white 256: pixels in the network run to 256, else to 255.",
    "short: the shorter side has this size, else the longer.",
    "+: smaller pictures are enlarged to it, else not.",
    "The style picture's size: by the same rule (own), the content picture's (stretched),",
    "or only its width (as wide).",
)


def recipe_table(recipes: Iterable[Recipe]) -> list[str]:
    """Return lines: the tables, each with headings and a row for each recipe, and what the letters mean."""
    rows = [(recipe.name, iter(_cells(recipe))) for recipe in recipes]
    lines = []
    for headings in TABLES:
        table = [("recipe", *headings), *((name, *islice(cells, len(headings))) for name, cells in rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines += ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table] + [""]
    return [*lines, *LEGEND]


def _cells(recipe: Recipe) -> tuple[str, ...]:
    gram = f" (N^{recipe.gram_channels:g})" if recipe.gram_channels else ""
    statistic = f" {recipe.style_statistic}" if recipe.style_statistic != "gram" else ""
    if recipe.style_statistic == "moments":
        statistic += f" ({recipe.moments_scale})"
    if recipe.style_statistic == "neighbours":
        statistic += f" ({recipe.matched_content:.0%})"
    noise = f" + {recipe.noise_share:.0%} noise" if recipe.noise_share else ""
    shorter = " short" if recipe.size_of == "shorter side" else ""
    return (
        f"{recipe.content_weight:g} · {recipe.content_loss}",
        _layers(recipe.content_layers),
        f"{recipe.style_weight:g} · {recipe.style_loss}{gram}{statistic}",
        _layers(recipe.style_layers),
        f"{recipe.tv_weight:g} · {recipe.tv_loss}" if recipe.tv_weight else "-",
        _network(recipe),
        f"{recipe.init}{noise}",
        _optimizer(recipe),
        f"{recipe.size}{shorter}{'+' if recipe.enlarges else ''}",
        {"own": "own", "content size": "stretched", "content width": "as wide"}[recipe.style_size],
    )


def _layers(layers: tuple[tuple[str, float], ...]) -> str:
    """Return one layer by its name, several by the first, the last, their number and what each counts."""
    (first, weight), (last, _) = layers[0], layers[-1]
    return first if len(layers) == 1 else f"{first}…{last}, {len(layers)} × {weight:g}"


def _network(recipe: Recipe) -> str:
    """Return for example `plain, max, down`."""
    white = "" if recipe.pixel_range == 255 else f", white {recipe.pixel_range:g}"
    down = ", down" if recipe.odd_sides == "down" else ""
    return f"{'normalised' if recipe.normalized_network else 'plain'}, {recipe.pooling}{down}{white}"


def _optimizer(recipe: Recipe) -> str:
    """Return for example `Adam 2, 200`: the learning rate, numbers that are not Algorithm 1's, and the steps."""
    if recipe.optimizer != "adam":
        kind = {"l-bfgs": "", "l-bfgs-unit": ", unit steps,", "l-bfgs-smooth": ", smooth steps,"}[recipe.optimizer]
        return f"L-BFGS{kind} {recipe.iterations}"
    usual, constants = AdamConstants(), []
    for letter, name in (("β₁", "beta1"), ("β₂", "beta2"), ("ε", "epsilon")):
        value = getattr(recipe.adam, name)
        if value != getattr(usual, name):
            constants.append(f", {letter} {value:.2g}")
    return f"Adam {recipe.learning_rate:g}{''.join(constants)}, {recipe.iterations}"
