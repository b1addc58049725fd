"""One run of a film, and its finished frames as files, so that a run that was stopped goes on where it was.

Frames are PNG files in a folder beside the output, or in the output itself if that is a folder. What the next frame
starts from is read from these files in any case; so a run that goes on has the same bytes as one that was not stopped.
Beside them lie `settings.json`, by which the run is recognised, and what is known of each frame. A folder without it,
or with that of another film, is somebody else's: nothing in it is touched.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from transfer.apps.video.container import Film, frame_place
from transfer.cli.record import differences, read_record, write_record
from transfer.files import Files
from transfer.inputs import at_size, cropped
from transfer.recipes import Recipe
from vgg.errors import InputError
from vgg.tools.image import read_image, write_image

SETTINGS = "settings.json"
#: What the settings of a film, and so its record, have among other things; no other program's file has all of them.
NAMES = {"first", "further", "earlier", "film", "chosen", "styles", "weights"}


class FilmOutputs(NamedTuple):
    """Where a run writes."""

    film: Path  # a video, or a folder of frames
    store: "FrameStore"
    record: Path
    sheet: Path | None
    loop: Path | None
    report: Path | None
    preview: Path | None  # the film as far as it is; deleted when it is finished

    @property
    def results(self) -> list[Path]:
        """Return all but the record."""
        return [path for path in (self.film, self.loop, self.sheet, self.report) if path]


@dataclass(frozen=True)
class FilmRun:
    """What a run reads, how it paints, and where it writes."""

    film: Film
    files: Files  # the content is the film
    styles: tuple[np.ndarray, ...]  # (H, W, 3) uint8 RGB each, at their sizes
    first: Recipe  # of the first frame of a scene
    further: Recipe  # of all other frames
    seed: int
    earlier: tuple[int, ...]  # how many frames back those are that a frame is held to, the nearest first
    independent: bool  # each frame by itself, to compare with
    shape: tuple[int, int]  # height and width of the frames in the run, in pixels
    fps: float  # frames per second
    has_sound: bool  # the film's own, if there is one
    outputs: FilmOutputs
    remarks: Sequence[str]  # what the user should know of the inputs

    def frames(self, skip: int = 0) -> Iterator[np.ndarray]:
        """Yield the frames of the film at the size of the run, uint8 (H, W, 3), all but the first `skip` of them."""
        for frame in self.film.frames(skip):
            yield frame_at_size(self.film, frame, self.first, [])


def frame_at_size(film: Film, frame: np.ndarray, recipe: Recipe, remarks: list[str]) -> np.ndarray:
    """Return a frame at the size of the run, uint8 (H, W, 3); `remarks` gets what the user should know of that."""
    return at_size("film", str(film.path), cropped(frame, recipe.crop), recipe, remarks)


@dataclass(frozen=True)
class FrameStore:
    """The frames of one film, all painted with the same settings, counted from 0."""

    folder: Path
    output: str  # the film's name
    last_record: dict[str, Any]  # of the finished film of this name; {} if there is none

    def settings(self) -> dict[str, Any]:
        """Return the settings of the frames in the folder, {} if it is empty; raises InputError if they are others'."""
        names = {path.name for path in self.folder.glob("[!.]*")}
        if not names:
            return {}
        finished = {frame_place(self.folder, number).name for number in range(len(self.last_record.get("frames", [])))}
        is_finished = self.folder.name == self.output and names <= finished
        settings = self.last_record if is_finished else read_settings(self.folder / SETTINGS)
        if settings.get("output") != self.output:
            raise InputError(f"{self.folder} has files of something else than {self.output}; choose another --output")
        return settings

    def begin(self, settings: dict[str, Any], fps: float, resume: bool, overwrite: bool) -> int:
        """Return how many frames there are to go on from: 0, and the folder is emptied, unless `resume`.

        The `settings` are all that decides how the frames look. With `resume` those of the same settings stay, with
        `overwrite` others may go. Raises InputError if they were made with other settings, or are those that would be
        painted again.
        """
        frames = list(self.folder.glob("[0-9]*.png"))
        recorded = self.settings() if frames else {}
        differing = differences({name: recorded.get(name) for name in settings}, settings) if recorded else []
        last, now = self.last_record, settings | {"fps": fps}
        of_film = differences({name: last.get(name) for name in now}, now) if last else []
        if (differing or of_film) and not overwrite:
            raise InputError(
                f"the film {self.output} was made with other settings ({(differing or of_film)[0]}); use the same, "
                "name another file with -o, or add --overwrite"
            )
        if frames and resume and not differing and (self.folder / SETTINGS).exists():
            return self.count()
        if frames and not overwrite:
            raise InputError(
                f"{self.folder} has {len(frames)} finished frames of this very film; go on with --resume, or begin "
                "anew with --overwrite"
            )
        self.clear()
        write_record(self.folder / SETTINGS, settings)
        return 0

    def count(self) -> int:
        """Return how many frames there are; between them, some may be missing."""
        return sum(self.has(int(path.stem) - 1) for path in self.folder.glob("[0-9]*.png"))

    def has(self, number: int) -> bool:
        """Return whether a frame is there, with what is known of it."""
        return frame_place(self.folder, number).exists() and bool(self.about(number))

    def keep(self, number: int, image: np.ndarray, about: dict[str, Any]) -> np.ndarray:
        """Write a frame, (H, W, 3) RGB in [0, 255], and what is known of it; return it as it was written, uint8."""
        write_record(frame_place(self.folder, number).with_suffix(".json"), about)
        write_image(frame_place(self.folder, number), image)  # last: with it, the frame counts as finished
        return self.read(number)

    def read(self, number: int) -> np.ndarray:
        """Return a frame, (H, W, 3) uint8 RGB."""
        return read_image(frame_place(self.folder, number))

    def about(self, number: int) -> dict[str, Any]:
        """Return what is known of a frame; {} if nothing is."""
        return read_record(frame_place(self.folder, number).with_suffix(".json")) or {}

    def clear(self, keep_frames: bool = False) -> None:
        """Delete what is in the folder, or all but the frames; and the folder, if nothing else is in it."""
        pictures = "" if keep_frames else r"|\d{5,}\.png"
        ours = rf"\d{{5,}}\.json|\.unfinished-.*|{SETTINGS}{pictures}"
        for path in sorted(self.folder.glob("*")):  # the settings last: until then the folder is known as ours
            if re.fullmatch(ours, path.name) and not path.is_dir():
                path.unlink()
        with suppress(OSError):  # something else is in it, or it is missing
            self.folder.rmdir()


def read_settings(path: Path) -> dict[str, Any]:
    """Return the settings or the record of a film from its JSON file; {} if that is missing or something else."""
    settings = (read_record(path) if path.is_file() else None) or {}
    is_film = isinstance(settings.get("frames", []), list) and isinstance(settings.get("written", {}), dict)
    return settings if settings.keys() >= NAMES and is_film else {}
