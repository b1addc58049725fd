"""Which weights a run uses: genuine if they are here, else learned ones, of which the run then says what differs."""

from dataclasses import dataclass
from pathlib import Path

from vgg.matfile.locate import FOLDER, LEARNED, best_present


@dataclass(frozen=True)
class Choice:
    """A `.mat` file, whether it has yet to be learned, and what the user should know about it."""

    path: Path
    to_learn: bool
    remark: str = ""  # what follows its name when a run says which weights it uses


def choose(named: Path | None, folder: Path = FOLDER) -> Choice:
    """The file the user `named`, else genuine weights, else learned filters, in `folder` (default: `weights/`)."""
    if named is not None:
        return Choice(named, False)
    present, learned = best_present(folder), folder / LEARNED
    if present not in (None, learned):
        return Choice(present, False)
    remark = (
        ": learned from drawn pictures, not ImageNet's; strokes and colours arrive, objects and large forms are "
        "understood less well; get the genuine ones (0.5 GB) with `make download-weights`"
    )
    return Choice(learned, present is None, remark)
