"""The optimisers people use for style transfer, on an image whose pixels stay within [0, 255].

All have the same signature, and ignore what they have no use for: `evaluate(image)` gives the losses and the gradient
at an image (H, W, 3), and `on_step(image, losses)` is called after each step with the image that step arrived at, an
array that is not changed again. Losses are any record whose `total` is what is minimised.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np
import scipy.optimize

from vgg.optimize.l_bfgs import HISTORY as UNIT_HISTORY
from vgg.optimize.l_bfgs import PairHistory, minimise


class HasTotal(Protocol):
    """The losses of one evaluation, whatever they consist of."""

    @property
    def total(self) -> float:
        """What is minimised."""


Losses = TypeVar("Losses", bound=HasTotal)
Evaluate = Callable[[np.ndarray], tuple[Losses, np.ndarray]]
OnStep = Callable[[np.ndarray, Losses], None]

HISTORY = 20  # pairs of steps and gradient changes that L-BFGS remembers, as in the authors' DeepTextures


class Optimizer(Protocol):
    """What `OPTIMIZERS` holds."""

    def __call__(
        self,
        evaluate: Evaluate,
        start: np.ndarray,
        iterations: int,
        learning_rate: float,
        on_step: OnStep,
        history: PairHistory = UNIT_HISTORY,
    ) -> None:
        """Take up to `iterations` steps from `start`; `learning_rate` is Adam's, `history` that of `l_bfgs_unit`."""


def l_bfgs(
    evaluate: Evaluate,
    start: np.ndarray,
    iterations: int,
    learning_rate: float,
    on_step: OnStep,
    history: PairHistory = UNIT_HISTORY,
) -> None:
    """SciPy's L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995), the paper's choice; finds its own step length.

    Stops before `iterations` steps only if no step along its direction lowers the loss any more.
    """
    evaluated: dict[bytes, Losses] = {}
    # With bounds its first trial is x − gradient. The loss is scaled so that this moves a pixel by about one level:
    # recipes' units differ by many powers of ten, and a first step too small to change a float32 loss ends the search.
    _, gradient = evaluate(start)
    scale = 1 / max(float(np.sqrt(np.mean(np.square(gradient, dtype=np.float64)))), 1e-30)

    def scaled_loss(pixels: np.ndarray) -> tuple[float, np.ndarray]:
        losses, gradient = evaluate(pixels.reshape(start.shape))
        evaluated[pixels.tobytes()] = losses
        return scale * losses.total, scale * gradient.reshape(-1).astype(np.float64)

    def after_step(intermediate_result: scipy.optimize.OptimizeResult) -> None:
        losses = evaluated[intermediate_result.x.tobytes()]
        evaluated.clear()
        on_step(intermediate_result.x.reshape(start.shape), losses)

    scipy.optimize.minimize(
        scaled_loss,
        start.reshape(-1).astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        bounds=scipy.optimize.Bounds(0, 255),
        callback=after_step,
        options={"maxiter": iterations, "maxfun": 20 * iterations, "maxcor": HISTORY, "ftol": 0, "gtol": 0},
    )


def adam(
    evaluate: Evaluate,
    start: np.ndarray,
    iterations: int,
    learning_rate: float,
    on_step: OnStep,
    history: PairHistory = UNIT_HISTORY,
) -> None:
    """Adam (Kingma & Ba 2015, Algorithm 1), β₁ = 0.9, β₂ = 0.999, ε = 1e-8; clipped to [0, 255] after each step."""
    image = start.astype(np.float32)
    mean, square = np.zeros_like(image), np.zeros_like(image)
    losses, gradient = evaluate(image)
    for t in range(1, iterations + 1):
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        corrected_mean, corrected_square = mean / (1 - 0.9**t), square / (1 - 0.999**t)
        image = image - learning_rate * corrected_mean / (np.sqrt(corrected_square) + 1e-8)
        image = np.clip(image, 0, 255).astype(np.float32)
        losses, gradient = evaluate(image)
        on_step(image, losses)


def l_bfgs_unit(
    evaluate: Evaluate,
    start: np.ndarray,
    iterations: int,
    learning_rate: float,
    on_step: OnStep,
    history: PairHistory = UNIT_HISTORY,
) -> None:
    """Our own L-BFGS (`vgg.optimize.l_bfgs`), which does not search along its direction."""
    latest: list[Losses] = []

    def total(image: np.ndarray) -> tuple[float, np.ndarray]:
        losses, gradient = evaluate(image)
        latest[:] = [losses]
        return losses.total, gradient

    minimise(total, start, iterations, lambda image: on_step(image, latest[0]), history)


OPTIMIZERS: dict[str, Optimizer] = {"l-bfgs": l_bfgs, "l-bfgs-unit": l_bfgs_unit, "adam": adam}
