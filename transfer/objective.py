"""The total loss and its gradient as a function of the generated image: image → network → losses → gradient.

An `Objective` is what the training loop minimises. It puts together

- the *terms* of the recipe with their weights (`terms_of`),
- what they compare with: the *targets*, computed once from content and style images (`transfer.targets`),
- an *evaluation*, which computes losses and gradient at an image: here `WholeEvaluation`, of the whole image at once.
  Larger images are evaluated in stripes (`transfer.striped`), which only the session knows of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Protocol

import numpy as np
import tensorflow as tf

from transfer.losses import (
    PIXELS,
    ContentTerm,
    Losses,
    Pixels,
    StyleTerm,
    TemporalTerm,
    Term,
    VariationTerm,
    WeightedContentTerm,
    total_loss,
)
from transfer.neighbours import NeighbourTerm
from transfer.recipes import Recipe
from transfer.regions import WHOLE, Region
from transfer.style_statistics import style_term
from transfer.targets import GramCache, MapsOf, Piece, References, Targets, targets_of
from vgg.layers import maps_shape
from vgg.network import VGG19

#: In bfloat16 the loss is useful down to this share of the loss of feature maps that are all zero. Below it the
#: gradients of the terms nearly cancel, and what is left of their sum is mostly rounding error.
FLOOR_SHARE = {"float32": 0.0, "bfloat16": 0.01}
#: Pixels of a content or style image whose maps are computed at once. A style image can be larger than the image that
#: is made, and would need more memory than was planned; its maps are only looked at, so stripes cost nothing.
LARGEST_AT_ONCE = 1 << 20
TermWeights = dict[str, float]  # by the name of the term: α, β w_l, …


class Evaluation(Protocol):
    """A way to compute the terms on the maps of a network: whole, in stripes, or in bands on many machines."""

    network: VGG19
    terms: Sequence[Term]

    def targets(self, references: References) -> Targets:
        """Return what the terms compare with."""

    def __call__(self, image: np.ndarray, targets: Targets, weights: TermWeights) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) float32 at `image` (H, W, 3)."""


