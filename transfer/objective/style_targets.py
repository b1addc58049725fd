"""What style terms compare with: the Gram matrices of the style pictures, blended, and in regions if asked for."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from transfer.losses import StyleTerm
from transfer.objective.references import MapsOf, References
from transfer.regions import layer_guide
from transfer.term import Target
from vgg.statistics import gram_of_sums, gram_sums

Guides = dict[str, np.ndarray]  # by the name of the term: T (H', W')
#: What `grams` is when it is given `maps_of`.
GramsOf = Callable[
    [np.ndarray, Sequence[StyleTerm], Mapping[str, np.ndarray | None]], tuple[dict[str, np.ndarray], Guides]
]
#: By what they were computed from: Gram matrices that the next content picture needs again, the oldest first.
KnownGrams = dict[bytes, dict[str, np.ndarray]]
#: Style pictures whose Gram matrices are kept; with VGG-19's full width they take 5 MB each.
KEPT = 16


def style_targets(
    terms: Sequence[StyleTerm], grams_of: GramsOf, references: References, known: KnownGrams
) -> dict[str, Target]:
    """Return the target of each term by its name.

    Its Gram matrix is Σ_s share_s A_s over the style pictures s of the term's region. Its distance is that to the
    content picture. What is computed of a style picture is also put into `known`, or found there; all calls with the
    same `known` must have the same network.
    """
    regions = {region.name: region for region in references.regions}
    blends = {term.name: np.float64(0) for term in terms}
    for i, image in enumerate(references.style_images):
        having = [term for term in terms if regions[term.region].shares[i]]
        guides = {name: region.style_guides[i] for name, region in regions.items()}
        key = _digest(image, having, guides)
        if key not in known:
            if len(known) == KEPT:
                known.pop(next(iter(known)))
            known[key], _ = grams_of(image, having, guides)
        found = known[key]
        for term in having:
            blends[term.name] = blends[term.name] + regions[term.region].shares[i] * found[term.name]
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


def _digest(image: np.ndarray, terms: Sequence[StyleTerm], guides: Mapping[str, np.ndarray | None]) -> bytes:
    """Return what the Gram matrices of these terms depend on, for one network."""
    digest = hashlib.sha256(repr([(term.name, term.gram_channels) for term in terms]).encode())
    for array in (image, *(guide for guide in guides.values() if guide is not None)):
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array))
    return digest.digest()


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
    found = {term.name: gram_of_sums(sums[term.name], positions[term.layer], term.gram_channels) for term in terms}
    return found, in_layers
