"""Which weights a run uses: the file the user named, else the genuine one if it is here, else learned filters."""

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
    """Return the file the user `named`, else the genuine file in `folder` if it is there, else the learned one."""
    if named is not None:
        return Choice(named, False)
    present, learned = best_present(folder), folder / LEARNED
    if present not in (None, learned):
        return Choice(present, False)
    remark = (
        ": learned from drawn pictures, not from ImageNet; they transfer strokes and colours, but know less of objects "
        "and large forms; get the genuine ones (0.5 GB) with `make download-weights`"
    )
    return Choice(learned, present is None, remark)
