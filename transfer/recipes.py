"""Every choice a style transfer makes, as data: layers, weights, normalisations, start, optimiser.

This is the one place where defaults live; the command line reads them from here. Adding a recipe adds a value to
`RECIPES` and no code: how a loss is normalised is four numbers that `transfer.losses` puts into one formula.
"""

from dataclasses import dataclass
from typing import Literal

from vgg.errors import InputError

#: The paper's style layers; "conv1_1" there means the maps after the ReLU (its gradients, Eq. 2 and 6, show it).
GATYS_STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


@dataclass(frozen=True)
class Normalization:
    """What a sum of squared differences is multiplied by, for a layer of N channels and M positions.

    The factor is `factor` · N^`channels` · M^`positions` · S^`target`, where S is the sum of the target's squares. So
    (½, 0, 0, 0) is the content loss as the paper prints it, (1, -1, -1, 0) is a mean over the feature maps, and
    (1, 0, 0, -1) measures the difference relative to the target itself.
    """

    factor: float = 1.0
    channels: float = 0.0
    positions: float = 0.0
    target: float = 0.0


#: The loss of a layer relative to the sum of squares of its own target: 0 is perfect, 1 as bad as a blank.
RELATIVE = Normalization(target=-1)
MEAN_OVER_MAPS = Normalization(channels=-1, positions=-1)
MEAN_OVER_GRAM = Normalization(channels=-2)


@dataclass(frozen=True)
class Recipe:
    """One complete set of choices. Field names are the paper's terms; figures are cited where a recipe is defined."""

    name: str
    summary: str
    content_weight: float  # α
    style_weight: float  # β
    content_loss: Normalization
    style_loss: Normalization
    content_layers: tuple[tuple[str, float], ...] = (("relu4_2", 1.0),)
    style_layers: tuple[tuple[str, float], ...] = tuple((name, 1 / 5) for name in GATYS_STYLE_LAYERS)  # w_l of Eq. 5
    gram_channels: float = 0.0  # G = F Fᵀ · N^gram_channels / M, see `losses.gram_matrix`
    tv_weight: float = 0.0
    pooling: Literal["avg", "max"] = "avg"
    normalized_network: bool = True
    init: str = "noise"  # "content", "style", "noise", or the path of a picture
    optimizer: Literal["l-bfgs", "adam"] = "l-bfgs"
    learning_rate: float = 2.0  # Adam's, in pixel values; L-BFGS finds its own steps
    iterations: int = 500
    size: int = 512  # longer side in pixels


DEFAULT = Recipe(
    name="default",
    summary="a picture soon: starts from the content image, every loss relative to its own target",
    content_weight=0.05,
    style_weight=1.0,
    tv_weight=2e-6,
    content_loss=RELATIVE,
    style_loss=RELATIVE,
    init="content",
    iterations=100,
)

#: Gatys, Ecker & Bethge, CVPR 2016, Fig. 3: content relu4_2, five style layers with w = 1/5, α/β = 1e-3, white noise.
#: The ratio reproduces the figures when both losses are means, as they are in the authors' later public code. As
#: printed (½Σ and 1/(4N²M²)) the content term is 2·N·M times stronger, 4 million times at relu4_2 of a 512² picture.
GATYS2016 = Recipe(
    name="gatys2016",
    summary="Gatys et al., CVPR 2016, Fig. 3 B: white noise, α/β = 1e-3, losses as means",
    content_weight=1e-3,
    style_weight=1.0,
    content_loss=MEAN_OVER_MAPS,
    style_loss=MEAN_OVER_GRAM,
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (DEFAULT, GATYS2016)}


def recipe_named(name: str) -> Recipe:
    """The recipe called `name`; raises InputError listing the valid names."""
    if name not in RECIPES:
        raise InputError(f"there is no recipe {name!r}; the recipes are {', '.join(RECIPES)}")
    return RECIPES[name]
