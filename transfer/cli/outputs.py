"""Where a run puts its results, and what its picture gets from the content picture's file.

All of it is looked at before the run begins, which takes minutes and should not be in vain.
"""

import glob
import importlib.util
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from transfer.cli.options import RunOptions
from transfer.cli.record import ENDED, differences, digest_of, identity, ordered, read_record, sources
from transfer.files import SAMPLE, Files
from transfer.inputs import Images, content_in_file, cropped, load
from transfer.machine import usable_bytes
from transfer.recipes import Recipe
from vgg.errors import InputError, typed
from vgg.matfile.sniff import require_weights_file
from vgg.tools.files import alternatives, check_place
from vgg.tools.image import LARGEST_SIDE, check_output, read_picture, resize_to
from vgg.tools.metadata import Tags, without_location
from vgg.tools.transparency import on_white

MOST_ENLARGED = 2  # times, without a warning


@dataclass(frozen=True)
class Outputs:
    """The picture, its record, and the sheet and the web page if they were asked for."""

    picture: Path
    record: Path
    state: Path  # of a run that is not finished, see `transfer.cli.checkpoints`
    sheet: Path | None = None
    report: Path | None = None  # the page about the run, see `transfer.report.page`

    @property
    def written(self) -> list[Path]:
        """Return the files of a finished run."""
        return [path for path in (self.picture, self.record, self.sheet, self.report) if path]


def outputs_of(picture: Path, options: RunOptions = RunOptions()) -> Outputs:  # noqa: B008  (it is constant)
    """Return the files that belong to `picture`."""
    sheet = picture.with_name(f"{picture.stem}-sheet.png") if options.sheet else None
    report = picture.with_name(f"{picture.stem}-report.html") if options.report else None
    return Outputs(picture, picture.with_suffix(".json"), picture.with_suffix(".state.npz"), sheet, report)


def preview_of(output: Path) -> Path:
    """Return where the preview of a picture is."""
    return output.with_name(f"{output.stem}-preview.png")


def timelapse_of(output: Path, options: RunOptions) -> Path | None:
    """Return where the loop is that shows a picture as it grows, if one is wanted."""
    return output.with_name(f"{output.stem}-timelapse.{options.timelapse}") if options.timelapse else None


def numbered(output: Path, step: int) -> Path:
    """Return where the picture of a step is in the series that a run keeps."""
    return output.with_name(f"{output.stem}-{step:04}.png")


def log_folder(log_dir: Path, output: Path) -> Path:
    """Return the place for the log of a run: the first of `logs/result`, `logs/result-2` … that does not exist.

    TensorBoard compares runs that have a folder each.
    """
    return next(folder for folder in alternatives(log_dir / output.stem) if not os.path.lexists(folder))


def planned(picture: Path, inputs: Sequence[Path | str], options: RunOptions = RunOptions()) -> Outputs:  # noqa: B008
    """Return the files of a run that writes `picture`, with what else the options ask for.

    Raises InputError if one of them cannot be written, is one of the `inputs`, or is a `.json` of another program; or
    if the picture's format has no room for the depth.
    """
    if not picture.name:
        raise InputError(f"the output is {str(picture)!r}, expected the name of a picture, such as output/result.png")
    outputs = outputs_of(picture, options)
    check_output(outputs.picture, inputs, options.depth)
    if outputs.sheet:
        check_output(outputs.sheet, inputs)
    for path in filter(None, (outputs.report, outputs.record, outputs.state, timelapse_of(picture, options))):
        check_place(path)
    ours = re.compile(rf"{re.escape(picture.stem)}-(\d+|preview)\.png")  # `preview_of` and `numbered`
    taken = [file for file in map(Path, inputs) if ours.fullmatch(file.name)]
    if options.watched and any(file.absolute().parent == picture.absolute().parent for file in taken):
        raise InputError(f"the input {taken[0]} has a name of this run's previews; choose another --output")
    record = outputs.record
    if record.exists():
        if any(os.path.exists(file) and os.path.samefile(record, file) for file in inputs):
            raise InputError(f"the record {record} is also an input, which it would overwrite; choose another --output")
        if not {"recipe", "steps"} <= (read_record(record) or {}).keys():
            raise InputError(
                f"{record} was not written by this program and would be overwritten; choose another --output"
            )
    if options.log_dir is not None:
        _check_log_folder(log_folder(options.log_dir, picture), outputs)
    return outputs


def _check_log_folder(folder: Path, outputs: Outputs) -> None:
    """Raise InputError unless TensorBoard is there and the folder of a run's log can be made; leave nothing behind."""
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


def free_outputs(picture: Path, inputs: Sequence[Path | str], options: RunOptions) -> Outputs:
    """Return where the results go: beside what is there already, unless it may be replaced.

    Raises InputError if they cannot go there, see `planned`.
    """
    outputs = planned(picture, inputs, options)
    if options.overwrite or options.resume:
        return outputs
    picture = next(path for path in alternatives(outputs.picture) if not is_taken(path, options))
    return planned(picture, inputs, options)


def is_taken(picture: Path, options: RunOptions) -> bool:
    """Return whether one of the files that a run with this picture would write is there."""
    outputs = outputs_of(picture, options)
    files = [*outputs.written, outputs.state, *filter(None, [timelapse_of(picture, options)])]
    if options.watched:
        series = f"{glob.escape(picture.stem)}-[0-9][0-9][0-9][0-9]*.png"  # as `numbered` says
        files += [preview_of(picture), *picture.parent.glob(series)]
    return any(map(os.path.lexists, files))


