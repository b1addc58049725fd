"""The names of the weights files that this project downloads, ships or makes."""

from pathlib import Path

#: Where all of them are unless the user names another place.
FOLDER = Path(__file__).resolve().parents[2] / "weights"

GENUINE_LATER = "imagenet-vgg-verydeep-19.mat"
GENUINE_BETA16 = "imagenet-vgg-verydeep-19-beta16.mat"

#: Incremented with every change that gives another trained network for the same settings, so that a file from an older
#: version is not used.
TRAINED_VERSION = 1
#: The trained network as it ships, in the small form (`small`), and the `.mat` made of it at first use (`shipped`).
SHIPPED_SMALL = f"trained-on-drawings-v{TRAINED_VERSION}.npz"
SHIPPED_MAT = f"trained-on-drawings-v{TRAINED_VERSION}.mat"


def genuine_present(folder: Path = FOLDER) -> Path | None:
    """Return the genuine file if `folder` has it, in either layout, else None."""
    paths = (folder / name for name in (GENUINE_LATER, GENUINE_BETA16))
    return next((path for path in paths if path.exists()), None)