class Objective:
    """The total loss and its gradient as a function of the generated image alone."""

    #: Neighbours are looked for at the first image, which is the one that a phase begins with. Until then: the others.
    _waiting: References | None = None

    def __init__(self, evaluation: Evaluation, references: References, terms: Mapping[Term, float]) -> None:
        """Compute what the loss compares with; `terms` are those of the evaluation, each with its weight."""
        self.evaluation, self.weights = evaluation, {term.name: weight for term, weight in terms.items()}
        if any(isinstance(term, NeighbourTerm) for term in terms):
            self._waiting = references
        else:
            self._compare_with(references)

    def _compare_with(self, references: References) -> None:
        self.targets = self.evaluation.targets(references)
        share = FLOOR_SHARE[self.evaluation.network.precision.name]
        self.floor = share * loss_of_zeros(self.evaluation.terms, self.targets, self.weights) if share else 0.0

    def __call__(self, image: np.ndarray) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) float32 at `image` (H, W, 3)."""
        if self._waiting:
            self._compare_with(self._waiting._replace(generated=np.asarray(image, np.float32)))
            self._waiting = None
        return self.evaluation(image, self.targets, self.weights)


class WholeEvaluation:
    """Total loss and gradient for all images of one size.

    Targets and weights are arguments of the compiled function, not constants in it. So another pair of images of the
    same sizes, or another α, needs no new compilation, which takes longer than an evaluation.
    """

    def __init__(self, network: VGG19, terms: Sequence[Term], maps_of_large: MapsOf | None = None) -> None:
        """Prepare the weighted sum of `terms` on the maps of `network`; it is compiled when it is first called.

        `maps_of_large` computes the maps of content and style images with more than `LARGEST_AT_ONCE` pixels. Without
        it their maps are computed at once, too.
        """
        self.network, self.terms, self.layers = network, tuple(terms), layers_of(terms)
        self._maps_of_large, self._grams = maps_of_large, GramCache()
        # autograph off: our loops are Python's and run while the graph is built
        self._compiled = tf.function(self._losses_and_gradient, autograph=False)

    def targets(self, references: References) -> Targets:
        """Return what the terms compare with."""
        targets = targets_of(self.terms, self._maps, references, self._grams)
        return {name: target.as_tensors() for name, target in targets.items()}

    def __call__(self, image: np.ndarray, targets: Targets, weights: TermWeights) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) float32 at `image` (H, W, 3)."""
        scalars = {name: tf.constant(weight, tf.float32) for name, weight in weights.items()}
        losses, gradient = self._compiled(tf.constant(image[None], tf.float32), targets, scalars)  # (1, H, W, 3)
        return tf.nest.map_structure(float, losses), gradient[0].numpy()

    def _losses_and_gradient(
        self, image: tf.Tensor, targets: Targets, weights: dict[str, tf.Tensor]
    ) -> tuple[Losses, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            values = self.network(image, self.layers) | {PIXELS: Pixels(image, below=None)}
            statistics = {term.name: term.statistic(values[term.layer], targets[term.name]) for term in self.terms}
            losses = total_loss(self.terms, statistics, targets, weights)
        return losses, tape.gradient(losses.total, image)

    def _maps(self, image: np.ndarray, layers: Sequence[str]) -> Iterable[Piece]:
        if self._maps_of_large and image.shape[0] * image.shape[1] > LARGEST_AT_ONCE:
            return self._maps_of_large(image, layers)
        maps = self.network(tf.constant(image[None], tf.float32), layers)
        return [Piece(layer, 0, maps[layer].shape[1], maps[layer]) for layer in layers]


def terms_of(
    recipe: Recipe,
    network: VGG19,
    height: int,
    width: int,
    regions: Sequence[Region] = (WHOLE,),
    weighted_content: bool = False,
) -> dict[Term, float]:
    """Return the terms of the recipe's total loss for an image of height × width pixels, each with its weight.

    `weighted_content`: the content's positions do not all count the same, see `References.content_weights`.
    The terms of all frames of a film are the same, the first one's too, so that they are compiled once.
    """
    terms: dict[Term, float] = {}
    for layer, share in recipe.content_layers:
        size = _channels_and_positions(network, layer, height, width)
        kind = WeightedContentTerm if weighted_content else ContentTerm
        terms[kind(layer, recipe.content_loss, *size)] = recipe.content_weight * share
    for (layer, share), region in product(recipe.style_layers, regions):
        size = _channels_and_positions(network, layer, height, width)
        terms[style_term(recipe, layer, *size, region.name)] = recipe.style_weight * share * region.weight
    if recipe.tv_weight:
        terms[VariationTerm(recipe.tv_loss, height, width)] = recipe.tv_weight
    if recipe.temporal_weight:
        terms[TemporalTerm(height, width)] = recipe.temporal_weight
    return terms


def layers_of(terms: Iterable[Term]) -> tuple[str, ...]:
    """Return the layers whose maps the terms look at, each once."""
    return tuple(dict.fromkeys(term.layer for term in terms if term.layer != PIXELS))


def _channels_and_positions(network: VGG19, layer: str, height: int, width: int) -> tuple[int, int]:
    """Return N and M of the layer's maps for an image of height × width pixels."""
    rows, columns = maps_shape(height, width, layer, network.odd_sides)
    return network.channels(layer), rows * columns


def loss_of_zeros(terms: Sequence[Term], targets: Targets, weights: TermWeights) -> float:
    """Return the total loss of feature maps that are zero everywhere; it is the yardstick of `Objective.floor`."""
    total = 0.0
    for term in terms:
        summary = targets[term.name].summary
        if isinstance(term, ContentTerm):
            total += weights[term.name] * float(term.loss(summary, targets[term.name]))  # Σ (0 − P)² = Σ P²
        elif isinstance(term, StyleTerm):
            total += weights[term.name] * float(term.loss(tf.zeros_like(summary), targets[term.name]))
        elif isinstance(term, NeighbourTerm):
            total += weights[term.name] * float(term.loss(term.position_count, targets[term.name]))
    return total
