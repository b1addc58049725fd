"""What a run of a film does. All that can be checked is checked here, before TensorFlow starts."""

import argparse
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from transfer.command.named_files import files_from
from transfer.command.options import recipe_from
from transfer.command.sources import inputs_of
from transfer.inputs.files import Files
from transfer.recipe.choices import Recipe
from transfer.video.chosen import Chosen
from transfer.video.command_line import ITERATIONS, MEANINGLESS
from transfer.video.preview import check_preview
from transfer.video.reading import Film, open_film
from transfer.video.writing import check_film_output, is_folder
from vgg.errors import InputError
from vgg.files import check_place, file_digest
from vgg.image.file import check_output, read_image
from vgg.matfile.sniff import require_weights_file


@dataclass(frozen=True)
class Plan:
    """The film, its manner, and where the results go."""

    film: Film
    film_digest: str
    mask_digests: dict[str, str]
    files: Files
    first: Recipe
    further: Recipe
    earlier: tuple[int, ...]
    fps: float
    sound: bool
    output: Path
    folder: Path  # of the frames
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
    files, (first, further) = files_from(options), recipes_of(options)
    if options.fps is not None and not 0.1 <= options.fps <= 1000:
        raise InputError(f"--fps is {options.fps:g}, expected 0.1 to 1000")
    film = open_film(files.content, Chosen(options.start, options.end, options.every), None)
    fps = options.fps or film.fps
    output = options.output
    pictures = [name for name in files.named() if name != files.content]
    inputs = [files.content, *pictures, *filter(None, [options.weights])]
    check_film_output(output, fps, inputs)
    folder = output if is_folder(output) else output.with_name(f"{output.name}.frames")
    check_place(folder / "00001.png")
    record = output.with_name(f"{output.stem}.json")
    sheet = output.with_name(f"{output.stem}-sheet.png") if options.sheet else None
    check_place(record)
    if sheet:
        check_output(sheet, inputs)
    if options.loop:
        check_preview(options.loop)
    for name in pictures:
        read_image(name)  # a bad one is said before the first frame
    if options.weights is not None:
        require_weights_file(options.weights)
    masks = [name for name in (files.content_mask, *files.style_masks, files.init) if name]
    digests = {name: about["sha256"] for name, about in inputs_of(masks).items()}
    sound = options.fps is None  # at another speed it would be out of step
    return Plan(
        film, digest_of(film), digests, files, first, further, earlier_of(options.long_term), fps, sound, output,
        folder, record, sheet, options.loop, options.keep_frames,
    )  # fmt: skip


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
    if not all(word.isdecimal() and 1 <= int(word) <= 100 for word in words if len(word) < 5) or not all(words):
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
