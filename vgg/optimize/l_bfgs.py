"""L-BFGS for images: unit steps, a guard against bad ones, single precision.

SciPy's L-BFGS-B searches along each direction until the loss has fallen enough. That costs evaluations, and it fails
when losses are known to a few digits only, as with a network in bfloat16. Near a minimum the step that L-BFGS proposes
is nearly always right as it is. So it is taken, and undone in the rare case that the loss rises by much; what it has
shown of the curvature is kept.

Liu & Nocedal 1989, "On the limited memory BFGS method for large scale optimization". The directions come from
`vgg.optimize.curvature`.

What is known before the first pair, the first inverse Hessian, is the identity or, with `smooth`, 1 / f for a wave of
frequency f: large forms then move first. That is the same as L-BFGS for z in x = A z, where A multiplies each wave by
f^(-1/2): the gradient of z is A g, a step of z is A⁻¹ s, and A A = 1 / f (`vgg.optimize.spectrum`). So the pairs are
kept in z, and a direction is brought back to x.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from vgg.optimize.curvature import Curvature
from vgg.optimize.optimizer import Arrays, Evaluate
from vgg.optimize.spectrum import rescaled

FIRST_STEP = 1.0  # root mean square, in pixel levels, of a step that knows no curvature yet
LONGEST_STEP = 30.0  # the same for any step: only a bad pair asks for more
TOLERATED_RISE = 1.05  # of the loss over the best so far; a little helps across ridges, much never comes back
GIVE_UP = 10  # failures without a better image in between


@dataclass
class LBFGSState:
    """Where L-BFGS is, and what it has learned on the way; images and gradients are (H, W, 3) float32."""

    image: np.ndarray
    losses: Any
    gradient: np.ndarray
    best: tuple[float, np.ndarray]  # the lowest total loss so far, and the image that has it
    curvature: Curvature
    first_step: float = FIRST_STEP
    failures: int = 0


@dataclass(frozen=True)
class LBFGS:
    """L-BFGS on an image with pixels in [0, 255], which they never leave.

    It remembers `history` pairs of a step and its change of the gradient, two arrays of the image's size each, as
    numbers of `dtype`. Two digits are enough for them: bfloat16 takes half the memory, but longer to compute with.
    `smooth` steps move large forms first.
    """

    history: int = 40
    dtype: type = np.float32
    smooth: bool = False

    def start(self, evaluate: Evaluate, image: np.ndarray, before: LBFGSState | None = None) -> LBFGSState:
        """Return the state at `image` (H, W, 3), with the curvature that `before` has seen."""
        image = image.astype(np.float32)
        losses, gradient = evaluate(image)
        curvature = before.curvature if before else Curvature(self.history, image.size, self.dtype)
        return LBFGSState(image, losses, gradient, (losses.total, image), curvature)

    def step(self, evaluate: Evaluate, state: LBFGSState) -> LBFGSState | None:
        """Return the same state one step further; None at a minimum, or if no step lowers the loss any more."""
        while state.failures < GIVE_UP:
            moved = self._moved(state)
            if moved is None:
                return None
            losses, gradient = evaluate(moved)
            s, y = moved - state.image, gradient - state.gradient
            bends_up = state.curvature.add(self._by_wave(s, 1 / 2), self._by_wave(y, -1 / 2))
            if losses.total <= TOLERATED_RISE * state.best[0]:
                state.image, state.losses, state.gradient = moved, losses, gradient
                if losses.total < state.best[0]:
                    state.best, state.failures = (losses.total, moved), 0
                return state
            state.failures += 1
            # After one failure the new pair alone usually shortens the next step enough.
            if state.failures > 1 or not bends_up:
                state.curvature.forget()
                state.first_step /= 2
            if state.image is not state.best[1]:  # its gradient is computed again rather than kept: this is rare
                state.image = state.best[1]
                state.losses, state.gradient = evaluate(state.image)
                state.best = (state.losses.total, state.image)
        return None

    def end(self, state: LBFGSState) -> None:
        """Do nothing: the state holds only arrays."""

    def to_arrays(self, state: LBFGSState) -> Arrays:
        """Return all of the state but its losses."""
        total, best_image = state.best
        arrays = {"image": state.image, "gradient": state.gradient, "best_total": np.array(total)}
        if best_image is not state.image:  # `step` compares them as objects
            arrays["best_image"] = best_image
        counts = {"first_step": np.array(state.first_step), "failures": np.array(state.failures)}
        return arrays | counts | state.curvature.to_arrays()

    def from_arrays(self, arrays: Arrays, losses: Any) -> LBFGSState:  # noqa: ANN401  (whatever `evaluate` gives)
        """Return the state that `to_arrays` was called with."""
        image = arrays["image"]
        best = float(arrays["best_total"]), arrays.get("best_image", image)
        curvature = Curvature.from_arrays(arrays, self.history, image.size, self.dtype)
        counts = float(arrays["first_step"]), int(arrays["failures"])
        return LBFGSState(image, losses, arrays["gradient"], best, curvature, *counts)

    def _moved(self, state: LBFGSState) -> np.ndarray | None:
        """Return the image one unit step further, or None at a minimum, where no pixel would change.

        Without pairs it goes down the gradient by `first_step`, the root mean square over all pixels.
        """
        image, gradient = state.image, state.gradient
        # A pixel at the end of its range that wants to go further takes no part in this step.
        held = ((image <= 0) & (gradient > 0)) | ((image >= 255) & (gradient < 0))
        free = np.where(held, np.float32(0), gradient)
        if not free.any():
            return None
        if len(state.curvature):
            move = state.curvature.direction(self._by_wave(free, -1 / 2).reshape(-1))  # (H·W·3,)
            move = self._by_wave(move.reshape(image.shape), -1 / 2)
            move[held] = 0
            move *= np.float32(min(1.0, LONGEST_STEP / max(root_mean_square(move), 1e-30)))
        else:
            move = np.where(held, np.float32(0), self._by_wave(free, -1))
            move *= np.float32(-state.first_step / max(root_mean_square(move), 1e-30))
        move += image
        moved = np.clip(move, 0, 255, out=move)
        return None if np.array_equal(moved, image) else moved

    def _by_wave(self, image: np.ndarray, power: float) -> np.ndarray:
        """Return the image's waves times f^`power`, if steps are smooth."""
        return rescaled(image, power) if self.smooth else image


def root_mean_square(values: np.ndarray) -> float:
    """Return √ of the mean of squares."""
    return float(np.linalg.norm(values)) / values.size**0.5
