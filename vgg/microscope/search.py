"""`search QUERY FOLDER`: the pictures of a folder that the network finds most like another, nearest first.

An image's features have no positions: the mean of each channel (content) or the Gram matrix (style). They are kept in
files, computed once for each picture, layer, size and set of weights. A file's name is the SHA-256 of everything its
contents depend on, so that nothing ever goes stale: a picture or a weights file that changes has another name. Old
files may be deleted at any time.
"""

import argparse
import functools
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vgg.errors import InputError
from vgg.matfile.read import Weights
from vgg.microscope.draw import read_small, text_table
from vgg.tools.console import say, say_lines, start_tensorflow
from vgg.tools.files import atomic_write, file_digest
from vgg.tools.image import READABLE, WRITABLE, check_output, kind_of
from vgg.tools.sheet import contact_sheet

if TYPE_CHECKING:
    from vgg.network import VGG19

VERSION = 1  # incremented with every change of how features are computed
DISTANCE_MEANS = "0: the same, 1: nothing in common"
USUAL_OUTPUT = Path("output/search.png")


def relative_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return √(Σ (a − b)² / (Σ a² + Σ b²)) for arrays of one shape: 0 for the same, 1 for nothing in common.

    The scale cancels, so that layers whose values differ by orders of magnitude can be compared. Nothing in common
    means Σ a·b = 0; values after a ReLU, and their Gram matrices, are never further apart than that.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    energy = np.sum(a**2) + np.sum(b**2)
    return float(np.sqrt(np.sum((a - b) ** 2) / energy)) if energy else 0.0


def image_features(network: "VGG19", image: np.ndarray, layer: str, by: str) -> np.ndarray:
    """Return the features of an image (H, W, 3) at one layer.

    By "content": the mean of each channel over all positions, (C,) float32. By "style": which channels are active
    together, the Gram matrix (C, C), Eq. 3 of Gatys et al. 2016.
    """
    import tensorflow as tf

    from vgg.statistics import gram_matrix

    maps = network(image[None].astype(np.float32), [layer])[layer]  # (1, H', W', C)
    return (tf.reduce_mean(maps, axis=(0, 1, 2)) if by == "content" else gram_matrix(maps)).numpy()


def default_folder() -> Path:
    """Return `$XDG_CACHE_HOME/vgg-microscope`, by default in `~/.cache`, after the XDG Base Directory Specification.

    Without a home folder, as for a user who is not in /etc/passwd (`docker run -u 1234`), it is among temporary files.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Path(base, "vgg-microscope")
    try:
        return Path.home() / ".cache" / "vgg-microscope"
    except RuntimeError:
        return Path(tempfile.gettempdir(), "vgg-microscope")


class FeatureCache:
    """Arrays in files `<key>.npz` of one folder; they depend on the picture's file and on `depends_on`."""

    def __init__(self, folder: Path, *depends_on: object) -> None:
        self.folder = folder
        self.depends_on = (VERSION, *depends_on)

    def path(self, picture: Path) -> Path:
        """Return where the features of the file `picture` are kept; raise InputError if it cannot be read."""
        try:
            digest = file_digest(picture, "sha256")
        except OSError as error:
            raise InputError(f"{picture} cannot be read ({error.strerror}); check its permissions") from error
        key = hashlib.sha256(repr((digest, *self.depends_on)).encode()).hexdigest()
        return self.folder / f"{key}.npz"

    def get(self, picture: Path, compute: Callable[[Path], np.ndarray]) -> tuple[np.ndarray, bool]:
        """Return the features of the file `picture`, and whether they were in the cache; else keep `compute(picture)`.

        A damaged file counts as absent (a `.npz` is a zip archive, with a checksum). If the folder cannot be written
        to, nothing is kept.
        """
        path = self.path(picture)
        # NumPy and zipfile raise a dozen kinds of errors, depending on which byte is wrong.
        with suppress(Exception), np.load(path, allow_pickle=False) as arrays:
            return arrays["features"], True
        features = compute(picture)
        with suppress(InputError), atomic_write(path) as unfinished:  # a full disk or a folder that is not ours
            np.savez(unfinished, features=features)
        return features, False


