"""The names of the `.mat` files that this project downloads or makes, and which of them a command uses by default."""

from pathlib import Path

#: Where all of them are unless the user names another place.
FOLDER = Path(__file__).resolve().parents[2] / "weights"

GENUINE_LATER = "imagenet-vgg-verydeep-19.mat"
GENUINE_BETA16 = "imagenet-vgg-verydeep-19-beta16.mat"

#: Incremented with every change of the learned filters, so that a file from an older version is not used.
LEARNED_VERSION = 1
LEARNED = f"learned-filters-v{LEARNED_VERSION}.mat"


def best_present(folder: Path = FOLDER) -> Path | None:
    """Return the genuine file if `folder` has it, in either layout, else the learned one, else None."""
    paths = (folder / name for name in (GENUINE_LATER, GENUINE_BETA16, LEARNED))
    return next((path for path in paths if path.exists()), None)
