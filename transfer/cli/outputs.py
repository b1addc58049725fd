"""Where a run puts its results, and what its picture gets from the content picture's file.

All of it is looked at before the run begins, which takes minutes and should not be in vain.
"""

import glob
import importlib.util
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transfer.cli.options import RunOptions
from transfer.cli.record import ENDED, differences, digest, identity_in, read_record
from transfer.files import SAMPLE
from transfer.inputs import content_in_file, cropped
from transfer.machine import usable_bytes
from transfer.recipes import Recipe
from vgg.errors import InputError, typed
from vgg.tools.files import alternatives, check_place
from vgg.tools.image import LARGEST_SIDE, Depth, check_output, read_picture


@dataclass(frozen=True)
class Outputs:
    """The picture, its record, and the sheet and the web page if they were asked for."""

    picture: Path
    record: Path
    sheet: Path | None
    state: Path  # of a run that is not finished, see `transfer.cli.checkpoints`
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
        return next(place for place in places if not place._taken(watched))

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
    """Yield the places for the log of a run: `logs/result`, `logs/result-2`, `logs/result-3` …

    The first that does not exist is taken, because TensorBoard compares runs that have a folder each.
    """
    return alternatives(log_dir / output.stem)


def planned(picture: Path, inputs: Sequence[Path | str], options: RunOptions = RunOptions()) -> Outputs:  # noqa: B008
    """Return the files of a run that writes `picture`, with what else the options ask for.

    Raises:
        InputError: one of them cannot be written, is one of the `inputs`, or is a `.json` of another program; or the
            picture's format has no room for the depth.
    """
    if not picture.name:
        raise InputError(f"the output is {str(picture)!r}, expected the name of a picture, such as output/result.png")
    outputs = outputs_of(picture, options.sheet, options.report)
    check_output(outputs.picture, inputs, options.depth)
    if outputs.sheet:
        check_output(outputs.sheet, inputs)
    if outputs.report:
        check_place(outputs.report)
    ours = re.compile(rf"{re.escape(picture.stem)}-(\d+|preview)\.png")  # `preview_of` and `numbered`
    taken = [file for file in map(Path, inputs) if ours.fullmatch(file.name)]
    if options.watched and any(file.absolute().parent == picture.absolute().parent for file in taken):
        raise InputError(f"the input {taken[0]} has a name of this run's previews; choose another --output")
    record = outputs.record
    check_place(record)
    check_place(outputs.state)
    if record.exists():
        if any(os.path.exists(file) and os.path.samefile(record, file) for file in inputs):
            raise InputError(f"the record {record} is also an input, which it would overwrite; choose another --output")
        if not {"recipe", "steps"} <= (read_record(record) or {}).keys():
            raise InputError(
                f"{record} was not written by this program and would be overwritten; choose another --output"
            )
    if options.log_dir is not None:
        _check_log_dir(options.log_dir, outputs)
    return outputs


def _check_log_dir(log_dir: Path, outputs: Outputs) -> None:
    """Raise InputError unless TensorBoard is there and a folder for a run's log can be made; leave nothing behind."""
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
    if importlib.util.find_spec("tensorboard") is None:
        how = typed("pip", "install", "tensorboard")
        raise InputError(f"TensorBoard is not installed, which writes the log of --log-dir; get it: {how}")


def differences_from_made(outputs: Outputs, ordered: dict[str, Any]) -> dict[str, str] | None:
    """Return in what the finished picture in `outputs` differs from the one whose `identity` is `ordered`.

    For each value its name and a line; {} if nothing differs: the picture is there already. None if there is no picture
    that a whole run has written. A precision, and a recipe to report in, are only compared if they are asked for.
    """
    if not outputs.picture.exists():
        return None
    record = read_record(outputs.record) or {}
    recorded = identity_in(record)
    if recorded is None:  # a run that was killed between picture and record leaves its state, too
        return None if outputs.state.exists() else {"no record": "it has no record"}
    if ordered["precision"] == "auto":
        ordered = ordered | {"precision": recorded["precision"]}
    ordered = ordered | {"reported_as": ordered["reported_as"] or recorded["reported_as"]}
    lines = {name: differences(recorded.get(name), ordered.get(name), name) for name in ordered | recorded}
    different = {name: of_name[0] for name, of_name in lines.items() if of_name}
    if record.get("stopped") not in ENDED and not different:
        return None
    if record["result"].get("sha256") != digest(outputs.picture):
        different["picture"] = "it is no longer the picture that its record was written for"
    return different


@dataclass(frozen=True, eq=False)
class ContentFile:
    """The content picture as it is in its file, which is read once for all that is wanted of it."""

    image: np.ndarray  # (H, W, 3) uint8 RGB, cropped
    profile: bytes | None = None  # ICC
    inputs: dict[str, Any] | None = None  # what the record says of the file


@dataclass(frozen=True, eq=False)
class Finish:
    """What the picture gets between the run and its file."""

    depth: Depth = 8
    profile: bytes | None = None  # the content picture's ICC profile
    full_size: bool = False  # whether the result shall be as large as the content picture is in its file
    full_content: np.ndarray | None = None  # that picture, if it is larger than the result

    @property
    def settings(self) -> dict[str, Any]:
        """Return what the record has of it."""
        return {"depth": self.depth, "full_size": self.full_size}


def read_content(name: str, recipe: Recipe) -> ContentFile:
    """Return the content picture; a drawn one has no profile and no file.

    Raises:
        InputError: the file is not a picture that can be used.
    """
    if name == SAMPLE:
        return ContentFile(content_in_file(name, recipe), inputs={})
    picture = read_picture(name, usable_bytes())
    about = {"path": str(Path(name).absolute()), "bytes": picture.length, "sha256": picture.sha256}
    return ContentFile(cropped(picture.image, recipe.crop), picture.profile, {name: about})


def finish_of(options: RunOptions, content: ContentFile, used: np.ndarray, picture: Path) -> Finish:
    """Return what the options want of the content picture, of which the run uses the image `used` (H, W, 3).

    Raises:
        InputError: the format of `picture`, which will be written, has no room for its size.
    """
    height, width = content.image.shape[:2]
    from_file = bool(content.inputs)  # a drawn picture has no size of its own
    if not (options.full_size and from_file and height * width > used.shape[0] * used.shape[1]):
        return Finish(options.depth, content.profile, options.full_size)
    ending = picture.suffix.lower()
    limit = LARGEST_SIDE.get(ending)
    if limit and max(height, width) > limit:
        raise InputError(
            f"--full-size means {width} × {height} pixels here, expected at most {limit} on a side in a {ending} file; "
            "write a .tif or .png"
        )
    return Finish(options.depth, content.profile, options.full_size, content.image)
