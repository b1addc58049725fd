"""L-BFGS for pictures: unit steps, a guard against bad ones, single precision.

SciPy's L-BFGS-B searches along each direction until the loss has fallen enough, which costs evaluations and fails when
losses are known to a few digits only, as with a network in bfloat16. Near a minimum the step L-BFGS proposes is nearly
always right as it is; so it is taken, and undone in the rare case that the loss rises; what it has shown of the
curvature is kept.

Liu & Nocedal 1989, "On the limited memory BFGS method for large scale optimization"; the two-loop recursion is
Algorithm 7.4 of Nocedal & Wright, "Numerical Optimization".
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

FIRST_STEP = 1.0  # root mean square, in pixel levels, of a step that knows no curvature yet
LONGEST_STEP = 30.0  # the same for any step: more is a bad pair's doing
TOLERATED_RISE = 1.05  # of the loss over the best so far; a little helps across ridges, much never comes back
GIVE_UP = 10  # failures without a better picture in between

Pair = tuple[np.ndarray, np.ndarray, float]  # s, y and 1 / (s·y)


class PairHistory(NamedTuple):
    """How much of its past L-BFGS remembers: pairs of steps and gradient changes, two arrays of the image's size each.

    Two digits are enough for them; in bfloat16 they take half the memory, but several times as long to compute with.
    """

    pairs: int
    dtype: type


HISTORY = PairHistory(40, np.float32)


def direction(gradient: np.ndarray, pairs: deque[Pair]) -> np.ndarray:
    """−H·gradient (n,), where H approximates the inverse of the second derivatives as `pairs` have shown them."""
    q, alphas = gradient.copy(), []  # in place from here on: of a large picture each copy counts
    for s, y, inverse in reversed(pairs):
        alpha = np.float32(inverse * np.dot(s, q))
        q -= alpha * y
        alphas.append(alpha)
    _, y, inverse = pairs[-1]
    q *= np.float32(1 / (inverse * float(np.linalg.norm(y.astype(np.float32, copy=False))) ** 2))
    for (s, y, inverse), alpha in zip(pairs, reversed(alphas), strict=True):
        q += (alpha - np.float32(inverse * np.dot(y, q))) * s
    return np.negative(q, out=q)


def root_mean_square(values: np.ndarray) -> float:
    """√ of the mean of squares."""
    return float(np.linalg.norm(values)) / values.size**0.5


def next_picture(picture: np.ndarray, gradient: np.ndarray, pairs: deque[Pair], first_step: float) -> np.ndarray | None:
    """The picture one unit step further, with pixels in [0, 255]; None at a minimum.

    Without pairs it goes down the gradient by `first_step`, the root mean square over all pixels.
    """
    # A pixel at the end of its range that wants to go further takes no part in this step.
    held = ((picture <= 0) & (gradient > 0)) | ((picture >= 255) & (gradient < 0))
    free = np.where(held, np.float32(0), gradient)
    size = root_mean_square(free)
    if size == 0:
        return None
    if pairs:
        move = direction(free.reshape(-1), pairs).reshape(picture.shape)
        move[held] = 0
        move *= np.float32(min(1.0, LONGEST_STEP / max(root_mean_square(move), 1e-30)))
    else:
        move = free * np.float32(-first_step / size)
    move += picture
    return np.clip(move, 0, 255, out=move)


def minimise(
    evaluate: Callable[[np.ndarray], tuple[float, np.ndarray]],
    start: np.ndarray,
    iterations: int,
    on_step: Callable[[np.ndarray], None],
    history: PairHistory = HISTORY,
) -> None:
    """Take up to `iterations` steps from `start`, a picture with pixels in [0, 255], which they never leave.

    `evaluate(picture)` gives loss and gradient; `on_step(picture)` is called after each step that was kept, with an
    array that is not changed again. Ends early when no step lowers the loss.
    """
    picture = start.astype(np.float32)
    loss, gradient = evaluate(picture)
    best, pairs, first_step, failures, steps = (loss, picture), deque[Pair](maxlen=history.pairs), FIRST_STEP, 0, 0
    while steps < iterations and failures < GIVE_UP:
        moved = next_picture(picture, gradient, pairs, first_step)
        if moved is None:
            return
        new_loss, new_gradient = evaluate(moved)
        s, y = (moved - picture).reshape(-1), (new_gradient - gradient).reshape(-1)
        curvature = float(np.dot(s, y))
        bends_up = curvature > 1e-8 * float(np.linalg.norm(s)) * float(np.linalg.norm(y))  # losses have any unit
        if bends_up:
            pairs.append((s.astype(history.dtype, copy=False), y.astype(history.dtype, copy=False), 1 / curvature))
        del s, y  # what is kept of them may be shorter
        if not new_loss <= TOLERATED_RISE * best[0]:
            failures += 1
            # At first, the pair just added is enough: it has shown how steep it was there, and the next step heeds it.
            if failures > 1 or not bends_up:
                pairs.clear()
                first_step /= 2
            if picture is not best[1]:  # its gradient is computed again rather than kept: this is rare
                picture = best[1]
                loss, gradient = evaluate(picture)
                best = (loss, picture)
            continue
        picture, gradient = moved, new_gradient
        if new_loss < best[0]:
            best, failures = (new_loss, picture), 0
        steps += 1
        on_step(picture)
