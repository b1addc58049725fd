"""A recipe's objective, whole or in stripes, from weights and images, without a session."""

import numpy as np

from transfer.objective.objective import Objective
from transfer.objective.references import References
from transfer.objective.striped import StripedEvaluation
from transfer.objective.terms import terms_of
from transfer.objective.whole import WholeEvaluation
from transfer.recipe.choices import Recipe
from vgg.matfile.read import Weights
from vgg.network import VGG19, Precision


def objective_for(
    weights: Weights,
    recipe: Recipe,
    content: np.ndarray,
    style: np.ndarray,
    rows: int | None = None,
    precision: Precision = "float32",
) -> Objective:
    """In stripes of `rows`, or whole; the network is not normalised, and white is 255."""
    network = VGG19(weights, recipe.pooling, precision, recipe.odd_sides)
    terms = terms_of(recipe, network, *content.shape[:2])
    evaluation = StripedEvaluation(network, terms, rows) if rows else WholeEvaluation(network, terms)
    return Objective(evaluation, References(content, (style,)))
