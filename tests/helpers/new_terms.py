"""Kinds of terms that the program does not have, and targets for them by hand.

- `Temporal`, on pixels: Σ c (x − x̂)², with which each frame of a video stays near the one before, x̂, where the
  weights c say that it is known (Ruder, Dosovitskiy & Brox 2016).
- `Guided` style: the Gram matrix of an image's part, Fᵀ diag(g²) F / Σ g² with a guide g for each position (Gatys et
  al. 2017). Σ g² is a second statistic of its own.
- A style term whose target is a blend of two styles' Gram matrices; that is no new kind even.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

import numpy_network
from transfer.losses import PIXELS, ContentTerm, Pixels, StyleTerm, Target, VariationTerm
from transfer.objective import WholeEvaluation
from transfer.recipes import LossScale, Variation
from transfer.striped.evaluation import StripedEvaluation
from vgg.layers import maps_shape
from vgg.network import VGG19
from vgg.statistics import as_matrix

#: The loss of a layer relative to the sum of squares of its own target.
RELATIVE = LossScale(target=-1)

HEIGHT, WIDTH = 75, 27  # odd at more than one pool
ROWS = 8


@dataclass(frozen=True)
class Temporal:
    """The target's `maps` are x̂ and c, (1, H, W, 3 + 1)."""

    name: str = "temporal"
    group: str = "temporal"
    layer: str = PIXELS

    def statistic(self, values: Pixels, target: Target) -> tf.Tensor:
        before, certainty = target.maps[..., :3], target.maps[..., 3:]
        return tf.reduce_sum(certainty * tf.square(values.rows - before))

    def loss(self, statistic: tf.Tensor, target: Target) -> tf.Tensor:
        return statistic


@dataclass(frozen=True)
class Guided:
    """The target's `maps` are g, (1, H', W', 1), and its `summary` is A, (N, N)."""

    layer: str
    group: str = "style"

    @property
    def name(self) -> str:
        return f"guided {self.layer}"

    def statistic(self, values: tf.Tensor, target: Target) -> tuple[tf.Tensor, tf.Tensor]:
        guide = as_matrix(target.maps)  # (M, 1)
        masked = guide * as_matrix(values)
        return tf.matmul(masked, masked, transpose_a=True), tf.reduce_sum(guide**2)

    def loss(self, statistic: tuple[tf.Tensor, tf.Tensor], target: Target) -> tf.Tensor:
        sums, positions = statistic
        difference = tf.reduce_sum(tf.square(sums / positions - target.summary))
        return difference / tf.reduce_sum(tf.square(target.summary))


def gram(maps: np.ndarray, guide: np.ndarray | None = None) -> np.ndarray:
    """(H, W, N) and (H, W) → (N, N), in float64."""
    guide = np.ones(maps.shape[:2]) if guide is None else guide.astype(np.float64)
    return np.einsum("yx,yxi,yxj->ij", guide**2, maps, maps) / np.sum(guide**2)


class Case:
    """All targets by hand, in NumPy's arrays; weights for each kind of term."""

    def __init__(self, weights, **weight: float) -> None:
        rng = np.random.default_rng(4)
        self.network, self.weights = VGG19(weights, "avg"), weights
        self.image = rng.uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
        content, *styles = (rng.uniform(0, 255, shape) for shape in ((HEIGHT, WIDTH, 3), (41, 53, 3), (36, 40, 3)))
        self.content = numpy_network.forward(content, weights, "avg")
        self.styles = [numpy_network.forward(style, weights, "avg") for style in styles]
        self.before = rng.uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
        self.certainty = rng.uniform(0, 1, (HEIGHT, WIDTH, 1)).astype(np.float32) * (
            rng.random((HEIGHT, WIDTH, 1)) > 0.3
        )
        self.guides = {
            layer: rng.uniform(0, 1, maps_shape(HEIGHT, WIDTH, layer)).astype(np.float32)
            for layer in ("relu1_2", "pool2", "relu3_1")
        }
        self.terms, self.targets, self.each_weight = [], {}, {}
        for kind, add in (("temporal", self.temporal), ("guided", self.guided), ("blend", self.blend)):
            if kind in weight:
                add(weight[kind])
        if "old" in weight:
            self.old(weight["old"])

    def add(self, term, weight, maps=None, summary=None) -> None:
        self.terms.append(term)
        self.each_weight[term.name] = weight
        self.targets[term.name] = Target(
            None if maps is None else np.float32(maps[None]), None if summary is None else np.float32(summary)
        )

    def temporal(self, weight: float) -> None:
        self.add(Temporal(), weight, np.concatenate([self.before, self.certainty], axis=2))

    def guided(self, weight: float) -> None:
        for layer, guide in self.guides.items():
            self.add(Guided(layer), weight, guide[..., None], gram(self.styles[0][layer]))

    def blend(self, weight: float) -> None:
        for layer in ("relu1_1", "relu4_1"):
            rows, columns = maps_shape(HEIGHT, WIDTH, layer)
            blend = 0.3 * gram(self.styles[0][layer]) + 0.7 * gram(self.styles[1][layer])
            channels = self.network.channels(layer)
            self.add(StyleTerm(layer, RELATIVE, channels, rows * columns), weight, summary=blend)

    def old(self, weight: float) -> None:
        maps, channels = self.content["relu3_2"], self.network.channels("relu3_2")
        positions = maps.shape[0] * maps.shape[1]
        self.add(ContentTerm("relu3_2", RELATIVE, channels, positions), weight, maps, np.sum(maps**2))
        self.add(VariationTerm(Variation(), HEIGHT, WIDTH), 1e-5 * weight)

    def evaluations(self):
        return WholeEvaluation(self.network, self.terms), StripedEvaluation(self.network, self.terms, ROWS)

    def both(self):
        """(losses, gradient) of the whole image and in stripes."""
        return [evaluation(self.image, self.targets, self.each_weight) for evaluation in self.evaluations()]
