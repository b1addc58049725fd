"""The finished frames of a film as files, so that a run that was stopped goes on where it was.

Frames are PNG files in a folder beside the output, or in the output itself if that is a folder. What the next frame
starts from is read from these files in any case; so a run that goes on has the same bytes as one that was not stopped.
Beside them lie `settings.json`, by which the run is recognised, and what is known of each frame. A folder without it,
or with that of another film, is somebody else's: nothing in it is touched.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transfer.command.differences import differences
from transfer.video.writing import frame_place, write_frame
from vgg.errors import InputError
from vgg.files import atomic_write
from vgg.image.file import read_image

SETTINGS = "settings.json"
#: What the settings of a film, and so its record, have among other things; no other program's file has all of them.
NAMES = {"first", "further", "earlier", "film", "chosen", "styles", "weights"}


def read_settings(path: Path) -> dict[str, Any]:
    """Return the settings or the record of a film from its JSON file; {} if that is missing or something else."""
    found = _read_object(path)
    lists_and_dicts = isinstance(found.get("frames", []), list) and isinstance(found.get("written", {}), dict)
    return found if found.keys() >= NAMES and lists_and_dicts else {}


def _read_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError, RecursionError):
        found = {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class FrameStore:
    """The frames of one film, all made with the same settings, counted from 0."""

    folder: Path
    output: str  # the film's name
    made: dict[str, Any]  # the record of the finished film of this name; {} if there is none

    def settings(self) -> dict[str, Any]:
        """Return the settings of the frames that are there; {} if the folder is empty or missing.

        Raises:
            InputError: the folder has files of something else.
        """
        names = {path.name for path in self.folder.glob("[!.]*")}
        if not names:
            return {}
        painted = {frame_place(self.folder, number).name for number in range(len(self.made.get("frames", [])))}
        is_finished = self.folder.name == self.output and names <= painted
        found = self.made if is_finished else read_settings(self.folder / SETTINGS)
        if found.get("output") != self.output:
            raise InputError(f"{self.folder} has files of something else than {self.output}; choose another --output")
        return found

    def begin(self, settings: dict[str, Any], fps: float, resume: bool, overwrite: bool) -> int:
        """Return how many frames are there to go on from: 0, and the folder is emptied, unless `resume`.

        Args:
            settings: all that decides how the frames look.
            fps: of the film.
            resume: go on with the frames that were made with the same settings.
            overwrite: replace those, and a finished film, that were made with others.

        Raises:
            InputError: they were made with other settings, or are those that would be made again.
        """
        frames = list(self.folder.glob("[0-9]*.png"))
        other = _differences(self.settings(), settings) if frames else []
        others = other + _differences(self.made, settings | {"fps": fps})
        if others and not overwrite:
            raise InputError(
                f"the film {self.output} was made with other settings ({others[0]}); use the same, name another file "
                "with -o, or add --overwrite"
            )
        if frames and resume and not other and (self.folder / SETTINGS).exists():
            return self.count()
        if frames and not overwrite:
            raise InputError(
                f"{self.folder} has {len(frames)} finished frames of this very film; go on with --resume, or begin "
                "anew with --overwrite"
            )
        self.clear()
        with atomic_write(self.folder / SETTINGS) as unfinished:
            unfinished.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        return 0

    def count(self) -> int:
        """Return how many frames are there without a gap, each with what the film's record needs of it."""
        number = 0
        while frame_place(self.folder, number).exists() and _is_whole(self.about(number)):
            number += 1
        return number

    def keep(self, number: int, image: np.ndarray, about: dict[str, Any]) -> np.ndarray:
        """Write a frame, (H, W, 3) RGB in [0, 255], and what is known of it; return it as it was written, uint8.

        Raises:
            InputError: it cannot be written, for example on a full disk.
        """
        with atomic_write(self._about(number)) as unfinished:
            unfinished.write_text(json.dumps(about) + "\n", encoding="utf-8")
        write_frame(self.folder, number, image)  # last: with it, the frame is there
        return self.read(number)

    def read(self, number: int) -> np.ndarray:
        """Return a frame, (H, W, 3) uint8 RGB."""
        return read_image(frame_place(self.folder, number))

    def about(self, number: int) -> dict[str, Any]:
        """Return what is known of a frame; {} if nothing is."""
        return _read_object(self._about(number))

    def clear(self, keep_frames: bool = False) -> None:
        """Delete what is there, or all but the frames; and the folder, if nothing else is in it."""
        ours = r"\d{5,}\.json|\.unfinished-.*|" + SETTINGS + r"|\d{5,}\.png" * (not keep_frames)
        for path in sorted(self.folder.glob("*")):  # the settings last: until then the folder is known as ours
            if re.fullmatch(ours, path.name) and not path.is_dir():
                path.unlink()
        with suppress(OSError):  # something else is in it, or it is missing
            self.folder.rmdir()

    def _about(self, number: int) -> Path:
        return frame_place(self.folder, number).with_suffix(".json")


def _differences(there: dict[str, Any], here: dict[str, Any]) -> list[str]:
    """Return what of `here` is other than in the settings or the record `there`; nothing if that is empty."""
    return differences({name: there.get(name) for name in here}, here) if there else []


def _is_whole(about: dict[str, Any]) -> bool:
    """Return whether the numbers are there that the film's record is made of."""
    try:
        numbers = about["losses"]["groups"].get("style", 0.0), about["flicker"] or 0.0
        return all(isinstance(number, float) for number in numbers)
    except (KeyError, TypeError, AttributeError):
        return False
