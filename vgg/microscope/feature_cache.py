"""Features of pictures, kept in files: computed once for each picture, layer, size and set of weights.

A file's name is the SHA-256 of everything its contents depend on, so that nothing ever goes stale: a picture or a
weights file that changes has another name. Old files may be deleted at any time.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vgg.errors import InputError
from vgg.files import atomic_write, file_digest

VERSION = 1  # raised with every change of how features are computed


def default_folder() -> Path:
    """`$XDG_CACHE_HOME/vgg-microscope`, by default in `~/.cache`, as the XDG Base Directory Specification has it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "vgg-microscope"


class FeatureCache:
    """Arrays in files `<key>.npz` of one folder."""

    def __init__(self, folder: Path, *depends_on: object) -> None:
        """Keep arrays in `folder`, which is created when needed; `depends_on` is what they depend on besides a file."""
        self.folder = folder
        self.depends_on = (VERSION, *depends_on)

    def path(self, picture: Path) -> Path:
        """Where the features of the file `picture` are kept; raises InputError if that cannot be read."""
        try:
            digest = file_digest(picture, "sha256")
        except OSError as error:
            raise InputError(f"{picture} cannot be read ({error.strerror}); check its permissions") from error
        key = hashlib.sha256(repr((digest, *self.depends_on)).encode()).hexdigest()
        return self.folder / f"{key}.npz"

    def get(self, picture: Path, compute: Callable[[Path], np.ndarray]) -> tuple[np.ndarray, bool]:
        """The features of the file `picture`, and whether they were here; if not, `compute(picture)` is kept.

        A damaged file counts as absent (a `.npz` is a zip archive, with a checksum), and a folder that cannot be
        written to costs only time.
        """
        path = self.path(picture)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return arrays["features"], True
        except Exception:  # NumPy and zipfile raise a dozen kinds, depending on which byte is wrong
            pass
        features = compute(picture)
        try:
            with atomic_write(path) as unfinished:
                np.savez(unfinished, features=features)
        except InputError:  # a full disk or a folder that is not ours
            pass
        return features, False
