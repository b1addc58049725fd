"""L-BFGS for images: unit steps, a guard against bad ones, and large forms first if so wanted.

Liu & Nocedal 1989, "On the limited memory BFGS method for large scale optimization".

**Unit steps.** SciPy's L-BFGS-B searches along each direction until the loss has fallen enough. That costs evaluations,
and it fails when losses are known to a few digits only, as with a network in bfloat16. Near a minimum the step that
L-BFGS proposes is nearly always right as it is. So it is taken, and undone in the rare case that the loss rises by
much; what it has shown of the curvature is kept.

**Curvature.** A *pair* is a step s and the change y of the gradient along it. The direction is −H g, where H
approximates the inverse of the second derivatives as the pairs have shown them. The two-loop recursion (Nocedal &
Wright, "Numerical Optimization", Algorithm 7.4) goes through all pairs twice, one after the other, and changes a long
vector each time. Here the same recursion runs on numbers instead (vector-free L-BFGS; Chen, Wang & Zhou, "Large-scale
L-BFGS using MapReduce", NIPS 2014). The direction is a weighted sum of all s, all y and g, and the recursion only needs
their dot products to find the weights. With all pairs as the rows of one matrix B that takes two products:

    B [g s y]ᵀ                    the dot products that are not known yet, of g and of the newest pair
    weightsᵀ B + share · g        the direction

**Smooth steps.** The power spectrum of photographs and paintings falls with the frequency: a form over a hundred pixels
is stronger than one over two (Field 1987, "Relations between the statistics of natural images and the response
properties of cortical cells"). A gradient of style and content knows nothing of that. It is strong where the network's
first layers look, at two to ten pixels, so that a run which ends early has short strokes and colours that did not
spread. With `smooth`, what is known before the first pair, the first inverse Hessian, is therefore 1 / (f + F0) for a
wave of frequency f instead of the identity. That is the same as L-BFGS for z in x = A z, where A multiplies each wave
by (f + F0)^(-1/2): the gradient of z is A g, a step of z is A⁻¹ s, and A A = 1 / (f + F0). So the pairs are kept in z,
and a direction is brought back to x. Frequencies are those of the discrete cosine transform, whose waves have no seam
at the image's edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import dctn, idctn

from vgg.optimize.optimizer import Arrays, Evaluate, Losses, Optimizer

#: In periods per pixel: forms of more than about 100 pixels are treated like those of 100.
F0 = 0.01
CHUNK = 1 << 12  # numbers of each row at a time: as many as stay in the processor's cache while they are used
FIRST_STEP = 1.0  # root mean square, in pixel levels, of a step that knows no curvature yet
LONGEST_STEP = 30.0  # the same for any step: only a bad pair asks for more
TOLERATED_RISE = 1.05  # of the loss over the best so far; a little helps across ridges, much never comes back
GIVE_UP = 10  # failures without a better image in between


@dataclass(frozen=True)
class LBFGS(Optimizer):
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
            bends_up = state.curvature.add(self._scaled(s, 1 / 2), self._scaled(y, -1 / 2))
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
            move = state.curvature.direction(self._scaled(free, -1 / 2).reshape(-1))  # (H·W·3,)
            move = self._scaled(move.reshape(image.shape), -1 / 2)
            move[held] = 0
            move *= np.float32(min(1.0, LONGEST_STEP / max(root_mean_square(move), 1e-30)))
        else:
            move = np.where(held, np.float32(0), self._scaled(free, -1))
            move *= np.float32(-state.first_step / max(root_mean_square(move), 1e-30))
        moved = np.clip(image + move, 0, 255)
        return None if np.array_equal(moved, image) else moved

    def _scaled(self, image: np.ndarray, power: float) -> np.ndarray:
        """Return the image's waves times (f + F0)^`power`, if steps are smooth: A with −1/2, A⁻¹ with 1/2."""
        return scale_frequencies(image, power) if self.smooth else image

    def to_arrays(self, state: LBFGSState) -> Arrays:
        """Return all of the state but its losses."""
        total, best_image = state.best
        arrays = {"image": state.image, "gradient": state.gradient, "best_total": np.array(total)}
        if best_image is not state.image:  # `step` compares them as objects
            arrays["best_image"] = best_image
        counts = {"first_step": np.array(state.first_step), "failures": np.array(state.failures)}
        return arrays | counts | state.curvature.to_arrays()

    def from_arrays(self, arrays: Arrays, losses: Losses) -> LBFGSState:
        """Return the state that `to_arrays` was called with."""
        image = arrays["image"]
        best = float(arrays["best_total"]), arrays.get("best_image", image)
        curvature = Curvature.from_arrays(arrays, self.history, image.size, self.dtype)
        counts = float(arrays["first_step"]), int(arrays["failures"])
        return LBFGSState(image, losses, arrays["gradient"], best, curvature, *counts)


