"""The total loss and its gradient as a function of the generated image: image → network → losses → gradient.

An `Objective` is what the training loop minimises. It puts together

- the *terms* of the recipe with their weights (`terms_of`),
- what they compare with: the *targets*, computed once from content and style images (`targets_of`),
- an *evaluation*, which computes losses and gradient at an image: here `WholeEvaluation`, of the whole image at once.
  Larger images are evaluated in stripes (`transfer.striped`), which only the session knows of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from transfer.losses import (
    PIXELS,
    ContentTerm,
    GuidedStyleTerm,
    Losses,
    Pixels,
    StyleTerm,
    Target,
    TemporalTerm,
    Term,
    VariationTerm,
    total_loss,
)
from transfer.recipes import Recipe
from transfer.regions import WHOLE, Region, layer_guide
from vgg.layers import maps_shape
from vgg.network import VGG19
from vgg.statistics import as_matrix, gram_of_sums, gram_sums

#: Levels of the noise with which the content image is compared, for losses relative to a distance.
GRAIN = 20.0
#: In bfloat16 the loss is useful down to this share of the loss of feature maps that are all zero. Below it the
#: gradients of the terms nearly cancel, and what is left of their sum is mostly rounding error.
FLOOR_SHARE = {"float32": 0.0, "bfloat16": 0.01}
#: Pixels of a content or style image whose maps are computed at once. A style image can be larger than the image that
#: is made, and would need more memory than was planned; its maps are only looked at, so stripes cost nothing.
LARGEST_AT_ONCE = 1 << 20
#: Style images whose Gram matrices are cached; with VGG-19's full width they take 5 MB each.
CACHED_STYLES = 16

Targets = dict[str, Target]  # by the name of the term
Weights = dict[str, float]  # by the name of the term
Guides = dict[str, np.ndarray]  # by the name of the term: T (H', W')
#: An image (H, W, 3) and names of layers → the maps of these layers, in pieces from top to bottom.
MapsOf = Callable[[np.ndarray, Sequence[str]], Iterable["Piece"]]
#: What `grams` is when it is given `maps_of`.
GramsOf = Callable[
    [np.ndarray, Sequence[StyleTerm], Mapping[str, np.ndarray | None]], tuple[dict[str, np.ndarray], Guides]
]
#: Digest of (image, terms, guides) → Gram matrices, which the next content image needs again; the oldest first.
GramCache = dict[bytes, dict[str, np.ndarray]]


class References(NamedTuple):
    """The images that a run compares its own with: (H, W, 3) RGB in [0, 255], each of its own size.

    For a frame of a film, `earlier` is what is known of it from earlier results, float32 (H, W, 4), of the size of the
    content image: colours and their weights. If nothing is known it is None. In a margin it is a reflection like the
    content. Left free there, the margin would be painted anew in every frame, and its flicker would reach the edge of
    the picture.
    """

    content_image: np.ndarray
    style_images: tuple[np.ndarray, ...]
    regions: tuple[Region, ...] = (WHOLE,)
    earlier: np.ndarray | None = None


class Piece(NamedTuple):
    """Some rows of a layer's feature maps."""

    layer: str
    start: int  # the first of these rows in the whole maps
    height: int  # of the whole maps
    maps: tf.Tensor  # (1, rows, W', N)


