"""`compare A B`: where two pictures differ, in content and in style at each layer, as a table and a bar chart."""

import argparse
from typing import NamedTuple

import numpy as np

from vgg.layers import LAYERS
from vgg.matfile.read import Weights
from vgg.microscope.draw import bar_chart, text_table
from vgg.microscope.search import DISTANCE_MEANS, relative_distance
from vgg.network import VGG19
from vgg.statistics import gram_matrix
from vgg.tools.console import say, say_lines
from vgg.tools.image import resize_to
from vgg.tools.sheet import contact_sheet, stacked

#: After the ReLUs, where the paper measures, and where no distance is larger than 1.
COMPARED = tuple(layer.name for layer in LAYERS if layer.kind == "relu")


class Distances(NamedTuple):
    """At one layer; 0: the same, 1: nothing in common."""

    layer: str
    content: float  # the maps, position by position
    style: float  # the Gram matrices, which know no positions


def compare(network: VGG19, a: np.ndarray, b: np.ndarray) -> list[Distances]:
    """Return the distances of two images, (H, W, 3) RGB in [0, 255], at the 16 ReLUs.

    Content is compared position by position, for which `b` is stretched to the size of `a`; style is that of each
    image as it is.
    """
    maps_a, maps_b = (network(image[None].astype(np.float32), COMPARED) for image in (a, b))
    stretched = resize_to(b, *a.shape[:2])
    maps_stretched = maps_b if stretched is b else network(stretched[None].astype(np.float32), COMPARED)
    distances = []
    for layer in COMPARED:
        content = relative_distance(maps_a[layer].numpy(), maps_stretched[layer].numpy())
        style = relative_distance(gram_matrix(maps_a[layer]).numpy(), gram_matrix(maps_b[layer]).numpy())
        distances.append(Distances(layer, content, style))
    return distances


def run(options: argparse.Namespace, weights: Weights, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Print the table and return the chart."""
    distances = compare(VGG19(weights), a, b)
    size_a, size_b = (f"{image.shape[1]} x {image.shape[0]}" for image in (a, b))
    sizes = "both of one size" if size_a == size_b else f"B stretched from {size_b} to A's {size_a} pixels"
    say(f"content: maps position by position; {sizes}")
    say(f"style: Gram matrices; {DISTANCE_MEANS}")
    numbers = [(each.layer, f"{each.content:.4f}", f"{each.style:.4f}") for each in distances]
    say_lines(text_table([("layer", "content", "style"), *numbers], "<>>"))
    title = (
        f"A and B at each layer of VGG-19, distances ({DISTANCE_MEANS}); weights: {weights.label}",
        f"content: their maps, position by position ({sizes}); style: their Gram matrices",
    )
    cells = [(f"A: {options.a.name}", a), (f"B: {options.b.name}", b)]
    bars = bar_chart([(each.layer, (each.content, each.style)) for each in distances], ("content", "style"))
    return stacked([contact_sheet(cells, height=240, title=title, font_size=0.5), bars])
