"""The names of the `.mat` files this project gets or makes, and which of them a command uses by default."""

from pathlib import Path

#: Where they all live unless the user says otherwise.
FOLDER = Path(__file__).resolve().parents[2] / "weights"

GENUINE_LATER = "imagenet-vgg-verydeep-19.mat"
GENUINE_BETA16 = "imagenet-vgg-verydeep-19-beta16.mat"

#: Raised with every change of the learned filters, so that a file of an older checkout is not taken for ours.
LEARNED_VERSION = 1
LEARNED = f"learned-filters-v{LEARNED_VERSION}.mat"


def best_present(folder: Path = FOLDER) -> Path | None:
    """The genuine file if `folder` has it, in either layout, else the learned one, else None."""
    paths = (folder / name for name in (GENUINE_LATER, GENUINE_BETA16, LEARNED))
    return next((path for path in paths if path.exists()), None)
