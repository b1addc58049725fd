"""What L-BFGS remembers of the curvature, and the direction that follows from it.

A *pair* is a step s and the change y of the gradient along it. The direction is −H g, where H approximates the inverse
of the second derivatives as the pairs have shown them. The two-loop recursion (Nocedal & Wright, "Numerical
Optimization", Algorithm 7.4) goes through all pairs twice and reads each of these long vectors four times.

Here the same recursion runs on numbers instead (vector-free L-BFGS; Chen, Wang & Zhou, "Large-scale L-BFGS using
MapReduce", NIPS 2014). The direction is a weighted sum of all s, all y and g, and the recursion only needs their dot
products to find the weights. With all pairs as the rows of one matrix B that takes two products:

    B [g s y]ᵀ        the dot products that are not known yet, of g and of the newest pair
    weightsᵀ B        the direction
"""

from __future__ import annotations

import numpy as np

from vgg.optimize.optimizer import Arrays

CHUNK = 1 << 12  # numbers of each row at a time: as many as stay in the processor's cache while they are used


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
        curvature = float(np.dot(s, y))
        if not curvature > 1e-8 * float(np.linalg.norm(s)) * float(np.linalg.norm(y)):  # losses have any unit
            return False
        history = len(self._inverses)
        slot = self._slots.pop(0) if len(self) == history else len(self)
        self._rows[2 * slot], self._rows[2 * slot + 1] = s, y
        self._inverses[slot] = 1 / curvature
        self._slots.append(slot)
        self._new = [*(other for other in self._new if other != slot), slot]
        return True

    def forget(self) -> None:
        """Drop all pairs."""
        self._slots.clear()
        self._new.clear()

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
        found, pairs = cls(history, size, dtype), arrays["pairs"].view(dtype)
        found._slots, found._new = arrays["slots"].tolist(), arrays["new_slots"].tolist()
        number, used = len(found._slots), 2 * len(found._slots)
        shapes = [pairs.shape, arrays["dots"].shape, arrays["inverses"].shape]
        slots_fit = sorted(found._slots) == list(range(number)) and set(found._new) <= set(found._slots)
        slots_fit = slots_fit and arrays["slots"].dtype == arrays["new_slots"].dtype == np.int64
        shapes_fit = shapes == [(used, size), (used, used), (number,)] and number <= history
        if not (shapes_fit and slots_fit and (arrays["inverses"] > 0).all()):
            raise ValueError("the arrays of L-BFGS do not fit together")
        found._rows[:used], found._dots[:used, :used] = pairs, arrays["dots"]
        found._inverses[:number] = arrays["inverses"]
        return found

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Return −H · `gradient` (size,), for at least one pair."""
        rows = self._rows[: 2 * len(self)]
        new = [row for slot in self._new for row in (2 * slot, 2 * slot + 1)]
        found = _products(rows, np.stack([gradient, *rows[new].astype(np.float32, copy=False)]))  # (rows, 1 + new)
        self._dots[: len(rows), new], self._dots[new, : len(rows)] = found[:, 1:], found[:, 1:].T
        self._new.clear()
        weights, share = self._weights(found[:, 0])
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
        first = 1 / (self._inverses[newest] * dots[2 * newest + 1, 2 * newest + 1])  # s·y / y·y
        weights, share = first * weights, first * share
        for slot in self._slots:
            s, y = 2 * slot, 2 * slot + 1
            weights[s] += alphas[slot] - self._inverses[slot] * (dots[y] @ weights + share * with_gradient[y])
        return -weights, -share


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
