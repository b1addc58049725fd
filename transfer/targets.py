"""What the terms of a loss compare with: the *targets*, computed once from content and style images.

For the paper's recipe they are few: P, the content image's maps at relu4_2, and A, the style image's Gram matrix at
each style layer. What follows is longer for four reasons. Several style images may be mixed; a style may hold for a
region only; a loss may be measured relative to a distance (`recipes`); and an image may be too large for its maps to be
computed at once, so they come in pieces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from transfer.losses import ContentTerm, StyleTerm, Target, TemporalTerm, Term, WeightedContentTerm
from transfer.neighbours import NeighbourTerm, cells, neighbour_targets
from transfer.regions import WHOLE, Region, layer_guide, layer_weights
from vgg.statistics import as_matrix

#: Levels of the noise with which the content image is compared, for losses relative to a distance.
GRAIN = 20.0
#: Style images whose Gram matrices are cached; with VGG-19's full width they take 5 MB each.
CACHED_STYLES = 16

Targets = dict[str, Target]  # by the name of the term
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

    `content_weights`, float32 (H, W), say how many times its α the content counts at each pixel; None: once.

    `generated` is the image as it is now, for terms whose targets depend on it (`transfer.neighbours`).
    """

    content_image: np.ndarray
    style_images: tuple[np.ndarray, ...]
    regions: tuple[Region, ...] = (WHOLE,)
    earlier: np.ndarray | None = None
    content_weights: np.ndarray | None = None
    generated: np.ndarray | None = None


class Piece(NamedTuple):
    """Some rows of a layer's feature maps."""

    layer: str
    start: int  # the first of these rows in the whole maps
    height: int  # of the whole maps
    maps: tf.Tensor  # (1, rows, W', N)


def targets_of(terms: Sequence[Term], maps_of: MapsOf, references: References, cache: GramCache) -> Targets:
    """Return what each term compares with; `cache` is that of `style_targets`."""
    targets = targets_at_pixels(terms, references)
    content_terms = {term.layer: term for term in terms if isinstance(term, ContentTerm)}
    maps, energies = _maps_and_energies(maps_of, references.content_image, tuple(content_terms))
    relative = {layer: maps[layer] for layer, term in content_terms.items() if term.scale.distance}
    distances = _distances(maps_of, grained(references.content_image), relative)
    for layer, term in content_terms.items():
        if isinstance(term, WeightedContentTerm):
            weights = layer_weights(references.content_weights, layer, *maps[layer].shape[1:3])
            maps[layer] = with_weights(maps[layer], weights)
        targets[term.name] = Target(maps[layer], tf.constant(energies[layer], tf.float32), distances.get(layer))
    if neighbours := [term for term in terms if isinstance(term, NeighbourTerm)]:
        layers = tuple(term.layer for term in neighbours)
        images = references.content_image, references.style_images[0], references.generated
        wholes = (_maps_and_energies(maps_of, image, layers)[0] for image in images)
        of_images = [{layer: cells(maps, layer) for layer, maps in whole.items()} for whole in wholes]
        targets |= neighbour_targets(neighbours, *of_images)
    style_terms = [term for term in terms if isinstance(term, StyleTerm)]
    return targets | style_targets(style_terms, partial(grams, maps_of), references, cache)


def targets_at_pixels(terms: Sequence[Term], references: References) -> Targets:
    """Return what terms on pixels compare with, and an empty target for each other term.

    The total variation has no target. For a frame of which nothing is known, the temporal term's has the weight 0.
    """
    targets = {term.name: Target() for term in terms}
    for term in (term for term in terms if isinstance(term, TemporalTerm)):
        nothing = np.zeros((term.height, term.width, 4), np.float32)
        targets[term.name] = Target((nothing if references.earlier is None else references.earlier)[None])
    return targets


