"""From a recipe, weights and pictures to what is minimised: the network as the recipe wants it, whole or in stripes."""

import numpy as np

from transfer.pictures import Pictures
from transfer.precision import fastest
from transfer.recipe import Recipe
from transfer.striped import StripedObjective
from transfer.train import Objective
from vgg.matconvnet import Weights
from vgg.network import VGG19, Precision
from vgg.normalize import normalize
from weights.dead_leaves import dead_leaves

#: The paper's network has mean activation 1 over ImageNet's photographs, which nobody has at hand. Over drawn pictures
#: of the same statistics it is also one network for every pair.
NORMALIZING_SEEDS = (100, 101)


def objective_for(
    network: VGG19, content_image: np.ndarray, style_image: np.ndarray, recipe: Recipe, rows: int | None
) -> Objective | StripedObjective:
    """The whole picture at once, or in stripes of `rows`; the numbers are the same."""
    if rows is None:
        return Objective(network, content_image, style_image, recipe)
    return StripedObjective(network, content_image, style_image, recipe, rows)


def scaled_for(recipe: Recipe, weights: Weights) -> Weights:
    """The weights as the recipe wants them: plain, or every filter's mean activation 1."""
    if not recipe.normalized_network:
        return weights
    return normalize(weights, [dead_leaves(seed) for seed in NORMALIZING_SEEDS], recipe.pooling)


def precision_of(wanted: str, recipe: Recipe) -> Precision:
    """What `wanted`, perhaps "auto", means here; SciPy's line search needs exact losses."""
    if wanted != "auto":
        return wanted
    return "float32" if recipe.optimizer == "l-bfgs" else fastest()


def losses_as(other: Recipe, pictures: Pictures, weights: Weights, image: np.ndarray) -> dict[str, float]:
    """The losses of `image` as the recipe `other` counts them: with its layers, network, weights and factors."""
    network = VGG19(scaled_for(other, weights), other.pooling)
    losses, _ = Objective(network, pictures.content_image, pictures.style_image, other)(image)
    return {term: getattr(losses, term) for term in ("total", "content", "style", "tv")}
