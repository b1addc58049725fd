"""Which weights are here, and one line for those who use the network as a library: `network = load_network()`."""

from pathlib import Path
from typing import TYPE_CHECKING

from vgg.errors import InputError
from vgg.matfile.sniff import SHIPPED
from vgg.tools.console import start_tensorflow

if TYPE_CHECKING:
    from vgg.network import VGG19

#: Where all weights are unless the user names another place.
FOLDER = Path(__file__).resolve().parents[1] / "weights"
#: What `--help` says of --weights.
WEIGHTS_HELP = "a .mat or .npz file of VGG-19 (default: ImageNet's if it was downloaded, else the small one)"
GENUINE_LATER = "imagenet-vgg-verydeep-19.mat"
GENUINE_BETA16 = "imagenet-vgg-verydeep-19-beta16.mat"
GENUINE_SMALL = "imagenet-vgg-verydeep-19-small.npz"  # made by `python -m weights shrink`


def load_network(weights: Path | str | None = None) -> "VGG19":
    """Start TensorFlow without its messages and return VGG-19 with the weights of the file, or the best that are here.

    Raises InputError if there is no file, or it does not hold VGG-19.
    """
    path = weights_path(None if weights is None else Path(weights))
    start_tensorflow()
    from vgg.matfile.read import read
    from vgg.network import VGG19

    return VGG19(read(path))


def weights_path(named: Path | None, folder: Path = FOLDER) -> Path:
    """Return the file that the user `named`, else ImageNet's in `folder`, else the small VGG-19.

    Raise InputError if none was named, and none is there.
    """
    path = named or genuine_present(folder) or folder / SHIPPED
    if named is None and not path.exists():
        raise InputError(
            f"there are no weights in {folder}; get ImageNet's VGG-19 with `make download-weights`, the small one with "
            f"`git checkout weights/{SHIPPED}`, or name a file (--weights on the command line)"
        )
    return path


def genuine_present(folder: Path = FOLDER) -> Path | None:
    """Return ImageNet's VGG-19 if `folder` has it, in either layout or else shrunk; None if it has none."""
    paths = (folder / name for name in (GENUINE_LATER, GENUINE_BETA16, GENUINE_SMALL))
    return next((path for path in paths if path.exists()), None)
