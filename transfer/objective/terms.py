"""From a recipe to the terms of its total loss, and to what they compare an image with."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from transfer.losses import ContentTerm, StyleTerm
from transfer.pixel_losses import VariationTerm
from transfer.recipe.choices import Recipe
from transfer.term import PIXELS, Target, Term
from vgg.network import VGG19
from vgg.shapes import maps_shape
from vgg.statistics import as_matrix, gram_sums


class References(NamedTuple):
    """The images that a run compares its own with: (H, W, 3) RGB in [0, 255], each of its own size."""

    content_image: np.ndarray
    style_image: np.ndarray


class Piece(NamedTuple):
    """Some rows of a layer's feature maps."""

    layer: str
    start: int  # the first of these rows in the whole maps
    height: int  # of the whole maps
    maps: tf.Tensor  # (1, rows, W', N)


#: An image (H, W, 3) and names of layers → the maps of these layers, in pieces from top to bottom.
MapsOf = Callable[[np.ndarray, Sequence[str]], Iterable[Piece]]
Targets = dict[str, Target]  # by the name of the term


def terms_of(recipe: Recipe, network: VGG19, height: int, width: int) -> tuple[Term, ...]:
    """Return the terms of the recipe's total loss for an image of height × width pixels."""
    terms: list[Term] = []
    for layer, share in recipe.content_layers:
        size = _channels_and_positions(network, layer, height, width)
        terms.append(ContentTerm(layer, recipe.content_weight * share, recipe.content_loss, *size))
    for layer, share in recipe.style_layers:
        size = _channels_and_positions(network, layer, height, width)
        weight = recipe.style_weight * share
        terms.append(StyleTerm(layer, weight, recipe.style_loss, *size, recipe.gram_channels))
    if recipe.tv_weight:
        terms.append(VariationTerm(recipe.tv_weight, recipe.tv_loss, height, width))
    return tuple(terms)


def layers_of(terms: Iterable[Term]) -> tuple[str, ...]:
    """Return the layers whose maps the terms look at, each once."""
    return tuple(dict.fromkeys(term.layer for term in terms if term.layer != PIXELS))


def targets_of(terms: Sequence[Term], maps_of: MapsOf, references: References) -> Targets:
    """Return what each term compares with; no target for a term on pixels."""
    contents = {term.layer: term for term in terms if isinstance(term, ContentTerm)}
    styles = {term.layer: term for term in terms if isinstance(term, StyleTerm)}
    between = [term.layer for term in (*contents.values(), *styles.values()) if term.normalization.distance]
    targets = {term.name: Target() for term in terms}
    content_maps, content = _maps_and_moments(maps_of, references.content_image, contents, between)
    _, style = _maps_and_moments(maps_of, references.style_image, (), (*styles, *between))
    for layer, term in contents.items():
        positions, distance = content[layer].positions, None
        if layer in between:
            distance = _scalar(positions * _mean_distance(content[layer], style[layer]))
        targets[term.name] = Target(content_maps[layer], _scalar(positions * np.trace(content[layer].gram)), distance)
    for layer, term in styles.items():
        scale, distance = term.channels**term.gram_channels, None
        if layer in between:
            distance = _scalar(np.sum(np.square(scale * (style[layer].gram - content[layer].gram))))
        targets[term.name] = Target(None, tf.constant(scale * style[layer].gram, tf.float32), distance)
    return targets


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


class Moments(NamedTuple):
    """Of the feature maps of one layer, over all positions, in float64."""

    mean: np.ndarray  # (N,)
    gram: np.ndarray  # Fᵀ F / M, (N, N); its trace is the mean of |F|² at a position
    positions: int  # M


def _maps_and_moments(
    maps_of: MapsOf, image: np.ndarray, whole: Iterable[str], layers: Iterable[str]
) -> tuple[dict[str, np.ndarray], dict[str, Moments]]:
    """Return the maps (1, H', W', N) of the layers `whole`, in the network's precision, and all layers' moments."""
    maps_found = dict.fromkeys(whole)
    names = tuple(dict.fromkeys((*maps_found, *layers)))
    sums, grams = dict.fromkeys(names, np.float64(0)), dict.fromkeys(names, np.float64(0))
    positions = dict.fromkeys(names, 0)
    for layer, start, height, maps in maps_of(image, names) if names else ():
        if layer in maps_found:
            if maps_found[layer] is None:
                maps_found[layer] = np.empty((1, height, *maps.shape[2:]), maps.dtype.as_numpy_dtype)
            maps_found[layer][:, start : start + maps.shape[1]] = maps.numpy()
        sums[layer] = sums[layer] + np.asarray(tf.reduce_sum(as_matrix(maps), axis=0), np.float64)
        grams[layer] = grams[layer] + np.asarray(gram_sums(maps), np.float64)
        positions[layer] += maps.shape[1] * maps.shape[2]
    moments = {
        name: Moments(sums[name] / positions[name], grams[name] / positions[name], positions[name]) for name in names
    }
    return maps_found, moments


def _scalar(value: float) -> tf.Tensor:
    return tf.constant(value, tf.float32)


def _mean_distance(one: Moments, other: Moments) -> float:
    """Return the mean of |F − F'|² over all pairs of a position of the one picture and a position of the other."""
    return np.trace(one.gram) + np.trace(other.gram) - 2 * one.mean @ other.mean


def _channels_and_positions(network: VGG19, layer: str, height: int, width: int) -> tuple[int, int]:
    """Return N and M of the layer's maps for an image of height × width pixels."""
    rows, columns = maps_shape(height, width, layer, network.odd_sides)
    return network.channels(layer), rows * columns