@dataclass(frozen=True, eq=False)
class ContentFile:
    """The content picture as it is in its file, which is read once for all that is wanted of it."""

    image: np.ndarray  # (H, W, 3) uint8 RGB, cropped
    alpha: np.ndarray | None = None  # (H, W) uint8; None if nothing is transparent
    profile: bytes | None = None  # ICC
    exif: Tags | None = None
    inputs: dict[str, Any] | None = None  # what the record says of the file; {} of a sample


@dataclass(frozen=True, eq=False)
class Place:
    """Where a picture goes, and what only matters once it is painted."""

    outputs: Outputs
    origin: dict[str, Any]  # for the record: the command and the inputs
    alpha: np.ndarray | None = None  # the content picture's, (H, W) uint8 of any size, as in the next two
    profile: bytes | None = None  # ICC
    exif: Tags | None = None
    full_content: np.ndarray | None = None  # the content picture in full, if the result shall be as large
    remarks: tuple[str, ...] = ()  # what the user should know of that


def differences_from_made(
    place: Place, recipe: Recipe, weights_sha256: str, options: RunOptions
) -> dict[str, str] | None:
    """Return in what the finished picture at a place differs from the one that a run with these choices would make.

    For each value its name and a line; {} if nothing differs: the picture is there already. None if there is no picture
    that a whole run has written. A precision, and a recipe to report in, are only compared if they are asked for.
    """
    outputs = place.outputs
    if not outputs.picture.exists():
        return None
    record = read_record(outputs.record) or {}
    try:
        made, new, digest = (
            identity(record),
            identity(ordered(recipe, place.origin, weights_sha256, options)),
            record["result"]["sha256"],
        )
    except (LookupError, TypeError, ValueError, AttributeError):
        # A run that was killed between picture and record leaves its state, too.
        return None if outputs.state.exists() else {"no record": "it has no record"}
    if new["precision"] == "auto":
        new["precision"] = made["precision"]
    new["reported_as"] = new["reported_as"] or made["reported_as"]
    lines = {name: differences(made.get(name), new.get(name), name) for name in new | made}
    different = {name: of_name[0] for name, of_name in lines.items() if of_name}
    if record.get("stopped") not in ENDED and not different:
        return None
    if digest_of(outputs.picture) != digest:
        different["picture"] = "it is no longer the picture that its record was written for"
    return different


def read_content(name: str, recipe: Recipe) -> ContentFile:
    """Return the content picture; a sample is no file of the user's. Raises InputError if it cannot be used."""
    if name == SAMPLE:
        return ContentFile(content_in_file(name, recipe), inputs={})
    picture = read_picture(name, usable_bytes())
    about = {"path": str(Path(name).absolute()), "bytes": picture.length, "sha256": picture.sha256}
    alpha = None if picture.alpha is None else cropped(picture.alpha, recipe.crop)
    return ContentFile(cropped(picture.image, recipe.crop), alpha, picture.profile, picture.exif, {name: about})


def images_and_place(
    files: Files,
    recipe: Recipe,
    output: Path,
    options: RunOptions,
    command: Sequence[str],
    further_inputs: Sequence[Path] = (),
) -> tuple[Images, Place]:
    """Return the images of a run, and where its picture goes: a free name after `output`, unless that may be replaced.

    Raises InputError if one of the pictures cannot be used, or a result would replace what is not ours.
    """
    weights = [options.weights] if options.weights else []
    outputs = free_outputs(output, [*files.named(), *weights, *further_inputs], options)
    require_weights_file(options.weights)
    content = read_content(files.content, recipe)
    images = load(files, recipe, content.image)
    origin = {"command": list(command)} | sources(files, content.inputs)
    return images, place_of(outputs, origin, content, images.content_image, options)


def shown_inputs(images: Images, place: Place) -> list[tuple[str, np.ndarray]]:
    """Return what a run begins with, as the user made it: label and image, (H, W, 3), with the content first."""
    content = images.content_image
    if place.alpha is not None:
        content = on_white(content, resize_to(place.alpha, *content.shape[:2]))
    kinds = {"mask": images.content_masks, "style": images.style_images}
    further = [
        (f"{kind} {i}" if i > 1 else kind, image) for kind in kinds for i, image in enumerate(kinds[kind], start=1)
    ]
    return [("content", content), *further]


def place_of(
    outputs: Outputs, origin: dict[str, Any], content: ContentFile, used: np.ndarray, options: RunOptions
) -> Place:
    """Return the place of a picture; of its content picture the run uses the image `used` (H, W, 3).

    Raises InputError if the format of the picture has no room for the size that the options want.
    """
    exif = content.exif if options.keep_location or not content.exif else without_location(content.exif)
    place = Place(outputs, origin, content.alpha, content.profile, exif)
    height, width = content.image.shape[:2]
    is_larger = bool(content.inputs) and height * width > used.shape[0] * used.shape[1]
    if not (options.full_size and is_larger):
        return place
    ending = outputs.picture.suffix.lower()
    limit = LARGEST_SIDE.get(ending)
    if limit and max(height, width) > limit:
        raise InputError(
            f"--full-size means {width} × {height} pixels here, expected at most {limit} on a side in a {ending} file; "
            "write a .tif or .png"
        )
    factor = height / used.shape[0]
    soft = f"--full-size enlarges the result {factor:.1f} times; above {MOST_ENLARGED} times strokes look soft or like "
    soft += "worms; --full-size-steps 15 or a larger --size paints finer ones"
    is_soft = factor > MOST_ENLARGED and not options.full_size_steps
    return replace(place, full_content=content.image, remarks=(soft,) if is_soft else ())
