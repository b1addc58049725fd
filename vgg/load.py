"""One line for those who use the network as a library: `network = load_network()`."""

from pathlib import Path
from typing import TYPE_CHECKING

from vgg.console.quiet import start_tensorflow
from vgg.errors import InputError
from vgg.matfile.locate import FOLDER, SHIPPED_SMALL, genuine_present

if TYPE_CHECKING:
    from vgg.network import VGG19


def load_network(weights: Path | str | None = None) -> "VGG19":
    """Start TensorFlow without its messages and return VGG-19 with the best weights that are here.

    Args:
        weights: a file; by default the genuine one if it was downloaded, else that of the shipped network.

    Raises:
        InputError: there is no file, or it does not hold VGG-19.
    """
    path = weights_path(None if weights is None else Path(weights))
    start_tensorflow()
    from vgg.matfile.read import read
    from vgg.network import VGG19

    return VGG19(read(path))


def weights_path(named: Path | None, folder: Path = FOLDER) -> Path:
    """Return the file that the user `named`, else the genuine one in `folder`, else that of the shipped network.

    Raises:
        InputError: none was named, and none is there or the shipped one is damaged.
    """
    path = named or genuine_present(folder)
    if path is None:
        from vgg.matfile.shipped import shipped_file  # here, because it imports NumPy

        path = shipped_file(folder)
    if path is None:
        raise InputError(
            f"there are no weights in {folder}; get the genuine ones with `make download-weights`, the shipped ones "
            f"with `git checkout weights/{SHIPPED_SMALL}`, or name a file (--weights on the command line)"
        )
    return path