@dataclass
class LBFGSState:
    """Where L-BFGS is, and what it has learned on the way; images and gradients are (H, W, 3) float32."""

    image: np.ndarray
    losses: Losses
    gradient: np.ndarray
    best: tuple[float, np.ndarray]  # the lowest total loss so far, and the image that has it
    curvature: Curvature
    first_step: float = FIRST_STEP
    failures: int = 0


def root_mean_square(values: np.ndarray) -> float:
    """Return √ of the mean of squares."""
    return float(np.linalg.norm(values)) / values.size**0.5


class Curvature:
    """Up to `history` pairs of vectors of `size` numbers; a new pair replaces the oldest one when all are taken."""

    def __init__(self, history: int, size: int, dtype: type = np.float32) -> None:
        """Reserve the room for the pairs; `dtype` is what they are kept as."""
        self._rows = np.zeros((2 * history, size), dtype)  # s and y of slot i are the rows 2i and 2i + 1
        self._dots = np.zeros((2 * history, 2 * history))  # of all rows with each other
        self._inverses = np.zeros(history)  # 1 / (s·y) of each slot
        self._slots: list[int] = []  # those in use, oldest pair first
        self._new: list[int] = []  # those whose dot products are not known yet

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self._slots)

    def add(self, s: np.ndarray, y: np.ndarray) -> bool:
        """Remember a pair, arrays of one shape, unless the loss does not bend upwards along s; return whether it does.

        Where it does not (s·y ≤ 0), −H g would no longer be a way down.
        """
        s, y = s.reshape(-1), y.reshape(-1)
        s_dot_y = float(np.dot(s, y))
        if not s_dot_y > 1e-8 * float(np.linalg.norm(s)) * float(np.linalg.norm(y)):  # losses have any unit
            return False
        history = len(self._inverses)
        slot = self._slots.pop(0) if len(self) == history else len(self)
        self._rows[2 * slot], self._rows[2 * slot + 1] = s, y
        self._inverses[slot] = 1 / s_dot_y
        self._slots.append(slot)
        self._new = [*(other for other in self._new if other != slot), slot]
        return True

    def forget(self) -> None:
        """Drop all pairs."""
        self._slots.clear()
        self._new.clear()

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Return −H · `gradient` (size,), for at least one pair."""
        rows = self._rows[: 2 * len(self)]
        new = [row for slot in self._new for row in (2 * slot, 2 * slot + 1)]
        products = _products(rows, np.stack([gradient, *rows[new].astype(np.float32, copy=False)]))  # (rows, 1 + new)
        self._dots[: len(rows), new], self._dots[new, : len(rows)] = products[:, 1:], products[:, 1:].T
        self._new.clear()
        weights, share = self._weights(products[:, 0])
        return _combined(weights, rows, share, gradient)

    def _weights(self, with_gradient: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the weight of each row, (used,), and that of the gradient g, in the direction −H g.

        `with_gradient` (used,) has the dot product of each row with g. The vector q of the recursion is
        weightsᵀ rows + share · g, so its dot product with row i is dots[i] · weights + share · with_gradient[i].
        """
        used = len(with_gradient)
        dots, weights, share, alphas = self._dots[:used, :used], np.zeros(used), 1.0, {}
        for slot in reversed(self._slots):
            s, y = 2 * slot, 2 * slot + 1
            alphas[slot] = self._inverses[slot] * (dots[s] @ weights + share * with_gradient[s])
            weights[y] -= alphas[slot]
        newest = self._slots[-1]
        gamma = 1 / (self._inverses[newest] * dots[2 * newest + 1, 2 * newest + 1])  # s·y / y·y
        weights, share = gamma * weights, gamma * share
        for slot in self._slots:
            s, y = 2 * slot, 2 * slot + 1
            weights[s] += alphas[slot] - self._inverses[slot] * (dots[y] @ weights + share * with_gradient[y])
        return -weights, -share

    def to_arrays(self) -> Arrays:
        """Return what is remembered, of the slots in use only; the pairs as bytes, whatever their dtype."""
        used = 2 * len(self)
        slots, new = (np.array(numbers, np.int64) for numbers in (self._slots, self._new))
        numbers = {"dots": self._dots[:used, :used], "inverses": self._inverses[: len(self)]}
        return numbers | {"pairs": self._rows[:used].view(np.uint8), "slots": slots, "new_slots": new}

    @classmethod
    def from_arrays(cls, arrays: Arrays, history: int, size: int, dtype: type) -> Curvature:
        """Return the memory that `to_arrays` was called on; the other arguments are those it was made with.

        Raises:
            ValueError: the arrays do not fit together.
        """
        curvature, slots, new = cls(history, size, dtype), arrays["slots"].tolist(), arrays["new_slots"].tolist()
        used = 2 * len(slots)
        slots_fit = sorted(slots) == list(range(len(slots))) and set(new) <= set(slots)
        if not slots_fit or not (arrays["inverses"] > 0).all():
            raise ValueError("the arrays of L-BFGS do not fit together")
        curvature._slots, curvature._new = slots, new
        # NumPy raises ValueError for other shapes.
        curvature._rows[:used] = arrays["pairs"].view(dtype).reshape(used, size)
        curvature._dots[:used, :used] = arrays["dots"].reshape(used, used)
        curvature._inverses[: len(slots)] = arrays["inverses"].reshape(len(slots))
        return curvature


