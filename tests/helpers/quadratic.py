"""Quadratics whose minimum in [0, 255] is known, because it was chosen first."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from vgg.optimize.optimizer import Optimizer

SHAPE = (4, 5, 3)
SIZE = 60


class Losses(NamedTuple):
    """All that an optimiser asks of losses."""

    total: float


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
        return Losses(self.scale * (away @ slope) / 2), (self.scale * slope).reshape(SHAPE).astype(np.float32)

    def run(self, optimizer: Optimizer, steps: int, start: float | np.ndarray = 128.0) -> "Quadratic":
        """Take so many steps, or fewer if there is no further one; `start` is a level or an image."""
        image = start if isinstance(start, np.ndarray) else np.full(SHAPE, start, np.float32)
        state = optimizer.start(self.evaluate, image)
        for image, losses in stepwise(optimizer, self.evaluate, state, steps):
            self.steps.append(image)
            self.losses.append(losses.total)
        return self


def stepwise(optimizer: Optimizer, evaluate, state, steps: int):
    """Yield (image, losses) after each of at most `steps` steps, and end the optimiser in any case."""
    try:
        for _ in range(steps):
            further = optimizer.step(evaluate, state)
            if further is None:
                return
            state = further
            yield state.image, state.losses
    finally:
        optimizer.end(state)
