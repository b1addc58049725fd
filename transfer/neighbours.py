"""Nearest neighbours: each place of the image becomes like the place of the style image that is most like it.

Kolkin, Kucera, Paris, Sýkora, Shechtman & Shakhnarovich, "Neural Neighbor Style Transfer", arXiv:2203.13215. The other
style statistics are of all positions together. Here each position has a target of its own:

1. content, style and generated image are cut into cells of 4 × 4 pixels, each with the features of all style layers;
2. the content's features are mixed with those of the generated image as it is then;
3. for each cell of this mixture, the cell of the style image is found whose features point the same way;
4. in each layer, the features of the found cells are what the generated image's are compared with.

The steps 2 to 4 are done again a few times at each size (`ROUNDS`). So a sky that is flat in the photo becomes a little
like the style, then finds more of the style that is like it, and ends with its swirls. The content image alone would
find the style's flat places only.

Not followed: the paper also turns the style image in four directions, compares the features of all layers as one vector
and not layer by layer, and lets each layer find its own neighbours in the last 200 steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, prod, sqrt
from typing import ClassVar

import tensorflow as tf

from transfer.losses import Target, scaled
from transfer.recipes import LossScale
from vgg.layers import receptive_field
from vgg.statistics import as_matrix

CELL = 4  # pixels
#: How often neighbours are looked for at each size, before the last steps, which begin with one more search.
ROUNDS = 3
#: Cells of the style image that are looked at; of a larger one every second in each direction, or fewer.
MOST_CELLS = 1 << 14
AT_ONCE = 1 << 10  # cells of the content image that are compared with all of these
#: What is added to |F|², as a share of the style's mean of it: at a place without features, F points nowhere.
LEAST_ENERGY = 1e-4

CellMaps = Mapping[str, tf.Tensor]  # of an image by layer, as `cells` returns them


@dataclass(frozen=True)
class NeighbourTerm:
    """The cosine distance of one layer: E = k Σ_m (1 − cos(F_m, T_m)) over its cells m.

    F_m is the mean of the maps in a cell. The target's `maps` are T, (1, H″, W″, N), of length 1 in each cell, and its
    `summary` is e, what `LEAST_ENERGY` makes of the style's |F_m|².

    Gradient. With n = √(|F_m|² + e), cos = F_m · T_m / n. Since ∂n/∂F_m = F_m / n,

        ∂E/∂F_m = −k (T_m − cos F_m / n) / n:

    what of T_m is at a right angle to F_m. The length of F_m does not matter, but for e. Each position of a cell gets
    its share of ∂E/∂F_m.
    """

    group: ClassVar[str] = "style"
    layer: str
    scale: LossScale  # k
    channel_count: int  # N
    position_count: int  # M
    content_share: float = 0.7  # of the mixture whose neighbours are looked for

    @property
    def name(self) -> str:
        """Return for example `style relu1_1`."""
        return f"{self.group} {self.layer}"

    def statistic(self, values: tf.Tensor, target: Target) -> tf.Tensor:
        """Return the mean of 1 − cos(F_m, T_m) over the cells, times M: a sum as if each position had its own."""
        return self.distance(cells(values, self.layer), target)

    def distance(self, values: tf.Tensor, target: Target) -> tf.Tensor:
        """Return what `statistic` does, from the cells themselves."""
        f, t = as_matrix(values), as_matrix(target.maps)  # (cells, N)
        cosines = tf.reduce_sum(f * t, axis=1) * tf.math.rsqrt(tf.reduce_sum(f**2, axis=1) + target.summary)
        return self.position_count * tf.reduce_mean(1 - cosines)

    def loss(self, statistic: tf.Tensor, target: Target) -> tf.Tensor:
        """Return k Σ (1 − cos(F_m, T_m))."""
        return scaled(statistic, float(self.position_count), target.distance, self)


def cells(maps: tf.Tensor, layer: str) -> tf.Tensor:
    """Return the means of maps (1, H', W', N) over cells, (1, H″, W″, N) float32.

    A layer whose positions are as far apart as cells, or farther, has a cell for each position.
    """
    across = max(1, CELL // receptive_field(layer).stride)
    return tf.cast(tf.nn.avg_pool2d(maps, across, across, "SAME"), tf.float32)


def neighbour_targets(
    terms: Sequence[NeighbourTerm], content: CellMaps, style: CellMaps, so_far: CellMaps
) -> dict[str, Target]:
    """Return the target of each term by its name, for the cells of content, style and generated image."""
    mixed = {term.layer: _mixed(content[term.layer], so_far[term.layer], term.content_share) for term in terms}
    found, targets = matches(mixed, style), {}
    for term in terms:
        # Of several cells at one position of a deep layer, the mean.
        maps = tf.image.resize(_gathered(style, term.layer, found)[None], mixed[term.layer].shape[1:3], "area")
        energy = tf.reduce_mean(tf.reduce_sum(style[term.layer] ** 2, axis=3))
        target = Target(tf.math.l2_normalize(maps, axis=3), tf.maximum(LEAST_ENERGY * energy, 1e-12))
        if term.scale.distance:
            target = target._replace(distance=term.distance(content[term.layer], target))
        targets[term.name] = target
    return targets


def matches(content: CellMaps, style: CellMaps) -> tf.Tensor:
    """Return which cell of the style image, counted along its rows, each of the content's gets: (rows, columns).

    Cells are compared by the cosine of the features of all layers, each less its mean over the image. The size of a
    layer's maps does not matter. Deeper layers count more, or flat places would be found by their colours alone.
    """
    grid, style_grid = _grid(content), _grid(style)
    every = ceil(sqrt(prod(style_grid) / MOST_CELLS))
    of_content, of_style = [], []
    for layer in content:
        own, other = _on_grid(content[layer], grid), _on_grid(style[layer], style_grid)
        own, other = (values - tf.reduce_mean(values, axis=(0, 1)) for values in (own, other))
        size = tf.sqrt(tf.reduce_mean(tf.reduce_sum(other**2, axis=2)) / receptive_field(layer).stride) + 1e-12
        of_content.append(own / size)
        of_style.append(other[::every, ::every] / size)
    columns = of_style[0].shape[1]
    wanted, there = (tf.concat(parts, axis=2) for parts in (of_content, of_style))
    wanted, there = (tf.reshape(values, (-1, values.shape[2])) for values in (wanted, there))
    there = tf.math.l2_normalize(there, axis=1)  # not `wanted`: its length changes all cosines by the same factor
    parts = (wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE))
    nearest = tf.concat([tf.argmax(tf.matmul(part, there, transpose_b=True), axis=1) for part in parts], axis=0)
    return tf.reshape(every * (nearest // columns * style_grid[1] + nearest % columns), grid)


def _mixed(content: tf.Tensor, so_far: tf.Tensor, content_share: float) -> tf.Tensor:
    return content_share * content + (1 - content_share) * so_far


def _gathered(style: CellMaps, layer: str, found: tf.Tensor) -> tf.Tensor:
    """Return the layer's features of the found cells, (rows, columns, N)."""
    values = _on_grid(style[layer], _grid(style))
    return tf.gather(tf.reshape(values, (-1, values.shape[2])), found)


def _grid(maps: CellMaps) -> tuple[int, int]:
    """Return how many rows and columns of cells an image has: those of its finest layer."""
    return max(values.shape[1] for values in maps.values()), max(values.shape[2] for values in maps.values())


def _on_grid(values: tf.Tensor, grid: tuple[int, int]) -> tf.Tensor:
    """Return cells (1, H″, W″, N), of a deep layer fewer than the grid has, at each place of the grid: (*grid, N)."""
    return tf.image.resize(values, grid)[0]
