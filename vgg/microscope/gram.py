"""`gram PICTURE [PICTURE]`: a layer's Gram matrices as images, and what the most important pairs of channels look for.

Gatys, Ecker & Bethge 2016, Eq. 3. The matrix has a row and a column for each channel; the value where they cross says
how strongly both are active at the same positions. In the order of the file neighbours have nothing to do with each
other. So the channels are put in the order of a clustering: those that are active together stand side by side.
"""

import argparse

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from vgg.layers import LAYERS
from vgg.matfile.read import Weights
from vgg.microscope.draw import pixelated
from vgg.microscope.filters import maximize
from vgg.microscope.search import DISTANCE_MEANS, relative_distance
from vgg.network import VGG19
from vgg.statistics import gram_matrix
from vgg.tools.sheet import contact_sheet, stacked

PAIRS = 4
HEIGHT, PICTURE_HEIGHT = 320, 160  # pixels of a matrix, and of a channel's picture
BRIGHT = 0.995  # of the values are drawn by their size, the rest as bright as the largest of those
ORANGE, BLUE, WHITE = np.float32([230, 159, 0]), np.float32([0, 160, 250]), np.float32([255, 255, 255])


def clustered(matrix: np.ndarray) -> np.ndarray:
    """Return an order of the channels (C,) in which those that are active together are neighbours.

    They are joined step by step by the average of 1 - cosine, as `matrix` (C, C) has it: 0 for two channels whose
    activity has the same shape, 1 for two that are never active at one position.
    """
    lengths = np.sqrt(np.maximum(np.diag(matrix), 1e-30))
    cosine = np.clip(matrix / np.outer(lengths, lengths), 0, 1)
    np.fill_diagonal(cosine, 1)
    return leaves_list(linkage(squareform(1 - cosine, checks=False), "average"))


def strongest_pairs(values: np.ndarray, count: int) -> list[tuple[int, int]]:
    """Return up to `count` pairs of different channels with the largest |value| (C, C), no channel in two of them."""
    rows, columns = np.triu_indices(len(values), k=1)
    pairs: list[tuple[int, int]] = []
    for at in np.argsort(-np.abs(values[rows, columns]), kind="stable"):
        pair = (int(rows[at]), int(columns[at]))
        if not any(channel in other for other in pairs for channel in pair):
            pairs.append(pair)
        if len(pairs) == count:
            break
    return pairs


def drawn(matrix: np.ndarray, largest: float, above: np.ndarray = WHITE, below: np.ndarray = WHITE) -> np.ndarray:
    """Return a matrix (C, C) as uint8 (C, C, 3): 0 is black, `largest` the colour `above`, -`largest` `below`.

    Between them it is √|value|: of the size of activations, not of their squares.
    """
    strength = np.sqrt(np.clip(np.abs(matrix) / largest, 0, 1))[..., None]
    levels = np.rint(strength * np.where(matrix[..., None] > 0, above, below)).astype(np.uint8)
    return pixelated(levels, HEIGHT)


def bright(values: np.ndarray) -> float:
    """Return the magnitude that is drawn at full brightness: few are larger, most of them on the diagonal."""
    return float(np.quantile(np.abs(values), BRIGHT)) or 1.0


def run(options: argparse.Namespace, weights: Weights, *images: np.ndarray) -> np.ndarray:
    """Return the sheet: pictures, matrices, their difference if there are two, and the pictures of the pairs."""
    network, layer = VGG19(weights), options.layer
    names = [path.name for path in (options.image, options.other) if path]
    maps = [network(image[None].astype(np.float32), [layer])[layer] for image in images]
    matrices = [gram_matrix(each).numpy().astype(np.float64) for each in maps]
    order = np.ix_(*2 * [clustered(sum(matrices))])
    largest = max(map(bright, matrices))
    cells = []
    for name, image, matrix in zip(names, images, matrices, strict=True):
        cells += [(name, image), (f"its Gram matrix, {len(matrix)} channels", drawn(matrix[order], largest))]
    title = [
        f"Gram matrices of {layer}, channels in the order of a clustering; brighter: more active together",
        f"weights: {weights.label}",
    ]
    values = matrices[0]
    if len(matrices) == 2:
        values, distance = matrices[0] - matrices[1], relative_distance(*matrices)
        cells.append((f"difference: distance {distance:.3f}", drawn(values[order], bright(values), ORANGE, BLUE)))
        title.append(f"difference: orange more in the first, blue more in the second picture; {DISTANCE_MEANS}")
    sheet = contact_sheet(cells, len(cells), HEIGHT, title, font_size=0.5)
    return stacked([sheet, pairs_sheet(network, layer, values, len(matrices) == 2, options.seed)])


def pairs_sheet(network: VGG19, layer: str, values: np.ndarray, of_difference: bool, seed: int) -> np.ndarray:
    """Return the sheet of the pairs that weigh most in `values` (C, C), each channel by the picture it answers to."""
    pairs = strongest_pairs(values, PAIRS)
    names = [each.name for each in LAYERS]
    convolution = names[names.index(layer) - 1]  # a ReLU's channels are those of the convolution before it
    channels = [channel for pair in pairs for channel in pair]
    found = [each for batch in maximize(network, convolution, channels, seed) for each in batch]
    cells = []
    for number, (first, second) in enumerate(pairs):
        cells += [
            (f"channel {first}", found[2 * number].image),
            (f"with {second}: {values[first, second]:.3g}", found[2 * number + 1].image),
        ]
    what = "differ most" if of_difference else "are most active together"
    title = f"the pairs of channels that {what}, each channel by a picture that it answers to"
    return contact_sheet(cells, len(cells), PICTURE_HEIGHT, [title], font_size=0.45)
