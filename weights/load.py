"""Loads the weights of a run: from the named `.mat` file or the best one that is here; without any, learns first."""

import sys
from collections.abc import Callable
from pathlib import Path

from vgg.files import check_place
from vgg.matfile.read import Weights, read
from weights.choice import choose
from weights.learn import file as learned_file
from weights.learn.display import layer_display
from weights.verify import describe


def load_weights(named: Path | None, quiet: bool, say: Callable[[str], None]) -> Weights:
    """Return the weights that `choose` finds, and learn them first if there are none; `quiet` learns without display.

    `say` is called with one line that names the file and what the network is.

    Raises:
        InputError: the file cannot be read, or the learned one cannot be written.
    """
    choice = choose(named)
    if choice.to_learn:
        check_place(choice.path)
    if choice.to_learn and quiet:
        learned_file.make(choice.path)
    elif choice.to_learn:
        with layer_display(sys.stdout) as show:
            learned_file.make(choice.path, report=show)
    weights = read(choice.path)
    say(f"weights: {describe(weights)}, {choice.path}{choice.remark}")
    return weights
