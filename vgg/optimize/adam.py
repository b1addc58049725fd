"""Adam, as Kingma & Ba describe it ("Adam: A Method for Stochastic Optimization", ICLR 2015, Algorithm 1)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vgg.optimize.optimizer import Arrays, Evaluate, Losses, Optimizer


class AdamState(NamedTuple):
    """Where Adam is after `t` steps; all arrays are (H, W, 3)."""

    image: np.ndarray
    losses: Losses
    gradient: np.ndarray
    mean: np.ndarray  # m of Algorithm 1, the decaying mean of gradients
    square: np.ndarray  # v, the decaying mean of their squares
    t: int = 0


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam on an image whose pixels are clipped to [0, 255] after each step; `learning_rate` in pixel levels.

    With `epsilon_hat`, ε is added to √v instead of √v̂: the more efficient order at the end of the paper's section 2,
    which TensorFlow has.
    """

    learning_rate: float
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    epsilon_hat: bool = False

    def start(self, evaluate: Evaluate, image: np.ndarray, before: AdamState | None = None) -> AdamState:
        """Return the state at `image` (H, W, 3), with the means that `before` has gathered."""
        image = image.astype(np.float32)
        if before:
            return AdamState(image, *evaluate(image), before.mean, before.square, before.t)
        return AdamState(image, *evaluate(image), np.zeros_like(image), np.zeros_like(image))

    def step(self, evaluate: Evaluate, state: AdamState) -> AdamState:
        """Return the state one step further, whether the loss is lower there or not."""
        t = state.t + 1
        mean = self.beta1 * state.mean + (1 - self.beta1) * state.gradient
        square = self.beta2 * state.square + (1 - self.beta2) * state.gradient**2
        corrected_mean, corrected_square = mean / (1 - self.beta1**t), square / (1 - self.beta2**t)
        epsilon = self.epsilon / np.sqrt(1 - self.beta2**t) if self.epsilon_hat else self.epsilon
        image = state.image - self.learning_rate * corrected_mean / (np.sqrt(corrected_square) + epsilon)
        image = np.clip(image, 0, 255).astype(np.float32)
        return AdamState(image, *evaluate(image), mean, square, t)

    def to_arrays(self, state: AdamState) -> Arrays:
        """Return all of the state but its losses."""
        arrays = {name: getattr(state, name) for name in ("image", "gradient", "mean", "square")}
        return arrays | {"t": np.array(state.t)}

    def from_arrays(self, arrays: Arrays, losses: Losses) -> AdamState:
        """Return the state that `to_arrays` was called with; raises ValueError if it cannot be one."""
        if arrays["t"] < 0 or (arrays["square"] < 0).any():
            raise ValueError("the number of steps or a square of Adam is below 0")
        return AdamState(losses=losses, **arrays | {"t": int(arrays["t"])})
