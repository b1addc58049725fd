"""The finished frames of a film as files, so that a run that was stopped goes on where it was.

Frames are PNG files in a folder beside the output, or in the output itself if that is a folder. What the next frame
starts from is read from these files in any case; so a run that goes on has the same bytes as one that was not stopped.
Beside them lie `settings.json`, by which the run is recognised, and what is known of each frame.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transfer.command.differences import differences
from transfer.video.writing import frame_place, write_frame
from vgg.errors import InputError
from vgg.files import atomic_write, remove_leftovers
from vgg.image.file import read_image

SETTINGS = "settings.json"


@dataclass(frozen=True)
class FrameStore:
    """The frames of one film, all made with the same settings, counted from 0."""

    folder: Path

    def settings(self) -> dict[str, Any] | None:
        """Return the settings of the frames that are there; None if there are none.

        Raises:
            InputError: the folder has files of something else.
        """
        place = self.folder / SETTINGS
        try:
            found = json.loads(place.read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else {}
        except FileNotFoundError:
            if self.folder.is_dir() and any(self.folder.iterdir()):
                raise InputError(f"{self.folder} has files of something else; choose another --output") from None
            return None
        except (OSError, ValueError, RecursionError):
            return {}

    def begin(self, settings: dict[str, Any], resume: bool) -> int:
        """Return how many frames are there to go on from: 0, and the folder is emptied, unless `resume`.

        Raises:
            InputError: the frames that are there were made with other settings, or are those that would be made again.
        """
        found = self.settings()
        if resume and found is not None:
            other = differences(found, settings)
            if other:
                raise InputError(
                    f"the frames in {self.folder} were made with other settings: {other[0]}; use the same, or leave "
                    "out --resume"
                )
            return self.count()
        if found == settings and self.count():
            raise InputError(
                f"{self.folder} has {self.count()} finished frames of this very film; go on with --resume, or delete "
                "the folder to begin anew"
            )
        self.clear()
        with atomic_write(self.folder / SETTINGS) as unfinished:
            unfinished.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        return 0

    def count(self) -> int:
        """Return how many frames are there without a gap."""
        number = 0
        while frame_place(self.folder, number).exists():
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
        """Return what is known of a frame."""
        return json.loads(self._about(number).read_text(encoding="utf-8"))

    def clear(self, keep_frames: bool = False) -> None:
        """Delete what is there, or all but the frames; and the folder, if nothing else is in it."""
        if not self.folder.is_dir():
            return
        number = 0
        while self._about(number).exists() or frame_place(self.folder, number).exists():
            for path in (self._about(number), *[frame_place(self.folder, number)] * (not keep_frames)):
                path.unlink(missing_ok=True)
            remove_leftovers(frame_place(self.folder, number))
            remove_leftovers(self._about(number))
            number += 1
        (self.folder / SETTINGS).unlink(missing_ok=True)
        remove_leftovers(self.folder / SETTINGS)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _about(self, number: int) -> Path:
        return frame_place(self.folder, number).with_suffix(".json")
