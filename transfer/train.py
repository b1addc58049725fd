"""The training loop: from a start image to the image with the lowest loss, by L-BFGS or Adam.

The network stays as it is; what is trained is the picture. Nothing here prints or writes: a callback gets a `Step`
after each step, and the command line decides what to show and save.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from transfer.losses import Losses
from transfer.objective.whole import Objective
from vgg.optimize.l_bfgs import HISTORY, PairHistory
from vgg.optimize.optimizers import OPTIMIZERS

DRAFTED = 0.9  # share of the steps that a faster, less exact objective may take


@dataclass(frozen=True)
class Step:
    """One step of the optimiser, as reported to the callback."""

    step: int
    evaluations: int  # of loss and gradient, so far
    seconds: float  # since the loop began
    content: float  # α · L_content
    style: float  # β · L_style
    tv: float
    total: float
    layers: dict[str, float] = field(default_factory=dict)  # "content relu4_2": its part of `content`, and so on
    size: int = 0  # longer side of the image in pixels
    left: float = 0.0  # seconds that the steps to come will take, at the pace so far


@dataclass
class Result:
    """The best image seen, (H, W, 3) float32 RGB in [0, 255], and how it came about."""

    image: np.ndarray
    steps: list[Step] = field(default_factory=list)
    best_step: int = 0  # the one that arrived at `image`; 0 for the start
    stopped: str = "finished"  # or "converged", "interrupted", or what made the loss no longer a number


class NonFiniteLoss(ArithmeticError):
    """The loss is no longer a number; the message says which term."""


def train(
    objective: Objective,
    start: np.ndarray,
    callback: Callable[[Step, np.ndarray], None] | None = None,
    draft: Objective | None = None,
    history: PairHistory = HISTORY,
) -> Result:
    """Minimise `objective` from the image `start` (H, W, 3) with the recipe's optimiser and number of iterations.

    `draft`, a faster and less exact stand-in, is used for all but the last tenth of the steps; the two are never
    compared, so the image returned is the best by `objective` unless the run was stopped before. Our own L-BFGS learns
    the curvature from `history`.

    `callback(step, best_image)` is called after each step. KeyboardInterrupt, whether raised by Ctrl-C or by the
    callback, ends the loop and keeps the best image; so does a loss that is not finite.
    """
    recipe = objective.recipe
    result = Result(start.astype(np.float32))
    began, best, evaluations = time.perf_counter(), np.inf, 0
    drafted = int(np.ceil(DRAFTED * recipe.iterations)) if draft else 0  # steps to be judged by `draft`

    def evaluate(image: np.ndarray) -> tuple[Losses, np.ndarray]:
        nonlocal evaluations, best
        evaluations += 1
        if draft and len(result.steps) == drafted:
            draft.release()  # of a large picture, its targets would take what the exact ones need
        losses, gradient = (draft if draft and len(result.steps) < drafted else objective)(image)
        _require_finite(losses, gradient, evaluations)
        if evaluations == 1:
            best = losses.total  # the start's: a step that ends higher does not replace it
        return losses, gradient

    def on_step(image: np.ndarray, losses: Losses) -> None:
        nonlocal best
        seconds = time.perf_counter() - began
        *terms, layers = losses
        by_layer = dict(zip(objective.terms, layers, strict=True))
        number = len(result.steps) + 1
        # Nearly all steps take one evaluation, but the first of SciPy's L-BFGS several.
        left = seconds / evaluations * (recipe.iterations - number)
        step = Step(number, evaluations, seconds, *terms, by_layer, max(start.shape[:2]), left)
        result.steps.append(step)
        if draft and len(result.steps) == drafted + 1:
            best = np.inf
        if step.total < best:
            best, result.image, result.best_step = step.total, np.asarray(image, np.float32), step.step
        if callback:
            callback(step, result.image)

    optimizer = OPTIMIZERS[recipe.optimizer]
    try:
        optimizer(evaluate, start, recipe.iterations, recipe.learning_rate, on_step, history)
        if len(result.steps) < drafted:  # what stands still may be the draft's own inexactness
            drafted, left = len(result.steps), recipe.iterations - len(result.steps)
            optimizer(evaluate, result.image, left, recipe.learning_rate, on_step, history)
        if len(result.steps) < recipe.iterations:
            result.stopped = "converged"  # the optimiser found no lower loss
    except KeyboardInterrupt:
        result.stopped = "interrupted"
    except NonFiniteLoss as error:
        result.stopped = str(error)
    return result


def _require_finite(losses: Losses, gradient: np.ndarray, evaluation: int) -> None:
    for term in ("content", "style", "tv", "total"):
        value = getattr(losses, term)
        if not np.isfinite(value):
            raise NonFiniteLoss(f"the {term} loss became {value} at evaluation {evaluation}")
    if not np.isfinite(gradient).all():
        raise NonFiniteLoss(f"the gradient was no longer finite at evaluation {evaluation}")
