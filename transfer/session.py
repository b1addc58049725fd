"""From a recipe, weights and pictures to what is minimised: the network as the recipe wants it, whole or in stripes."""

import gc
from typing import NamedTuple

import numpy as np

from transfer.inputs.pictures import Pictures
from transfer.objective.striped import StripedObjective
from transfer.objective.whole import Objective
from transfer.plan import plan
from transfer.precision import fastest
from transfer.recipe.choices import Recipe
from vgg.matfile.read import Weights
from vgg.network import VGG19, Precision
from vgg.normalize import normalize
from vgg.optimize.l_bfgs import PairHistory
from weights.learn.dead_leaves import dead_leaves

#: The paper's network has mean activation 1 over ImageNet's photographs, which nobody has at hand. Over drawn pictures
#: of the same statistics it is also one network for every pair.
NORMALIZING_SEEDS = (100, 101)
#: Pixels a side. Another pair of drawn pictures changes the means by a quarter; 320 pixels instead of 512, by less.
NORMALIZING_SIZE = 320


class Objectives(NamedTuple):
    """What `transfer.train.train` works with."""

    exact: Objective | StripedObjective  # what judges the generated image
    draft: Objective | StripedObjective | None  # the same in a faster number type, if there is one
    history: PairHistory  # what there is memory for


def objectives_for(
    pictures: Pictures, recipe: Recipe, scaled: Weights, precision: Precision, memory_bytes: float
) -> Objectives:
    """What is minimised, with a draft if `precision` is not float32; in stripes if need be."""
    gc.collect()  # objectives of before are in a cycle with their compiled functions, and would stay beside these
    images = pictures.content_image, pictures.style_image
    rows, history = plan(scaled, recipe, *images[0].shape[:2], memory_bytes)

    def objective(precision: Precision) -> Objective | StripedObjective:
        network = VGG19(scaled, recipe.pooling, precision)
        return StripedObjective(network, *images, recipe, rows) if rows else Objective(network, *images, recipe)

    return Objectives(objective("float32"), objective(precision) if precision != "float32" else None, history)


def scaled_for(recipe: Recipe, weights: Weights) -> Weights:
    """The weights as the recipe wants them: plain, or every filter's mean activation 1."""
    if not recipe.normalized_network:
        return weights
    return normalize(weights, [dead_leaves(seed, NORMALIZING_SIZE) for seed in NORMALIZING_SEEDS], recipe.pooling)


def precision_of(wanted: str, recipe: Recipe) -> Precision:
    """What `wanted`, perhaps "auto", means here; SciPy's line search needs exact losses."""
    if wanted != "auto":
        return wanted
    return "float32" if recipe.optimizer == "l-bfgs" else fastest()


def losses_as(
    other: Recipe, pictures: Pictures, weights: Weights, image: np.ndarray, memory_bytes: float
) -> dict[str, float]:
    """The losses of `image` as the recipe `other` counts them: with its layers, network, weights and factors."""
    exact = objectives_for(pictures, other, scaled_for(other, weights), "float32", memory_bytes).exact
    losses, _ = exact(image)
    return {term: getattr(losses, term) for term in ("total", "content", "style", "tv")}
