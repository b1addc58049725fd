"""An image's forms by their size: what L-BFGS needs so that large ones move as easily as small ones.

The power spectrum of photographs and paintings falls with the frequency: a form over a hundred pixels is stronger than
one over two (Field 1987, "Relations between the statistics of natural images and the response properties of cortical
cells"). A gradient of style and content knows nothing of that. It is strong where the network's first layers look, at
two to ten pixels, so that a run which ends early has short strokes and colours that did not spread. `LBFGS` therefore
has a setting with which its first inverse Hessian is 1 / (f + F0) instead of the identity.

Frequencies are those of the discrete cosine transform, whose waves have no seam at the image's edges.
"""

import numpy as np
from scipy.fft import dctn, idctn

#: In periods per pixel: forms of more than about 100 pixels are treated like those of 100.
F0 = 0.01


def rescaled(image: np.ndarray, power: float) -> np.ndarray:
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
