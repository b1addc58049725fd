"""Quadratics whose minimum in [0, 255] is known, because it was chosen first."""

from dataclasses import dataclass, field

import numpy as np

from transfer.losses import Losses
from vgg.optimize.optimizers import OPTIMIZERS

SHAPE = (4, 5, 3)


SIZE = 60


@dataclass
class Quadratic:
    """½ (x − c)ᵀ A (x − c) · scale, where A couples all pixels and `at_bounds` of them end at 0, as many at 255.

    By Karush, Kuhn & Tucker a point is the minimum within the bounds if the gradient is 0 inside, positive where the
    pixel is 0 and negative where it is 255. So choose the point and such a gradient, and c follows.
    """

    at_bounds: int
    scale: float = 1.0
    steepest: float = 30.0  # the largest curvature; the smallest is 1
    evaluated: list[np.ndarray] = field(default_factory=list)
    steps: list[np.ndarray] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def __post_init__(self):
        rng = np.random.default_rng(0)
        rotation, _ = np.linalg.qr(rng.normal(size=(SIZE, SIZE)))
        self.matrix = rotation @ np.diag(np.geomspace(1, self.steepest, SIZE)) @ rotation.T
        self.solution, gradient = rng.uniform(20, 235, SIZE), np.zeros(SIZE)
        low, high = slice(0, self.at_bounds), slice(self.at_bounds, 2 * self.at_bounds)
        self.solution[low], self.solution[high] = 0, 255
        gradient[low] = rng.uniform(200, 900, self.at_bounds)
        gradient[high] = -rng.uniform(200, 900, self.at_bounds)
        self.centre = self.solution - np.linalg.solve(self.matrix, gradient)

    def evaluate(self, image):
        assert image.shape == SHAPE
        self.evaluated.append(image.copy())
        away = image.reshape(-1).astype(np.float64) - self.centre
        slope = self.matrix @ away
        total = self.scale * (away @ slope) / 2
        return Losses(0.25 * total, 0.75 * total, 0.0, total), (self.scale * slope).reshape(SHAPE).astype(np.float32)

    def on_step(self, image, losses):
        self.steps.append(image.copy())
        self.losses.append(losses.total)

    def run(self, optimizer, iterations, learning_rate=2.0, start=128.0):
        OPTIMIZERS[optimizer](self.evaluate, np.full(SHAPE, start, np.float32), iterations, learning_rate, self.on_step)
        return self