def with_weights(maps: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return P (1, H', W', N) with the weights (H', W') of its positions as one more channel, in P's precision."""
    return np.concatenate([maps, weights[None, :, :, None].astype(maps.dtype)], axis=3)


def grained(image: np.ndarray) -> np.ndarray:
    """Return the image (H, W, 3) with noise N(0, GRAIN²); the same image always gets the same noise."""
    return image + np.float32(GRAIN) * np.random.default_rng(0).standard_normal(image.shape, np.float32)


def style_targets(
    terms: Sequence[StyleTerm], grams_of: GramsOf, references: References, cache: GramCache
) -> dict[str, Target]:
    """Return the target of each term by its name.

    Its Gram matrix is Σ_s share_s A_s over the style images s of the term's region. Its distance is that to the
    content image. What is computed of a style image is also put into `cache`, or taken from there; all calls with
    the same `cache` must have the same network.
    """
    regions = {region.name: region for region in references.regions}
    target_grams = {term.name: np.float64(0) for term in terms}
    for i, image in enumerate(references.style_images):
        its_terms = [term for term in terms if regions[term.region].shares[i]]
        guides = {name: region.style_guides[i] for name, region in regions.items()}
        key = _digest(image, its_terms, guides)
        if key not in cache:
            if len(cache) == CACHED_STYLES:
                cache.pop(next(iter(cache)))
            cache[key], _ = grams_of(image, its_terms, guides)
        for term in its_terms:
            target_grams[term.name] = target_grams[term.name] + regions[term.region].shares[i] * cache[key][term.name]
    # The content image's maps are also those that say how large a guide has to be.
    compared = [term for term in terms if term.scale.distance or regions[term.region].guide is not None]
    content_guides = {name: region.guide for name, region in regions.items()}
    content_grams, guides = grams_of(references.content_image, compared, content_guides)
    targets = {}
    for term in terms:
        distance = None
        summary = term.summary(target_grams[term.name])
        if term.scale.distance:
            distance = tf.cast(term.error(content_grams[term.name], summary), tf.float32)
        guide = guides[term.name][None, :, :, None] if term.name in guides else None
        targets[term.name] = Target(guide, tf.constant(summary, tf.float32), distance)
    return targets


def grams(
    maps_of: MapsOf, image: np.ndarray, terms: Sequence[StyleTerm], guides: Mapping[str, np.ndarray | None]
) -> tuple[dict[str, np.ndarray], Guides]:
    """Return the Gram matrix (N, N) of each term's layer, over all positions and in float64, and the guides in use.

    `guides` are those of the image, (H, W), by the name of the term's region.
    """
    layers = tuple(dict.fromkeys(term.layer for term in terms))
    sums, positions, layer_guides = {term.name: np.float64(0) for term in terms}, dict.fromkeys(layers, 0), {}
    for layer, start, height, maps in maps_of(image, layers) if layers else ():
        rows, columns = maps.shape[1:3]
        positions[layer] += rows * columns
        for term in (term for term in terms if term.layer == layer):
            guide = guides[term.region]
            if guide is not None:
                if term.name not in layer_guides:
                    layer_guides[term.name] = layer_guide(guide, layer, height, columns)
                guide = layer_guides[term.name][None, start : start + rows, :, None]
            sums[term.name] = sums[term.name] + np.asarray(term.sums(maps, guide), np.float64)
    gram_matrices = {term.name: term.gram(sums[term.name], positions[term.layer]) for term in terms}
    return gram_matrices, layer_guides


def _digest(image: np.ndarray, terms: Sequence[StyleTerm], guides: Mapping[str, np.ndarray | None]) -> bytes:
    """Return what the Gram matrices of these terms depend on, for one network."""
    digest = hashlib.sha256(repr(terms).encode())
    for array in (image, *(guide for guide in guides.values() if guide is not None)):
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array))
    return digest.digest()


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


def _distances(maps_of: MapsOf, image: np.ndarray, content_maps: dict[str, np.ndarray]) -> dict[str, tf.Tensor]:
    """Return Σ (F − P)² of each layer, with the image's maps F and P from `content_maps`."""
    totals = dict.fromkeys(content_maps, 0.0)
    for layer, start, _, maps in maps_of(image, tuple(content_maps)) if content_maps else ():
        steps = as_matrix(maps) - as_matrix(tf.constant(content_maps[layer][:, start : start + maps.shape[1]]))
        totals[layer] += float(tf.reduce_sum(tf.square(steps)))
    return {layer: tf.constant(total, tf.float32) for layer, total in totals.items()}
