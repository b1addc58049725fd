"""How much a film flickers: the difference between a result and the one before it, where only motion lies between.

This is the temporal loss (Eq. 7 of Ruder, Dosovitskiy & Brox 2016) as a measure: a mean over the pixels that can be
traced, so that frames with much and with little motion can be compared.
"""

import numpy as np

from transfer.video.flow import warped


def flicker(result: np.ndarray, before: np.ndarray, backward: np.ndarray, weights: np.ndarray) -> float:
    """Return Σ c (x − w)² / Σ c over all values, in pixel levels squared; nan if no pixel can be traced.

    Args:
        result: the picture made of a frame, x: (H, W, 3), uint8 or float in [0, 255].
        before: the picture made of the frame before it; w is this one, warped.
        backward: the flow from the frame to the one before it, (H, W, 2), of the film itself and not of the results.
        weights: c, (H, W), as `transfer.video.flow.weights` or a true mask gives them.
    """
    steps = np.float64(result) - warped(np.float32(before), backward)
    counted = 3 * np.sum(weights, dtype=np.float64)
    return float(np.sum(weights[..., None] * steps**2) / counted) if counted else float("nan")
