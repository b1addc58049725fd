"""The `.mat` file of learned filters: its name, what it says of itself, and how it is made."""

from collections.abc import Callable
from pathlib import Path

from vgg.matfile.locate import LEARNED_VERSION

#: The first words of the file's `origin`.
LEARNED_ORIGIN = "learned filters"

UNTRAINED_ORIGIN = "untrained random filters"

PICTURES = 4

#: Filters of different seeds paint a little differently; of seeds 0 to 2 this one's strokes are the longest.
SEED = 1


def make(path: Path, seed: int = SEED, report: Callable[[str], None] | None = None) -> None:
    """Draw the pictures, learn the filters and write them to `path` in the later layout; under 40 s on 2 cores.

    `report` is called with the name of each layer when it is learned.
    """
    # Here and not above: who only wants the name should not wait for TensorFlow.
    from vgg.matfile.read import Weights
    from vgg.matfile.write import write
    from weights.learn.dead_leaves import dead_leaves
    from weights.learn.filters import MEAN_RGB, learn

    pictures = [dead_leaves(seed * PICTURES + i) for i in range(PICTURES)]
    origin = f"{LEARNED_ORIGIN} (version {LEARNED_VERSION}, seed {seed})"
    write(path, Weights(learn(pictures, seed, report), MEAN_RGB, "later", origin))


def make_untrained(path: Path, seed: int = SEED) -> None:
    """Write random filters to `path`, to compare the learned ones with."""
    from vgg.matfile.read import Weights
    from vgg.matfile.write import write
    from weights.learn.filters import MEAN_RGB, untrained

    write(path, Weights(untrained(seed), MEAN_RGB, "later", f"{UNTRAINED_ORIGIN} (He initialisation, seed {seed})"))
