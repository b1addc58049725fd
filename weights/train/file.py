"""Makes the finished file of a trained network, a MatConvNet `.mat` or the small `.npz` that this program ships."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from vgg.matfile.locate import TRAINED_VERSION
from vgg.matfile.read import Weights
from vgg.matfile.small import rounded, write_small
from vgg.matfile.write import write
from weights.magnitudes import with_magnitudes
from weights.train.fold import fold
from weights.train.loop import State
from weights.train.network import MEAN_RGB
from weights.train.settings import TRAINED_ORIGIN, Settings

#: Drawings on which the statistics of batch normalisation are measured, and those for the magnitudes of the layers.
MEASURED, WEIGHED = 48, 12


def finished(drawings: np.ndarray, settings: Settings, state: State) -> Weights:
    """Return the network as it will be used: folded, rounded to 8 bits and with the genuine network's magnitudes."""
    rng = np.random.default_rng([settings.seed, 2])
    chosen = drawings[np.sort(rng.choice(len(drawings), min(MEASURED, len(drawings)), replace=False))]
    convolutions = rounded(fold(state.parameters, chosen, settings.pooling))
    origin = f"{TRAINED_ORIGIN}, half width (version {TRAINED_VERSION}, seed {settings.seed}, {state.step} steps)"
    weights = Weights(convolutions, MEAN_RGB, "later", origin)
    weights = with_magnitudes(weights, chosen[:: max(1, len(chosen) // WEIGHED)], settings.pooling)
    return replace(weights, convolutions=rounded(weights.convolutions))


def write_finished(path: Path, weights: Weights) -> None:
    """Write the network to `path`: in the small form if its name ends in `.npz`, else as a `.mat` file.

    Raises:
        InputError: the file cannot be written.
    """
    if path.suffix == ".npz":
        write_small(path, weights)
    else:
        write(path, weights)
