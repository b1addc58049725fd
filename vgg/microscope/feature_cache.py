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


def default_folder() -> Path | None:
    """Return `$XDG_CACHE_HOME/vgg-microscope`, by default in `~/.cache`, after the XDG Base Directory Specification.

    None if there is no home folder, as for a user without an entry in /etc/passwd (`docker run -u 1234`).
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "vgg-microscope"
    try:
        return Path.home() / ".cache" / "vgg-microscope"
    except RuntimeError:
        return None


class FeatureCache:
    """Arrays in files `<key>.npz` of one folder."""

    def __init__(self, folder: Path | None, *depends_on: object) -> None:
        """Keep arrays in `folder`, which is created when needed, or nowhere if it is None.

        `depends_on` is what the arrays depend on besides the picture's file.
        """
        self.folder = folder
        self.depends_on = (VERSION, *depends_on)

    def path(self, picture: Path) -> Path | None:
        """Return where the features of the file `picture` are kept, if anywhere; InputError if it cannot be read."""
        if self.folder is None:
            return None
        try:
            digest = file_digest(picture, "sha256")
        except OSError as error:
            raise InputError(f"{picture} cannot be read ({error.strerror}); check its permissions") from error
        key = hashlib.sha256(repr((digest, *self.depends_on)).encode()).hexdigest()
        return self.folder / f"{key}.npz"

    def get(self, picture: Path, compute: Callable[[Path], np.ndarray]) -> tuple[np.ndarray, bool]:
        """Return the features of the file `picture`, and whether they were here; if not, keep `compute(picture)`.

        A damaged file counts as absent (a `.npz` is a zip archive, with a checksum). If the folder cannot be written
        to, nothing is kept.
        """
        path = self.path(picture)
        if path is None:
            return compute(picture), False
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
