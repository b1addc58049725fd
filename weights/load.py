"""Loads the weights of a run: the file that the user named, else the genuine one if it is here, else ours."""

from collections.abc import Callable
from pathlib import Path

from vgg.load import weights_path
from vgg.matfile.locate import FOLDER, genuine_present
from vgg.matfile.read import Weights, read
from weights.verify import describe

NOT_GENUINE = "; not ImageNet's: get the genuine weights (0.5 GB) with `make download-weights`"


def load_weights(named: Path | None, say: Callable[[str], None], folder: Path = FOLDER) -> Weights:
    """Return the weights that `vgg.load.weights_path` finds; call `say` with one line on what they are.

    Raises:
        InputError: the file cannot be read, or there is none.
    """
    weights = read(weights_path(named, folder))
    remark = "" if named or genuine_present(folder) else NOT_GENUINE
    say(f"weights: {describe(weights)}, {weights.path}{remark}")
    return weights
