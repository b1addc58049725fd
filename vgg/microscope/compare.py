"""Where two pictures differ: their distance in content and in style at each layer."""

from typing import NamedTuple

import numpy as np

from vgg.image.file import resize_to
from vgg.layers import LAYERS
from vgg.microscope.distance import relative_distance
from vgg.network import VGG19
from vgg.statistics import gram_matrix

#: After the ReLUs, where the paper measures, and where no distance is larger than 1.
COMPARED = tuple(layer.name for layer in LAYERS if layer.kind == "relu")


class Distances(NamedTuple):
    """At one layer; 0: the same, 1: nothing in common."""

    layer: str
    content: float  # the maps, position by position
    style: float  # the Gram matrices, which know no positions


def compare(network: VGG19, a: np.ndarray, b: np.ndarray) -> list[Distances]:
    """Return the distances of two pictures, (H, W, 3) RGB in [0, 255], at the 16 ReLUs.

    Content is compared position by position, for which `b` is stretched to the size of `a`; style is that of each
    picture as it is.
    """
    maps_a, maps_b = (network(image[None].astype(np.float32), COMPARED) for image in (a, b))
    stretched = resize_to(b, *a.shape[:2])
    maps_stretched = maps_b if stretched is b else network(stretched[None].astype(np.float32), COMPARED)
    found = []
    for layer in COMPARED:
        content = relative_distance(maps_a[layer].numpy(), maps_stretched[layer].numpy())
        style = relative_distance(gram_matrix(maps_a[layer]).numpy(), gram_matrix(maps_b[layer]).numpy())
        found.append(Distances(layer, content, style))
    return found