class Evaluation(Protocol):
    """A way to compute the terms on the maps of a network: whole, in stripes, or in bands on many machines."""

    network: VGG19
    terms: Sequence[Term]

    def targets(self, references: References) -> Targets:
        """Return what the terms compare with."""

    def __call__(self, image: np.ndarray, targets: Targets, weights: Weights) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) float32 at `image` (H, W, 3)."""


class Objective:
    """The total loss and its gradient as a function of the generated image alone."""

    def __init__(self, evaluation: Evaluation, references: References, terms: Mapping[Term, float]) -> None:
        """Compute what the loss compares with; `terms` are those of the evaluation, each with its weight."""
        self.evaluation, self.weights = evaluation, {term.name: weight for term, weight in terms.items()}
        self.targets = evaluation.targets(references)
        share = FLOOR_SHARE[evaluation.network.precision.name]
        self.floor = share * loss_of_zeros(evaluation.terms, self.targets, self.weights) if share else 0.0

    def __call__(self, image: np.ndarray) -> tuple[Losses, np.ndarray]:
        """Return the losses, as floats, and the gradient (H, W, 3) float32 at `image` (H, W, 3)."""
        return self.evaluation(image, self.targets, self.weights)


class WholeEvaluation:
    """Total loss and gradient for all images of one size.

    Targets and weights are arguments of the compiled function, not constants in it. So another pair of images of the
    same sizes, or another α, needs no new compilation, which takes longer than an evaluation.
    """

    def __init__(self, network: VGG19, terms: Iterable[Term], maps_of_large: MapsOf | None = None) -> None:
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

    def __call__(self, image: np.ndarray, targets: Targets, weights: Weights) -> tuple[Losses, np.ndarray]:
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
    recipe: Recipe, network: VGG19, height: int, width: int, regions: Sequence[Region] = (WHOLE,)
) -> dict[Term, float]:
    """Return the terms of the recipe's total loss for an image of height × width pixels, each with its weight.

    The terms of all frames of a film are the same, the first one's too, so that they are compiled once.
    """
    terms: dict[Term, float] = {}
    for layer, share in recipe.content_layers:
        size = _channels_and_positions(network, layer, height, width)
        terms[ContentTerm(layer, recipe.content_loss, *size)] = recipe.content_weight * share
    for (layer, share), region in product(recipe.style_layers, regions):
        size = _channels_and_positions(network, layer, height, width)
        kind = StyleTerm if region.guide is None else GuidedStyleTerm
        term = kind(layer, recipe.style_loss, *size, recipe.gram_channels, region.name)
        terms[term] = recipe.style_weight * share * region.weight
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


def targets_of(terms: Sequence[Term], maps_of: MapsOf, references: References, cache: GramCache) -> Targets:
    """Return what each term compares with; `cache` is that of `style_targets`."""
    targets = targets_at_pixels(terms, references)
    contents = {term.layer: term for term in terms if isinstance(term, ContentTerm)}
    maps, energies = _maps_and_energies(maps_of, references.content_image, tuple(contents))
    compared = {layer: maps[layer] for layer, term in contents.items() if term.normalization.distance}
    grain = _distances(maps_of, grained(references.content_image), compared)
    for layer, term in contents.items():
        targets[term.name] = Target(maps[layer], tf.constant(energies[layer], tf.float32), grain.get(layer))
    styles = [term for term in terms if isinstance(term, StyleTerm)]
    return targets | style_targets(styles, partial(grams, maps_of), references, cache)


def targets_at_pixels(terms: Sequence[Term], references: References) -> Targets:
    """Return what terms on pixels compare with, and an empty target for each other term.

    The total variation has no target. For a frame of which nothing is known, the temporal term's has the weight 0.
    """
    targets = {term.name: Target() for term in terms}
    for term in (term for term in terms if isinstance(term, TemporalTerm)):
        nothing = np.zeros((term.height, term.width, 4), np.float32)
        targets[term.name] = Target((nothing if references.earlier is None else references.earlier)[None])
    return targets


def grained(image: np.ndarray) -> np.ndarray:
    """Return the image (H, W, 3) with noise N(0, GRAIN²); the same image always gets the same noise."""
    return image + np.float32(GRAIN) * np.random.default_rng(0).standard_normal(image.shape, np.float32)


def style_targets(
    terms: Sequence[StyleTerm], grams_of: GramsOf, references: References, cache: GramCache
) -> dict[str, Target]:
    """Return the target of each term by its name.

    Its Gram matrix is Σ_s share_s A_s over the style pictures s of the term's region. Its distance is that to the
    content picture. What is computed of a style picture is also put into `cache`, or taken from there; all calls with
    the same `cache` must have the same network.
    """
    regions = {region.name: region for region in references.regions}
    blends = {term.name: np.float64(0) for term in terms}
    for i, image in enumerate(references.style_images):
        having = [term for term in terms if regions[term.region].shares[i]]
        guides = {name: region.style_guides[i] for name, region in regions.items()}
        key = _digest(image, having, guides)
        if key not in cache:
            if len(cache) == CACHED_STYLES:
                cache.pop(next(iter(cache)))
            cache[key], _ = grams_of(image, having, guides)
        for term in having:
            blends[term.name] = blends[term.name] + regions[term.region].shares[i] * cache[key][term.name]
    # The content picture's maps are also those that say how large a guide has to be.
    compared = [term for term in terms if term.normalization.distance or regions[term.region].guide is not None]
    own_guides = {name: region.guide for name, region in regions.items()}
    starts, guides = grams_of(references.content_image, compared, own_guides)
    targets = {}
    for term in terms:
        distance = None
        if term.normalization.distance:
            distance = tf.constant(np.sum(np.square(blends[term.name] - starts[term.name])), tf.float32)
        guide = guides[term.name][None, :, :, None] if term.name in guides else None
        targets[term.name] = Target(guide, tf.constant(blends[term.name], tf.float32), distance)
    return targets


def grams(
    maps_of: MapsOf, image: np.ndarray, terms: Sequence[StyleTerm], guides: Mapping[str, np.ndarray | None]
) -> tuple[dict[str, np.ndarray], Guides]:
    """Return the Gram matrix (N, N) of each term's layer, over all positions and in float64, and the guides in use.

    `guides` are those of the image, (H, W), by the name of the term's region.
    """
    layers = tuple(dict.fromkeys(term.layer for term in terms))
    sums, positions, in_layers = {term.name: np.float64(0) for term in terms}, dict.fromkeys(layers, 0), {}
    for layer, start, height, maps in maps_of(image, layers) if layers else ():
        rows, columns = maps.shape[1:3]
        positions[layer] += rows * columns
        for term in (term for term in terms if term.layer == layer):
            values, guide = maps, guides[term.region]
            if guide is not None:
                if term.name not in in_layers:
                    in_layers[term.name] = layer_guide(guide, layer, height, columns)
                values = maps * tf.cast(in_layers[term.name][start : start + rows, :, None], maps.dtype)
            sums[term.name] = sums[term.name] + np.asarray(gram_sums(values), np.float64)
    gram_matrices = {
        term.name: gram_of_sums(sums[term.name], positions[term.layer], term.gram_channels) for term in terms
    }
    return gram_matrices, in_layers


def _digest(image: np.ndarray, terms: Sequence[StyleTerm], guides: Mapping[str, np.ndarray | None]) -> bytes:
    """Return what the Gram matrices of these terms depend on, for one network."""
    digest = hashlib.sha256(repr([(term.name, term.gram_channels) for term in terms]).encode())
    for array in (image, *(guide for guide in guides.values() if guide is not None)):
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array))
    return digest.digest()


def loss_of_zeros(terms: Sequence[Term], targets: Targets, weights: Weights) -> float:
    """Return the total loss of feature maps that are zero everywhere; it is the yardstick of `Objective.floor`."""
    total = 0.0
    for term in terms:
        summary = targets[term.name].summary
        if isinstance(term, ContentTerm):
            total += weights[term.name] * float(term.loss(summary, targets[term.name]))  # Σ (0 − P)² = Σ P²
        elif isinstance(term, StyleTerm):
            total += weights[term.name] * float(term.loss(tf.zeros_like(summary), targets[term.name]))
    return total


def _maps_and_energies(
    maps_of: MapsOf, image: np.ndarray, layers: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Return each layer's whole maps P (1, H', W', N), in the network's precision, and Σ P²."""
    whole: dict[str, np.ndarray] = {}
    energies = dict.fromkeys(layers, 0.0)
    for layer, start, height, maps in maps_of(image, layers) if layers else ():
        if layer not in whole:
            whole[layer] = np.empty((1, height, *maps.shape[2:]), maps.dtype.as_numpy_dtype)
        whole[layer][:, start : start + maps.shape[1]] = maps.numpy()
        energies[layer] += float(tf.reduce_sum(tf.square(tf.cast(maps, tf.float32))))
    return whole, energies


def _distances(maps_of: MapsOf, image: np.ndarray, targets: dict[str, np.ndarray]) -> dict[str, tf.Tensor]:
    """Return Σ (F − P)² of each layer, with the image's maps F and P from `targets`."""
    totals = dict.fromkeys(targets, 0.0)
    for layer, start, _, maps in maps_of(image, tuple(targets)) if targets else ():
        steps = as_matrix(maps) - as_matrix(tf.constant(targets[layer][:, start : start + maps.shape[1]]))
        totals[layer] += float(tf.reduce_sum(tf.square(steps)))
    return {layer: tf.constant(total, tf.float32) for layer, total in totals.items()}
