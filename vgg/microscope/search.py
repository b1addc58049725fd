"""Pictures ranked by the distance of their features from those of another picture."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vgg.errors import InputError
from vgg.image.codec import WRITABLE
from vgg.image.kind import READABLE, kind_of
from vgg.microscope.feature_cache import FeatureCache

Distance = Callable[[np.ndarray, np.ndarray], float]


@dataclass
class Ranking:
    """The result of a search."""

    nearest: list[tuple[float, Path]]  # distance and picture, nearest first
    computed: int = 0  # pictures whose features were not in the cache, the query's included
    skipped: list[str] = field(default_factory=list)  # one line for each picture that cannot be used


def pictures_in(folder: Path) -> list[Path]:
    """Return the files directly in `folder` that begin like a picture or have a picture's ending, by name.

    Raises:
        InputError: it is not a folder, or there is no picture in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder that exists, expected one with pictures")
    try:
        found = [path for path in sorted(folder.iterdir()) if path.is_file() and _may_be_a_picture(path)]
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}); check its permissions") from error
    if not found:
        raise InputError(f"{folder} holds no picture directly, expected some ({', '.join(READABLE)}); name another")
    return found


def _may_be_a_picture(path: Path) -> bool:
    if path.suffix.lower() in (*WRITABLE, ".gif"):
        return True  # the search skips it with a line if it is not a picture
    try:
        with path.open("rb") as file:
            return kind_of(file.read(1024)) in READABLE
    except OSError:
        return False


def rank(
    query: Path,
    pictures: Iterable[Path],
    cache: FeatureCache,
    compute: Callable[[Path], np.ndarray],
    distance: Distance,
) -> Ranking:
    """Rank the pictures by their distance from `query`, those of equal distance by name; leave out `query` itself.

    Raises:
        InputError: the query itself cannot be used. Of `pictures`, those that cannot be used are skipped.
    """
    features, cached = cache.get(query, compute)
    ranking = Ranking([], computed=not cached)
    for path in pictures:
        if path.samefile(query):
            continue
        try:
            others, cached = cache.get(path, compute)
        except InputError as error:
            ranking.skipped.append(str(error))
            continue
        ranking.computed += not cached
        ranking.nearest.append((distance(features, others), path))
    ranking.nearest.sort()
    return ranking
