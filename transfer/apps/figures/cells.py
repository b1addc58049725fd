"""What each of the paper's figures shows, as data: one recipe for each cell, one choice apart from its neighbours.

"CVPR" is Gatys, Ecker & Bethge 2016, "preprint" is arXiv:1508.06576 (2015). Everything starts from the recipe
`gatys2016-literal`: white noise, average pooling, and Eq. 1 and 4 as printed, with which the paper's α/β give the
paper's balance (`paper.md`). The pictures are small and the runs short, so that all figures take minutes; `--size` and
`--iterations` make them as large and as long as the paper's. Steps are smooth (`vgg.optimize.l_bfgs`): so few others
would leave most of the noise's grey.
"""

from dataclasses import dataclass, replace

from transfer.recipes import GATYS2016_LITERAL, GATYS_STYLE_LAYERS, Recipe

BASE = replace(GATYS2016_LITERAL, size=256, iterations=120, optimizer="l-bfgs-smooth")
#: The longer side of the paper's pictures, to which its α/β belong: Eq. 1 grows with the pixels, Eq. 4 does not.
PAPER_SIZE = 512
CONTENT_LAYERS = ("relu1_2", "relu2_2", "relu3_2", "relu4_2", "relu5_2")


@dataclass(frozen=True)
class Cell:
    """One picture of a figure; `key` names its files, and `--only` selects it by that.

    `key` and `label` have the paper's α/β.
    """

    key: str
    label: str
    recipe: Recipe
    seed: int = 0

    @property
    def of_content_alone(self) -> bool:
        """Return whether the cell reconstructs the content, with no style in it."""
        return bool(self.recipe.content_layers) and not self.recipe.style_layers


@dataclass(frozen=True)
class Figure:
    """A labelled sheet of the cells, `columns` to a row, with content and style among them."""

    name: str
    title: str
    columns: int
    cells: tuple[Cell, ...]
    inputs: tuple[int, int] = (0, 1)  # where on the sheet content and style are


def style_subset(depth: int) -> tuple[tuple[str, float], ...]:
    """Return the first `depth` of the paper's style layers, each with the same weight, 1 in all."""
    return tuple((name, 1 / depth) for name in GATYS_STYLE_LAYERS[:depth])


def subset_label(depth: int) -> str:
    """Return `relu1_1` alone, or `relu1_1..3_1` for the first three."""
    return "relu1_1" if depth == 1 else f"relu1_1..{depth}_1"


def from_content(layer: str) -> Cell:
    """Return a cell of the content alone."""
    recipe = replace(
        BASE, content_weight=1.0, style_weight=0.0, content_layers=((layer, 1.0),), style_layers=(), iterations=300
    )
    return Cell(f"content-{layer}", f"content {layer}", recipe)


def from_style(depth: int) -> Cell:
    """Return a cell of the style alone, from the first `depth` style layers."""
    recipe = replace(BASE, content_weight=0.0, content_layers=(), style_layers=style_subset(depth))
    return Cell(f"style-{GATYS_STYLE_LAYERS[depth - 1]}", f"style {subset_label(depth)}", recipe)


def at_ratio(ratio: float) -> Cell:
    """Return a cell of content and style, α/β = `ratio`."""
    return Cell(f"{ratio:.0e}", f"alpha/beta {ratio:.0e}", replace(BASE, content_weight=ratio))


def at_content_layer(layer: str) -> Cell:
    """Return a cell with the content of another layer."""
    return Cell(layer, f"content {layer}", replace(BASE, content_layers=((layer, 1.0),)))


def at_start(init: str, seed: int = 0) -> Cell:
    """Return a cell with another start image."""
    name = f"noise-{seed}" if init == "noise" else init
    return Cell(name, f"from {name}", replace(BASE, init=init), seed)


def in_grid(depth: int, ratio: float) -> Cell:
    """Return a cell with other style layers and another ratio."""
    recipe = replace(BASE, content_weight=ratio, style_layers=style_subset(depth), iterations=80)
    return Cell(f"{GATYS_STYLE_LAYERS[depth - 1]}-{ratio:.0e}", f"{subset_label(depth)}, {ratio:.0e}", recipe)


def adapted(figure: Figure, size: int, iterations: int | None) -> Figure:
    """Return the figure with the user's size and steps (None: its own), and with the balance of the paper's size."""
    cells = []
    for cell in figure.cells:
        recipe = replace(cell.recipe, size=size, iterations=iterations or cell.recipe.iterations)
        if recipe.content_layers and recipe.style_layers:
            recipe = replace(recipe, content_weight=recipe.content_weight * (PAPER_SIZE / size) ** 2)
        cells.append(replace(cell, recipe=recipe))
    return replace(figure, cells=tuple(cells))


DEPTHS = range(1, len(GATYS_STYLE_LAYERS) + 1)
RECONSTRUCTIONS = (*map(from_content, CONTENT_LAYERS), *map(from_style, DEPTHS))
RATIOS = tuple(map(at_ratio, (1e-4, 1e-3, 1e-2, 1e-1)))
STARTS = (at_start("content"), at_start("style"), *(at_start("noise", seed) for seed in range(4)))
PHOTOREALISTIC = Cell(
    "1e-02", "alpha/beta 1e-02, from content", replace(BASE, content_weight=1e-2, init="content", iterations=150)
)
GRID = tuple(in_grid(depth, ratio) for depth in DEPTHS for ratio in (1e-5, 1e-4, 1e-3, 1e-2))

_FIGURES = (
    Figure(
        "reconstructions", "CVPR Fig. 1: what each layer keeps of the content, and of the style", 6, RECONSTRUCTIONS,
        inputs=(0, 6),
    ),
    Figure("ratio", "CVPR Fig. 4: content against style", 3, RATIOS),
    Figure(
        "content-layer", "CVPR Fig. 5: content from a lower and from a higher layer", 2,
        (at_content_layer("relu2_2"), at_content_layer("relu4_2")),
    ),
    Figure(
        "initialisation", "CVPR Fig. 6: from the content image, from the style image, from four noises", 4, STARTS
    ),
    Figure("photorealistic", "CVPR Fig. 7: style of a photograph (give two photographs)", 3, (PHOTOREALISTIC,)),
    Figure(
        "grid", "preprint Fig. 3: style layers from top to bottom, alpha/beta from left to right", 4, GRID,
        inputs=(20, 21),
    ),
)  # fmt: skip
FIGURES = {figure.name: figure for figure in _FIGURES}
