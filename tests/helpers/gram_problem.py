"""A problem of the style loss's form whose minimum is 0, small enough for any optimiser."""

import numpy as np

from quadratic import SHAPE, Losses


class Gram:
    """Σ (X Xᵀ / M − A)², the style loss's form, where some X reaches A exactly; X are pixels − 128, / 20."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        reached = rng.normal(size=(4, 15)) * np.geomspace(1, 0.1, 4)[:, None]
        self.target, self.noise, self.evaluated = reached @ reached.T, rng.normal(size=SHAPE), []

    def evaluate(self, image):
        maps = (image.reshape(4, 15).astype(float) - 128) / 20
        difference = (maps @ maps.T - self.target) / 15
        self.evaluated.append(float(np.sum(difference**2)))
        return Losses(self.evaluated[-1]), (4 / 15 / 20 * difference @ maps).astype(np.float32).reshape(image.shape)

    def start(self, spread: float) -> np.ndarray:
        return np.clip(128 + spread * self.noise, 0, 255)
