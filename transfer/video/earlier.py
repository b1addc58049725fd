"""Several earlier results as one picture that a frame is compared with: long-term consistency.

What disappears behind something and comes back was seen in a frame further back. So a frame is compared with the
results of several earlier frames, each warped to where things are now (`transfer.video.flow.warped`), and each pixel
counts for the nearest frame that it can be traced to (Ruder, Dosovitskiy & Brox 2016, section 4.3). With c_j the weight
for the frame j steps back:

    loss            L_longterm = α L_content + β L_style + γ Σ_j L_temporal(x, w_j, c_long_j)       Eq. 9
    its weights     c_long_j = max(c_j − Σ_{nearer frames k} c_k, 0)                                Eq. 10

The sum over j is one term, whatever the number of frames, because at every pixel

    Σ_j c_long_j (x − w_j)² = C (x − w)² + a constant,   C = Σ_j c_long_j,   w = Σ_j c_long_j w_j / C

has the same gradient. With weights that are 0 or 1, one c_long_j at most is not 0 and the constant is 0.
"""

from collections.abc import Sequence

import numpy as np


def long_term(weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return c_long of Eq. 10 for each of the `weights` c (H, W) in [0, 1], the nearest frame first."""
    nearer = np.zeros_like(weights[0])
    found = []
    for weight in weights:
        found.append(np.maximum(weight - nearer, 0))
        nearer = nearer + weight
    return found


def combined(results: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> np.ndarray:
    """Return what `transfer.objective.references.References` has as `earlier`: float32 (H, W, 4), w and its weight C.

    Args:
        results: of earlier frames, warped to where things are now, float32 or uint8 (H, W, 3), the nearest first.
        weights: c of each, (H, W) in [0, 1]; what none of them shows gets the nearest result and the weight 0.
    """
    shares = long_term(weights)
    total = sum(shares)
    blend = np.array(results[0], np.float32)
    mean = sum(share[..., None] * np.float32(result) for share, result in zip(shares, results, strict=True))
    np.divide(mean, total[..., None], out=blend, where=total[..., None] > 0)
    return np.dstack([blend, total]).astype(np.float32)
