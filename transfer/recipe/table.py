"""All recipes side by side, as `python -m transfer --list-recipes` prints them."""

from collections.abc import Iterable

from transfer.recipe.choices import Recipe

HEADINGS = ("recipe", "content", "at", "style", "at", "TV", "network", "start", "optimiser", "size")
LEGEND = (
    "Σ is the sum of squared differences of a layer with N channels and M positions; S is Σ of the target itself.",
    "The style's Σ is over G = FᵀF/M or, where N^-1 stands after it in brackets, FᵀF/(N·M). d: steps between pixels.",
)


def recipe_table(recipes: Iterable[Recipe]) -> list[str]:
    """Lines: headings, a row for each recipe, and what the letters mean."""
    rows = [HEADINGS, *(_row(recipe) for recipe in recipes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [*lines, "", *LEGEND]


def _row(recipe: Recipe) -> tuple[str, ...]:
    gram = f" (N^{recipe.gram_channels:g})" if recipe.gram_channels else ""
    noise = f" + {recipe.noise_share:.0%} noise" if recipe.noise_share else ""
    steps = {
        "l-bfgs": f"L-BFGS {recipe.iterations}",
        "l-bfgs-unit": f"L-BFGS, unit steps, {recipe.iterations}",
        "adam": f"Adam {recipe.learning_rate:g}, {recipe.iterations}",
    }
    return (
        recipe.name,
        f"{recipe.content_weight:g} · {recipe.content_loss}",
        _layers(recipe.content_layers),
        f"{recipe.style_weight:g} · {recipe.style_loss}{gram}",
        _layers(recipe.style_layers),
        f"{recipe.tv_weight:g} · {recipe.tv_loss}" if recipe.tv_weight else "-",
        f"{'normalised' if recipe.normalized_network else 'plain'}, {recipe.pooling}",
        f"{recipe.init}{noise}",
        steps[recipe.optimizer],
        str(recipe.size),
    )


def _layers(layers: tuple[tuple[str, float], ...]) -> str:
    """One layer by its name, several by the first, the last, their number and what each counts."""
    (first, weight), (last, _) = layers[0], layers[-1]
    return first if len(layers) == 1 else f"{first}…{last}, {len(layers)} × {weight:g}"