def pictures_in(folder: Path) -> list[Path]:
    """Return the files directly in `folder` that begin like a picture or have a picture's ending, by name.

    Raise InputError if it is not a folder, or if there is no picture in it.
    """
    try:
        pictures = [path for path in sorted(folder.iterdir()) if path.is_file() and _may_be_a_picture(path)]
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}), expected a folder with pictures") from error
    if not pictures:
        raise InputError(f"{folder} holds no picture directly, expected some ({', '.join(READABLE)}); name another")
    return pictures


def _may_be_a_picture(path: Path) -> bool:
    if path.suffix.lower() in (*WRITABLE, ".gif"):
        return True  # the search skips it with a line if it is not a picture
    with suppress(OSError), path.open("rb") as file:
        return kind_of(file.read(1024)) in READABLE
    return False


def run(options: argparse.Namespace, weights: Weights, image: np.ndarray) -> np.ndarray:
    """Print the distances; return the sheet of the query and the nearest pictures."""
    pictures = pictures_in(options.folder)
    if options.output is None:  # then the sheets of earlier searches may be among them, perhaps with numbers
        earlier, folder = re.compile(r"search(-\d+)?\.png"), USUAL_OUTPUT.parent.resolve()
        pictures = [p for p in pictures if not (earlier.fullmatch(p.name) and p.parent.resolve() == folder)]
    check_output(options.output or USUAL_OUTPUT, pictures)
    cache = FeatureCache(default_folder(), weights.sha256, options.layer, options.size, options.by)
    ranked, computed = rank(options.query, pictures, cache, features_of(weights, options))
    if not ranked:
        raise InputError(
            f"{options.folder} holds no other picture that can be used, expected at least one; name another"
        )
    say(f"features: {computed} computed, {len(ranked) + 1 - computed} known from {cache.folder}")
    nearest = ranked[: options.top]
    rows = [("distance", "picture"), *((f"{distance:.4f}", path.name) for distance, path in nearest)]
    say_lines(text_table(rows, "><"))
    query, compared = options.query.name, {"content": "channel means", "style": "Gram matrices"}[options.by]
    title = (
        f"nearest to {query}: {len(nearest)} of the {len(ranked)} pictures in {options.folder.resolve().name}/",
        f"by {options.by}: distance between {compared} of {options.layer} ({DISTANCE_MEANS}); weights: {weights.label}",
    )
    cells = [(f"query: {query}", image)]
    cells += [(f"{distance:.3f}  {path.name}", read_small(path, options.size)) for distance, path in nearest]
    return contact_sheet(cells, columns=5, height=240, title=title, font_size=0.5)


def features_of(weights: Weights, options: argparse.Namespace) -> Callable[[Path], np.ndarray]:
    """Return the function that computes the features of a picture's file; TensorFlow is started at its first call."""

    @functools.cache
    def network() -> "VGG19":
        start_tensorflow()
        from vgg.network import VGG19

        return VGG19(weights)

    def compute(path: Path) -> np.ndarray:
        return image_features(network(), read_small(path, options.size), options.layer, options.by)

    return compute


def rank(
    query: Path, pictures: list[Path], cache: FeatureCache, compute: Callable[[Path], np.ndarray]
) -> tuple[list[tuple[float, Path]], int]:
    """Return (distance, picture) from `query`, nearest first, and how many features were not in the cache.

    Those of equal distance are in the order of their names. `query` itself is left out, and a picture that cannot be
    used is skipped with a line. Raise InputError if the query cannot be used.
    """
    query_features, cached = cache.get(query, compute)
    nearest, computed = [], int(not cached)
    for path in pictures:
        if path.samefile(query):
            continue
        try:
            features, cached = cache.get(path, compute)
        except InputError as error:
            say(f"skipped: {error}")
            continue
        computed += not cached
        nearest.append((relative_distance(query_features, features), path))
    return sorted(nearest), computed
