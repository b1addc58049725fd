"""Makes the `.mat` file of learned filters, whose `origin` says how it was made."""

from collections.abc import Callable
from pathlib import Path

LEARNED_VERSION = 1

#: The first words of a file's `origin`.
LEARNED_ORIGIN = "learned filters"
UNTRAINED_ORIGIN = "untrained random filters"

PICTURES = 4  # drawn for one file

#: Different seeds give slightly different strokes. Of seeds 0 to 2 this one gives the longest.
SEED = 1


def make(path: Path, seed: int = SEED, report: Callable[[str], None] | None = None) -> None:
    """Draw the pictures, learn the filters and write them to `path` in the later layout; about 30 s on 2 cores.

    The same seed gives the same bytes on the same machine. `report` is called with the name of each learned layer.

    Raises:
        InputError: `path` cannot be written.
    """
    # Imported here and not above, because callers that only need the names should not wait for TensorFlow.
    from vgg.matfile.read import Weights
    from vgg.matfile.write import write
    from weights.learn.dead_leaves import dead_leaves
    from weights.learn.filters import MEAN_RGB, learn

    pictures = [dead_leaves(seed * PICTURES + i) for i in range(PICTURES)]
    origin = f"{LEARNED_ORIGIN} (version {LEARNED_VERSION}, seed {seed})"
    write(path, Weights(learn(pictures, seed, report), MEAN_RGB, "later", origin))


def make_untrained(path: Path, seed: int = SEED) -> None:
    """Write random filters to `path`, as a baseline for the learned ones; raise InputError if it cannot be written."""
    from vgg.matfile.read import Weights
    from vgg.matfile.write import write
    from weights.learn.filters import MEAN_RGB, untrained

    write(path, Weights(untrained(seed), MEAN_RGB, "later", f"{UNTRAINED_ORIGIN} (He initialisation, seed {seed})"))
