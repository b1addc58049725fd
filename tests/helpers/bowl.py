"""An objective whose every value is known, and that breaks when told to."""

import numpy as np

from transfer.losses import Losses
from transfer.train import Phase
from vgg.optimize.adam import Adam
from vgg.optimize.l_bfgs import LBFGS
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB

SHAPE = (4, 5, 3)
START = np.full(SHAPE, 128, np.float32)
OPTIMIZERS = {"adam": Adam(4.0), "l-bfgs": ScipyLBFGSB(), "l-bfgs-unit": LBFGS()}


class Bowl:
    """½ Σ k (x − 100)², with curvatures k from 1 to `steep`; of images of any size.

    `broken` maps the number of an evaluation, from 1, to what it raises or to the values it gives instead.
    """

    def __init__(self, steep=1000.0, broken=(), floor=0.0, shape=SHAPE):
        self.curvatures = np.geomspace(1, steep, int(np.prod(shape))).reshape(shape)
        self.broken, self.images, self.floor = dict(broken), [], floor

    def __call__(self, image):
        self.images.append(image.copy())
        away = image.astype(np.float64) - 100
        total, gradient = np.sum(self.curvatures * away**2) / 2, self.curvatures * away
        instead = self.broken.get(len(self.images), {})
        if isinstance(instead, BaseException):
            raise instead
        values = {"content": 0.75 * total, "style": 0.25 * total, "tv": 0.0, "total": total, "gradient": gradient}
        values |= instead
        groups = {name: values[name] for name in ("content", "style", "tv")}
        return Losses(values["total"], groups, dict(groups)), np.broadcast_to(values["gradient"], image.shape)

    def total(self, image):
        """Return the loss without counting."""
        return np.sum(self.curvatures * (image.astype(np.float64) - 100) ** 2) / 2


def phase(objective, optimizer="l-bfgs", until=8, precision="float32", shape=SHAPE) -> Phase:
    """Return a phase with one of `OPTIMIZERS`, or with an optimiser."""
    chosen = OPTIMIZERS.get(optimizer, optimizer) if isinstance(optimizer, str) else optimizer
    return Phase(shape[0], shape[1], lambda: objective, chosen, until, precision)