def _products(rows: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the dot product of each of `rows` (m, n) with each of `vectors` (k, n) float32, as (m, k) float64."""
    total = np.zeros((len(rows), len(vectors)))
    for start in range(0, rows.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        total += rows[:, part].astype(np.float32, copy=False) @ vectors[:, part].T
    return total


def _combined(weights: np.ndarray, rows: np.ndarray, share: float, vector: np.ndarray) -> np.ndarray:
    """Return weightsᵀ rows + share · vector, (n,) float32."""
    weights, result = weights.astype(np.float32), np.float32(share) * vector
    for start in range(0, rows.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        result[part] += weights @ rows[:, part].astype(np.float32, copy=False)
    return result


def scale_frequencies(image: np.ndarray, power: float) -> np.ndarray:
    """Return the image (H, W, 3) float32 with its wave of each frequency f, in periods per pixel, times (f + F0)^power.

    This is a symmetric linear map. The one with −`power` is its inverse.
    """
    height, width = image.shape[:2]
    down, across = (np.arange(n, dtype=np.float32) / (2 * n) for n in (height, width))  # wave k has k/2 periods in n
    factors = (np.hypot(down[:, None], across) + np.float32(F0)) ** np.float32(power)  # (H, W)
    result = np.empty_like(image, np.float32)
    for channel in range(image.shape[2]):
        waves = dctn(image[..., channel].astype(np.float32, copy=False), norm="ortho")
        waves *= factors
        result[..., channel] = idctn(waves, norm="ortho", overwrite_x=True)
    return result
