"""Frames from a video file or from a folder of pictures, one at a time, however long the film.

A frame is uint8 (H, W, 3), RGB, upright. OpenCV's FFmpeg decodes the video. It turns frames as a phone's rotation flag
says, and makes colours of grey films. Its own lines go to file descriptor 2; `vgg.console.quiet` keeps them off the
terminal while a command runs.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from transfer.inputs.folder import ENDINGS, pictures_in
from transfer.video.chosen import ALL, Chosen
from vgg.errors import InputError, typed
from vgg.image.file import read_image, resize_to
from vgg.image.kind import READABLE, kind_of

#: Frames per second of a folder of pictures, and of a video that does not say.
USUAL_FPS = 24.0
#: Above this a file's figure is nonsense, such as the 90000 of some streams.
FASTEST = 1000.0
#: By how much the proportions of a folder's pictures may differ: a pixel of rounding, and no more.
SAME_SHAPE = 0.01


@dataclass(frozen=True)
class Film:
    """A part of a film that was found to have frames. `open_film` makes it."""

    path: Path
    chosen: Chosen
    read_fps: float  # frames per second in the file
    height: int  # of all frames, in pixels: that of the first one in the file
    width: int
    claimed: int | None  # frames in the file; a video's figure may be wrong, None if it has none
    pictures: tuple[str, ...] = ()  # their names, if `path` is a folder

    @property
    def fps(self) -> float:
        """Return the frames per second of the chosen frames."""
        return self.chosen.rate(self.read_fps)

    @property
    def count(self) -> int | None:
        """Return how many frames are chosen: exact for a folder, else as the file claims, None if it does not."""
        return None if self.claimed is None else len(self.chosen.numbers(self.read_fps, self.claimed))

    def frames(self, skip: int = 0) -> Iterator[np.ndarray]:
        """Yield the chosen frames, all but the first `skip` of them, uint8 (H, W, 3); one at a time is in memory.

        A frame of another size is brought to that of the first one.

        Raises:
            InputError: a picture in a folder cannot be used.
        """
        most = len(self.pictures) if self.pictures else sys.maxsize  # a video's claim is not to be trusted
        wanted = self.chosen.numbers(self.read_fps, most)[skip:]
        return self._from_folder(wanted) if self.pictures else self._from_video(wanted)

    def _from_folder(self, wanted: range) -> Iterator[np.ndarray]:
        for number in wanted:
            place = self.path / self.pictures[number]
            image = read_image(place)
            height, width = image.shape[:2]
            if abs(height * self.width / (width * self.height) - 1) > SAME_SHAPE:
                raise InputError(
                    f"{place} has {width} × {height} pixels and the first picture {self.width} × {self.height}, "
                    "expected the same proportions; crop it, or leave it out"
                )
            yield resize_to(image, self.height, self.width)

    def _from_video(self, wanted: range) -> Iterator[np.ndarray]:
        capture = _capture(self.path)
        try:
            # Frame by frame from the start: in many files a jump lands beside the frame, or fails.
            for number in range(wanted.stop if wanted else 0):
                if not capture.grab():
                    return
                if number in wanted:
                    found, frame = capture.retrieve()
                    if not found:
                        return
                    yield resize_to(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), self.height, self.width)
        finally:
            capture.release()


def open_film(path: Path | str, chosen: Chosen = ALL, fps: float | None = None) -> Film:
    """Return the chosen part of a video file or a folder of pictures; its first two frames have been read.

    Args:
        path: of a video that FFmpeg reads, or of a folder, whose pictures are sorted by name, 2 before 10.
        chosen: which of its frames.
        fps: frames per second, instead of those in the file; a folder has `USUAL_FPS`.

    Raises:
        InputError: it is missing, is no video, is damaged, or fewer than two frames are chosen.
    """
    path = Path(path)
    film = _open_folder(path, chosen, fps) if os.path.isdir(path) else _open_video(path, chosen, fps)
    chosen.check(None if film.claimed is None else film.claimed / film.read_fps)
    found = sum(1 for _ in islice(film.frames(), 2))
    if found < 2:
        which = f"of {path} {'one frame' if found else 'no frame'} is chosen"
        if chosen == ALL:
            which = f"{path} has one frame only"
        raise InputError(f"{which}, expected a film of two at least; use `{typed('transfer')}` for a picture")
    return film


def _open_folder(path: Path, chosen: Chosen, fps: float | None) -> Film:
    names = tuple(pictures_in(str(path)))
    if not names:
        raise InputError(f"{path} has no pictures, expected frames that end in {', '.join(ENDINGS)}; name another")
    height, width = read_image(path / names[0]).shape[:2]
    return Film(path, chosen, fps or USUAL_FPS, height, width, len(names), names)


def _open_video(path: Path, chosen: Chosen, fps: float | None) -> Film:
    _require_video(path)
    capture = _capture(path)
    try:
        if not capture.isOpened():
            raise InputError(f"{path} is no video that can be read, or is damaged; convert it to .mp4")
        found, frame = capture.read()
        if not found:
            raise InputError(f"{path} has no frame that can be decoded; convert it to .mp4")
        claimed, count = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
    finally:
        capture.release()
    usable = claimed if 0 < claimed <= FASTEST else USUAL_FPS  # False for NaN
    height, width = frame.shape[:2]
    return Film(path, chosen, fps or usable, height, width, int(count) if 0 < count < 2**31 else None)


def _capture(path: Path) -> cv2.VideoCapture:
    # As an absolute path, a name with a colon is no protocol.
    capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return capture


def _require_video(path: Path) -> None:
    """Return if the file can be a video; raise InputError if it begins like something else."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(f"{path} is a pipe or a device, expected a video or a folder of frames; name a file")
    try:
        with path.open("rb") as file:
            kind = kind_of(file.read(1024))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check its name and permissions") from None
    if kind in READABLE and kind != "GIF":
        raise InputError(f"{path} is a picture ({kind}), expected a video or a folder of frames; name another")
    # A text could be a playlist, with which FFmpeg would read other files.
    if kind in ("empty", "a text file", "a web page (HTML)"):
        raise InputError(f"{path} is {kind}, expected a video or a folder of frames; name another")
