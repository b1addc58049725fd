"""The trained network that ships with this program: from its small file to a `.mat` file, at first use."""

from pathlib import Path

import numpy as np

from vgg.errors import InputError, WeightsError
from vgg.matfile.locate import FOLDER, SHIPPED_MAT, SHIPPED_SMALL
from vgg.matfile.read import Weights, read
from vgg.matfile.write import write


def shipped_file(folder: Path = FOLDER) -> Path | None:
    """Return the `.mat` file of the shipped network, and make it first if need be; None if `folder` has no network.

    Where the folder is write-protected or the disk full, it is the small file, which `read` understands too.

    Raises:
        WeightsError: the small file is damaged.
    """
    small, mat = folder / SHIPPED_SMALL, folder / SHIPPED_MAT
    if not small.exists():
        return None
    try:
        weights = read(small)
    except WeightsError:
        restore = f"restore it with `git checkout weights/{SHIPPED_SMALL}`"
        raise WeightsError(f"{small}, the network that ships with this program, is damaged; {restore}") from None
    if not _is_made_of(mat, weights):
        try:
            write(mat, weights)
        except InputError:
            return small
    return mat


def _is_made_of(mat: Path, weights: Weights) -> bool:
    """Return whether the file holds these weights. One that is damaged, or of an earlier training run, does not."""
    try:
        found = read(mat)
    except WeightsError:
        return False
    pairs = zip(found.convolutions.values(), weights.convolutions.values(), strict=True)
    return found.origin == weights.origin and all(all(map(np.array_equal, *pair)) for pair in pairs)
