"""What the page keeps on disk: pictures that were dropped in, and results.

A picture that was dropped in is called after the digest of its bytes, whatever its name was. A result has the name of
the time when it was asked for. `NAME.run.json` holds its settings from then on, so that nothing is lost in a crash.
"""

import hashlib
import os
import re
import time
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from transfer.apps.page.settings import Settings
from transfer.cli.outputs import Outputs, outputs_of
from transfer.cli.record import digest_of, parsed, read_record, write_record
from transfer.files import SAMPLE, SAMPLE_PAINTING, SAMPLE_SCENE
from transfer.inputs import natural
from vgg.errors import InputError
from vgg.tools.files import alternatives, write_whole
from vgg.tools.image import encode, kind_of, read_image, read_size, shrunk
from weights.drawings.kinds import draw

MOST_BYTES, MOST_PIXELS = 100_000_000, 100_000_000  # of a picture that is dropped in
MOST_LISTED = 60  # of the results, the newest
SHOWN_SIDE = 640  # pixels, of an image on the page
EXAMPLES = (1, 12, 13, 20, 26, 36)  # drawings that make good styles, see `weights.drawings.kinds`


class Folder:
    """One folder with all of it."""

    def __init__(self, path: Path) -> None:
        """Make the folder if it is not there; raises InputError if it cannot be written."""
        self.path, self.inputs = path, path / "inputs"
        try:
            self.inputs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{path} cannot be made ({error.strerror}); choose another --output") from None

    def keep(self, uploaded: str, name: str) -> str:
        """Return the place of a picture from now on; raises InputError, which calls it `name`, if it cannot be used."""
        try:
            if os.path.getsize(uploaded) > MOST_BYTES:
                raise InputError(f"{name} has more than {MOST_BYTES // 10**6} MB; save a smaller version of it")
            height, width = read_size(uploaded)
            if height * width > MOST_PIXELS:
                raise InputError(f"{name} has {width} × {height} pixels, expected at most 100 million; make it smaller")
            read_image(uploaded)
            return self._written(Path(uploaded).read_bytes())
        except InputError as error:
            raise InputError(str(error).replace(uploaded, name)) from None

    def keep_image(self, image: np.ndarray) -> str:
        """Return the place of an image, uint8 (H, W, 3), such as a mask or a drawing."""
        return self._written(encode(image, ".png"))

    def examples(self) -> list[str]:
        """Return the sample painting and drawings of ours that serve as styles."""
        return [SAMPLE, *(self.keep_image(draw(kind, 0, 512)) for kind in EXAMPLES)]

    def _written(self, data: bytes) -> str:
        place = self.inputs / f"{hashlib.sha256(data).hexdigest()}.{kind_of(data[:1024]).lower()}"
        if not place.exists():
            write_whole(place, data)
        return str(place)

    def find(self, sha256: str) -> str | None:
        """Return the kept picture, or the result, with this digest; None if there is none."""
        if not (isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256)):
            return None
        places = (*self.inputs.glob(f"{sha256}.*"), *(outputs.picture for outputs, _ in self.results()))
        return next((str(place) for place in places if _is_ours(place) and digest_of(place) == sha256), None)

    def new(self, settings: Settings) -> Outputs:
        """Return a free name for a result, with its settings beside it; raises InputError if the disk is full."""
        first = self.path / f"{time.strftime('%Y-%m-%d-%H%M%S')}.png"
        picture = next(path for path in alternatives(first) if not os.path.lexists(_settings_file(path)))
        write_record(_settings_file(picture), asdict(settings))
        return outputs_of(picture)

    def forget(self, outputs: Outputs) -> None:
        """Remove the settings of a run that has not begun; one that has left something keeps them."""
        if not (os.path.lexists(outputs.picture) or os.path.lexists(outputs.state)):
            _settings_file(outputs.picture).unlink(missing_ok=True)

    def results(self) -> list[tuple[Outputs, Settings]]:
        """Return the newest results that have a picture or a checkpoint, with their settings; the newest first."""
        listed = []
        files = sorted(self.path.glob("*.run.json"), key=lambda file: natural(file.name.removesuffix(".run.json")))
        for file in files[: -MOST_LISTED - 1 : -1]:
            try:
                settings = parsed(read_record(file), Settings) if _is_ours(file) else None
            except (TypeError, KeyError, AttributeError):
                continue
            outputs = outputs_of(file.with_name(file.name.removesuffix(".run.json") + ".png"))
            has_begun = _is_ours(outputs.picture) or (_is_ours(outputs.state) and not os.path.lexists(outputs.picture))
            if settings and has_begun:
                listed.append((outputs, settings))
        return listed

    def record_in(self, dropped: str) -> dict[str, Any]:
        """Return the record that was dropped in, or that of a result; raises InputError if it is neither."""
        record = read_record(Path(dropped)) if os.path.getsize(dropped) < MOST_BYTES else None
        if record is None:
            digest = digest_of(Path(dropped))
            records = (read_record(outputs.record) or {} for outputs, _ in self.results())
            record = next((found for found in records if found.get("result", {}).get("sha256") == digest), None)
        if record is None:
            raise InputError("that is no picture that was made here, and no record of one; drop one of these")
        return record


def thumbnail(place: str, side: int = SHOWN_SIDE) -> np.ndarray:
    """Return a picture as it is shown on the page, uint8 (H, W, 3); `place` may be "sample", the scene."""
    path = SAMPLE_SCENE if place == SAMPLE else Path(place)
    if not path.exists():  # somebody has deleted it
        return np.full((side * 3 // 4, side, 3), 128, np.uint8)
    return _thumbnail(str(path), path.stat().st_mtime_ns, side)


def style_thumbnail(place: str) -> np.ndarray:
    """Return the same of a style picture, of which "sample" is the painting."""
    return thumbnail(str(SAMPLE_PAINTING) if place == SAMPLE else place)


@lru_cache(maxsize=2 * MOST_LISTED)
def _thumbnail(path: str, changed: int, side: int) -> np.ndarray:
    return shrunk(read_image(path), side)


def _settings_file(picture: Path) -> Path:
    return picture.with_suffix(".run.json")


def _is_ours(path: Path) -> bool:
    """Return whether a file is one, and no link to another place."""
    return path.is_file() and not path.is_symlink()
