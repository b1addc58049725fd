"""The recipes by name: the default of `make run`, the paper's, and those of other programs (`transfer.recipe.systems`).

This is where defaults live; the command line reads them from here.
"""

from dataclasses import replace

from transfer.recipe.choices import (
    MEAN_OVER_GRAM,
    MEAN_OVER_MAPS,
    PRINTED_CONTENT,
    PRINTED_STYLE,
    RELATIVE_TO_REFERENCE,
    Recipe,
)
from transfer.recipe.systems import SYSTEMS
from vgg.errors import InputError

#: One setting for all networks and pictures. Losses of different networks differ by powers of ten, and those of one
#: network from pair to pair. So each layer's loss is measured in what that layer can tell apart. The style loss is 1
#: at the content image, where the run starts. The content loss is 1 at the content image with grain, noise of 20
#: levels: a network that sees every grain, as the genuine lower half does, would otherwise hold on to the content
#: several times as firmly as one that does not. The rule is ours. The content is held by two layers: relu3_2 keeps
#: edges and letters, relu4_2 larger forms. The network is the plain one, with which the genuine lower half gives the
#: longer strokes.
DEFAULT = Recipe(
    name="default",
    summary="a picture soon: starts from the content image, losses in units of what each layer can tell apart",
    content_weight=0.02,
    style_weight=1.0,
    tv_weight=2e-5,
    content_loss=RELATIVE_TO_REFERENCE,
    content_layers=(("relu3_2", 0.5), ("relu4_2", 0.5)),
    style_loss=RELATIVE_TO_REFERENCE,
    normalized_network=False,
    margin=16,
    init="content",
    optimizer="l-bfgs-smooth",
    iterations=30,
    scales=(256, 512, 1024, 2048, 4096),
)

#: Gatys, Ecker & Bethge, CVPR 2016, Fig. 3: content relu4_2, five style layers with w = 1/5, α/β = 1e-3, white noise.
#: The ratio reproduces the figures when both losses are means, as they are in the authors' later public code (content
#: 1e6 · mean, style 1e9/5 · mean for each layer, on the normalised network).
GATYS2016 = Recipe(
    name="gatys2016",
    summary="Gatys et al., CVPR 2016, Fig. 3 B: white noise, α/β = 1e-3, losses as means",
    content_weight=1e-3,
    style_weight=1.0,
    content_loss=MEAN_OVER_MAPS,
    style_loss=MEAN_OVER_GRAM,
)

#: The same with Eq. 1 and Eq. 4 as they are printed, ½ Σ and 1/(4N²M²). The content term is then 2·N·M times stronger
#: against the style term, 4.2 million times at relu4_2 of a 512² picture: the content image comes back, unpainted.
GATYS2016_LITERAL = replace(
    GATYS2016,
    name="gatys2016-literal",
    summary="the same with Eq. 1 and 4 as printed: content 2·N·M times stronger",
    content_loss=PRINTED_CONTENT,
    style_loss=PRINTED_STYLE,
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (DEFAULT, GATYS2016, GATYS2016_LITERAL, *SYSTEMS)}


def recipe_named(name: str) -> Recipe:
    """The recipe called `name`; raises InputError listing the valid names."""
    if name not in RECIPES:
        raise InputError(f"there is no recipe {name!r}; the recipes are {', '.join(RECIPES)}")
    return RECIPES[name]
