"""One line for those who use the network as a library: `network = load_network()`."""

from pathlib import Path
from typing import TYPE_CHECKING

from vgg.console.quiet import start_tensorflow
from vgg.errors import InputError
from vgg.matfile.locate import best_present

if TYPE_CHECKING:
    from vgg.network import VGG19


def load_network(weights: Path | str | None = None) -> "VGG19":
    """Start TensorFlow without its messages and return VGG-19 with the best weights that are here.

    Args:
        weights: a `.mat` file; by default the genuine file in `weights/` if it was downloaded, else the learned one.

    Raises:
        InputError: there is no file, or it does not hold VGG-19.
    """
    path = weights_path(None if weights is None else Path(weights))
    start_tensorflow()
    from vgg.matfile.read import read
    from vgg.network import VGG19

    return VGG19(read(path))


def weights_path(named: Path | None) -> Path:
    """Return the file that the user `named`, else the best one that is here.

    Raises:
        InputError: none was named and none is here.
    """
    path = named or best_present()
    if path is None:
        raise InputError(
            "there are no weights here; get the genuine ones with `make download-weights`, learn filters with "
            "`.venv/bin/python -m weights learn`, or name a .mat file (--weights on the command line)"
        )
    return path
