"""How far apart two arrays of features are, in a unit that all layers share."""

import numpy as np


def relative_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return √(Σ (a − b)² / (Σ a² + Σ b²)) for arrays of one shape: 0 for the same, 1 for nothing in common.

    The scale cancels, so that layers whose values differ by orders of magnitude can be compared. Nothing in common
    means Σ a·b = 0; values after a ReLU, and their Gram matrices, are never further apart than that.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    energy = np.sum(a**2) + np.sum(b**2)
    return float(np.sqrt(np.sum((a - b) ** 2) / energy)) if energy else 0.0
