"""What a run of a film does. All that can be checked is checked here, before TensorFlow starts."""

import argparse
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from transfer.command.named_files import files_from
from transfer.command.options import recipe_from
from transfer.command.sources import inputs_of
from transfer.inputs.crop import cropped
from transfer.inputs.files import SAMPLE, Files
from transfer.inputs.pictures import at_size, style_at, together
from transfer.recipe.choices import Recipe
from transfer.video.chosen import Chosen
from transfer.video.command_line import ITERATIONS, MEANINGLESS
from transfer.video.frame_store import FrameStore, read_settings
from transfer.video.preview import check_preview
from transfer.video.reading import Film, open_film
from transfer.video.writing import check_film_output, is_folder
from vgg.errors import InputError
from vgg.files import check_place, file_digest
from vgg.image.file import check_output
from vgg.matfile.sniff import require_weights_file


@dataclass(frozen=True)
class Plan:
    """The film, its manner, and where the results go."""

    film: Film
    film_digest: str
    mask_digests: dict[str, str]
    files: Files
    styles: tuple[np.ndarray, ...]  # (H, W, 3) uint8 RGB each, at their sizes
    remarks: tuple[str, ...]  # what the user should know of the sizes
    height: int  # of the frames in the run
    width: int
    first: Recipe
    further: Recipe
    earlier: tuple[int, ...]
    fps: float
    sound: bool
    output: Path
    store: FrameStore
    record: Path
    sheet: Path | None
    loop: Path | None
    keep_frames: bool


def plan_of(options: argparse.Namespace) -> Plan:
    """Return the plan for what the user said.

    Raises:
        InputError: an option is out of range, the film or a picture cannot be used, or a result cannot be written.
    """
    for name, value in MEANINGLESS.items():
        if getattr(options, name) != value:
            raise InputError(f"--{name.replace('_', '-')} is for single pictures, not for a film; leave it out")
    if not options.content:
        raise InputError("the film is missing; name one, as in `python -m transfer.video clip.mp4 painting.jpg`")
    if not options.style and not options.more_styles:
        options = argparse.Namespace(**vars(options) | {"style": [SAMPLE]})
    files, (first, further) = files_from(options), recipes_of(options)
    earlier = earlier_of(options.long_term)
    if options.fps is not None and not 0.1 <= options.fps <= 1000:
        raise InputError(f"--fps is {options.fps:g}, expected 0.1 to 1000")
    film = open_film(files.content, Chosen(options.start, options.end, options.every), None)
    fps = options.fps or film.fps
    remarks: list[str] = []
    frame = next(frames_at_size(film, first, remarks=remarks))
    styles = tuple(style_at(name, first, frame.shape[:2], remarks) for name in files.style_pictures)
    together(files, first, frame, styles, ())  # a bad mask is said before the first frame
    if options.weights is not None:
        require_weights_file(options.weights)
    if SAMPLE in files.style_pictures:
        remarks.append(
            "the style is the sample, a painting drawn by our code; to choose another, name a picture after the film"
        )
    output, loop = options.output, options.loop
    if output.name in ("", ".."):
        raise InputError(f"the output is {str(output)!r}, expected the name of a film or of a new folder; choose one")
    record = output.with_name(f"{output.stem}.json")
    sheet = output.with_name(f"{output.stem}-sheet.png") if options.sheet else None
    folder = output if is_folder(output) else output.with_name(f"{output.name}.frames")
    masks = [name for name in (files.content_mask, *files.style_masks, files.init) if name]
    inputs = [*files.named(), *(film.path / name for name in film.pictures), *filter(None, [options.weights])]
    require_apart(filter(None, (output, record, sheet, loop, folder, *folder.glob("*"))), inputs)
    check_film_output(output, fps)
    check_place(folder / "00001.png")
    check_place(record)
    if sheet:
        check_output(sheet)
    if loop:
        check_preview(loop)
    made = read_settings(record)
    if not made and os.path.exists(record):
        raise InputError(f"{record} is no record of a film and would be overwritten; choose another --output")
    store = FrameStore(folder, output.name, made)
    begun = store.settings() and options.resume  # a stop may have come between the film and its record
    if not options.overwrite:
        require_made(filter(None, (loop,) if begun else (output, sheet, loop)), made, record)
    digests = {name: about["sha256"] for name, about in inputs_of(masks).items()}
    sound = options.fps is None  # at another speed it would be out of step
    return Plan(
        film, digest_of(film), digests, files, styles, tuple(dict.fromkeys(remarks)), *frame.shape[:2], first, further,
        earlier, fps, sound, output, store, record, sheet, loop, options.keep_frames,
    )  # fmt: skip


