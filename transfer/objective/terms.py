"""From a recipe to the terms of its total loss, and to what they compare an image with."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import product

import numpy as np
import tensorflow as tf

from transfer.guided import GuidedStyleTerm
from transfer.losses import ContentTerm, StyleTerm
from transfer.objective.references import MapsOf, References
from transfer.objective.style_targets import KnownGrams, grams, style_targets
from transfer.pixel_losses import TemporalTerm, VariationTerm
from transfer.recipe.choices import Recipe
from transfer.regions import WHOLE, Region
from transfer.term import PIXELS, Target, Term
from vgg.network import VGG19
from vgg.shapes import maps_shape
from vgg.statistics import as_matrix

Targets = dict[str, Target]  # by the name of the term

#: Levels of the noise with which the content picture is compared, for losses relative to a distance.
GRAIN = 20.0


def terms_of(
    recipe: Recipe, network: VGG19, height: int, width: int, regions: Sequence[Region] = (WHOLE,)
) -> tuple[Term, ...]:
    """Return the terms of the recipe's total loss for an image of height × width pixels.

    The terms of all frames of a film are the same, the first one's too, so that they are compiled once.
    """
    terms: list[Term] = []
    for layer, share in recipe.content_layers:
        size = _channels_and_positions(network, layer, height, width)
        terms.append(ContentTerm(layer, recipe.content_weight * share, recipe.content_loss, *size))
    for (layer, share), region in product(recipe.style_layers, regions):
        size = _channels_and_positions(network, layer, height, width)
        weight = recipe.style_weight * share * region.weight
        kind = StyleTerm if region.guide is None else GuidedStyleTerm
        terms.append(kind(layer, weight, recipe.style_loss, *size, recipe.gram_channels, region.name))
    if recipe.tv_weight:
        terms.append(VariationTerm(recipe.tv_weight, recipe.tv_loss, height, width))
    if recipe.temporal_weight:
        terms.append(TemporalTerm(recipe.temporal_weight, height, width))
    return tuple(terms)


def layers_of(terms: Iterable[Term]) -> tuple[str, ...]:
    """Return the layers whose maps the terms look at, each once."""
    return tuple(dict.fromkeys(term.layer for term in terms if term.layer != PIXELS))


def targets_of(terms: Sequence[Term], maps_of: MapsOf, references: References, known: KnownGrams) -> Targets:
    """Return what each term compares with; `known` is that of `style_targets`."""
    targets = targets_at_pixels(terms, references)
    contents = {term.layer: term for term in terms if isinstance(term, ContentTerm)}
    maps, energies = _maps_and_energies(maps_of, references.content_image, tuple(contents))
    compared = {layer: maps[layer] for layer, term in contents.items() if term.normalization.distance}
    grain = _distances(maps_of, grained(references.content_image), compared)
    for layer, term in contents.items():
        targets[term.name] = Target(maps[layer], tf.constant(energies[layer], tf.float32), grain.get(layer))
    styles = [term for term in terms if isinstance(term, StyleTerm)]
    return targets | style_targets(styles, partial(grams, maps_of), references, known)


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


def loss_of_zeros(terms: Sequence[Term], targets: Targets) -> float:
    """Return the total loss of feature maps that are zero everywhere; it is the yardstick of `Objective.floor`."""
    total = 0.0
    for term in terms:
        summary = targets[term.name].summary
        if isinstance(term, ContentTerm):
            total += float(term.loss(summary, targets[term.name]))  # Σ (0 − P)² = Σ P²
        elif isinstance(term, StyleTerm):
            total += float(term.loss(tf.zeros_like(summary), targets[term.name]))
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


def _channels_and_positions(network: VGG19, layer: str, height: int, width: int) -> tuple[int, int]:
    """Return N and M of the layer's maps for an image of height × width pixels."""
    rows, columns = maps_shape(height, width, layer, network.odd_sides)
    return network.channels(layer), rows * columns
