"""Numbers as pictures: feature maps in grey, kernels and gradients in colour around a middle grey."""

import numpy as np

MIDDLE = 127.5


def grey(values: np.ndarray) -> np.ndarray:
    """Return (H, W) as uint8 (H, W, 3): the smallest value black, the largest white; all black if they are equal."""
    low, high = float(values.min()), float(values.max())
    levels = (values - low) * (255 / (high - low) if high > low else 0.0)
    return np.repeat(np.rint(levels).astype(np.uint8)[..., None], 3, axis=2)


def around_grey(values: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Return (H, W, 3) RGB differences as uint8: 0 becomes middle grey, the largest magnitude black or white.

    `share` of the magnitudes fit into that range and the few larger ones are clipped. Otherwise a pattern with a
    single bright point would be grey everywhere else.
    """
    largest = float(np.quantile(np.abs(values), share)) or float(np.abs(values).max())
    levels = MIDDLE + values * (MIDDLE / largest if largest else 0.0)
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


def pixelated(picture: np.ndarray, height: int) -> np.ndarray:
    """Return the picture with every pixel repeated so that it is about `height` high, never less than it was.

    Enlarging it smoothly would show shapes that the numbers do not have.
    """
    times = max(1, round(height / picture.shape[0]))
    return picture.repeat(times, axis=0).repeat(times, axis=1)