def frames_at_size(film: Film, recipe: Recipe, skip: int = 0, remarks: list[str] | None = None) -> Iterator[np.ndarray]:
    """Yield the frames of a film at the size of the run, uint8 (H, W, 3), all but the first `skip` of them.

    `remarks` gets what the user should know of their size.
    """
    for frame in film.frames(skip):
        yield at_size("film", str(film.path), cropped(frame, recipe.crop), recipe, [] if remarks is None else remarks)


def require_apart(outputs: Iterable[Path], inputs: Iterable[Path | str]) -> None:
    """Raise InputError if one of the outputs, which will be written or deleted, is also an input, under any name."""
    found = {(about.st_dev, about.st_ino) for about in map(os.stat, inputs)}
    for path in outputs:
        if os.path.exists(path) and ((about := os.stat(path)).st_dev, about.st_ino) in found:
            raise InputError(f"the output {path} is also an input, which it would overwrite; choose another name")


def require_made(outputs: Iterable[Path], made: dict[str, Any], record: Path) -> None:
    """Raise InputError if one of the outputs exists, but is not what the record of a finished film tells of."""
    for path in outputs:
        if path.is_file() and made.get("written", {}).get(path.name) != file_digest(path, "sha256"):
            raise InputError(
                f"{path} exists, and is not what {record} says was written there; name another file, or add --overwrite"
            )


def recipes_of(options: argparse.Namespace) -> tuple[Recipe, Recipe]:
    """Return the recipes of a scene's first frame and of all further ones."""
    if not 0 <= options.temporal_weight <= 1e6:
        raise InputError(f"--temporal-weight is {options.temporal_weight:g}, expected 0 to 1e6")
    recipe = recipe_from(options)
    weight = 0.0 if options.independent else options.temporal_weight
    own = recipe_from(argparse.Namespace(**vars(options) | {"iterations": None})).iterations
    first = replace(recipe, iterations=options.first_frame_iterations or own, temporal_weight=weight)
    if options.independent:
        return replace(first, iterations=options.iterations or own), first
    further = replace(
        recipe, init="picture", noise_share=0.0, scales=(), temporal_weight=weight,
        iterations=options.iterations or ITERATIONS,
    )  # fmt: skip
    return first, further


def earlier_of(text: str) -> tuple[int, ...]:
    """Return `1,2,4` as (1, 2, 4); raises InputError if that is not what it looks like."""
    words = [word.strip() for word in text.split(",")]
    if not all(re.fullmatch("[1-9][0-9]?|100", word) for word in words):
        raise InputError(f"--long-term is {text!r}, expected frames back from 1 to 100, such as 1,2,4")
    return tuple(sorted({int(word) for word in words}))


def digest_of(film: Film) -> str:
    """Return what the film can be recognised by: the digest of its file, or of all pictures in its folder."""
    try:
        if not film.pictures:
            return file_digest(film.path, "sha256")
        digests = [file_digest(film.path / name, "sha256") for name in film.pictures]
    except OSError as error:
        raise InputError(f"{film.path} cannot be read ({error.strerror}); check its permissions") from None
    return hashlib.sha256("".join(digests).encode()).hexdigest()
