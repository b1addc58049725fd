"""Where a run puts its results. It is checked before the run begins, which takes minutes and should not be in vain."""

import glob
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vgg.errors import InputError
from vgg.tools.files import alternatives, check_place
from vgg.tools.image import Depth, check_output


@dataclass(frozen=True)
class Outputs:
    """The picture, its record, and the sheet and the web page if they were asked for."""

    picture: Path
    record: Path
    sheet: Path | None
    state: Path  # of a run that is not finished, see `transfer.command.state_file`
    report: Path | None = None  # the page about the run, see `transfer.report.page`

    @property
    def written(self) -> list[Path]:
        """Return the files of a finished run."""
        return [path for path in (self.picture, self.record, self.sheet, self.report) if path]

    def free(self, watched: bool) -> "Outputs":
        """Return these places, or those of `name-2.png`, `name-3.png` …: the first where no file of a run is yet.

        `watched` says whether the run writes previews.
        """
        places = (self.beside(picture) for picture in alternatives(self.picture))
        return next(found for found in places if not found._taken(watched))

    def _taken(self, watched: bool) -> bool:
        files = [*self.written, self.state]
        if watched:
            series = f"{glob.escape(self.picture.stem)}-[0-9][0-9][0-9][0-9]*.png"  # as `numbered` says
            files += [preview_of(self.picture), *self.picture.parent.glob(series)]
        return any(map(os.path.lexists, files))

    def beside(self, picture: Path) -> "Outputs":
        """Return the places of the other files if the picture had to be written to another place."""
        if picture == self.picture:
            return self
        return outputs_of(picture, self.sheet is not None, self.report is not None)


def outputs_of(picture: Path, with_sheet: bool, with_report: bool = False) -> Outputs:
    """Return the files that belong to `picture`."""
    sheet = picture.with_name(f"{picture.stem}-sheet.png") if with_sheet else None
    report = picture.with_name(f"{picture.stem}-report.html") if with_report else None
    return Outputs(picture, picture.with_suffix(".json"), sheet, picture.with_suffix(".state.npz"), report)


def preview_of(output: Path) -> Path:
    """Return where the preview of a picture is."""
    return output.with_name(f"{output.stem}-preview.png")


def numbered(output: Path, step: int) -> Path:
    """Return where the picture of a step is in the series that a run keeps."""
    return output.with_name(f"{output.stem}-{step:04}.png")


def log_folders(log_dir: Path, output: Path) -> Iterator[Path]:
    """Return the places for the log of a run: `logs/result`, `logs/result-2`, `logs/result-3` …

    The first that does not exist is taken, because TensorBoard compares runs that have a folder each.
    """
    return alternatives(log_dir / output.stem)


def check_log_dir(log_dir: Path, outputs: Outputs) -> None:
    """Return if a folder for the log of a run can be made in `log_dir`; leave nothing behind.

    Raises:
        InputError: `log_dir` is a file, or will be one of the `outputs`, or no folder can be made in it.
    """
    folder = next(folder for folder in log_folders(log_dir, outputs.picture) if not os.path.lexists(folder))
    for file in (*outputs.written, outputs.state):
        if file.absolute() in folder.absolute().parents:
            raise InputError(
                f"the log {folder} cannot be written: {file} will be a file of this run; choose another place"
            )
    try:
        check_place(folder)
    except InputError as error:
        raise InputError(f"the log {error}") from None


def planned(
    output: Path,
    with_sheet: bool,
    inputs: Sequence[Path | str],
    depth: Depth = 8,
    watched: bool = False,
    with_report: bool = False,
) -> Outputs:
    """Return the files of a run whose picture is `output`, with `depth` bits; if `watched`, with previews.

    Raises:
        InputError: one of them cannot be written, is one of the `inputs`, or is a `.json` of another program; or the
            picture's format has no room for the depth.
    """
    if not output.name:
        raise InputError(f"the output is {str(output)!r}, expected the name of a picture, such as output/result.png")
    outputs = outputs_of(output, with_sheet, with_report)
    check_output(outputs.picture, inputs, depth)
    if outputs.sheet:
        check_output(outputs.sheet, inputs)
    if outputs.report:
        check_place(outputs.report)
    ours = re.compile(rf"{re.escape(output.stem)}-(\d+|preview)\.png")  # `preview_of` and `numbered`
    taken = [file for file in map(Path, inputs) if ours.fullmatch(file.name)]
    if watched and any(file.absolute().parent == output.absolute().parent for file in taken):
        raise InputError(f"the input {taken[0]} has a name of this run's previews; choose another --output")
    record = outputs.record
    check_place(record)
    check_place(outputs.state)
    if record.exists():
        if any(os.path.exists(file) and os.path.samefile(record, file) for file in inputs):
            raise InputError(f"the record {record} is also an input, which it would overwrite; choose another --output")
        if record_in(record) is None:
            raise InputError(
                f"{record} was not written by this program and would be overwritten; choose another --output"
            )
    return outputs


def record_in(path: Path) -> dict[str, Any] | None:
    """Return the record of a run that is in a file, or None if it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and {"recipe", "steps"} <= found.keys() else None
