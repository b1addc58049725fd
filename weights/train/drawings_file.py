"""Gets the drawings of a training run: from a file if there is one, else they are drawn, with progress shown."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from vgg.console.progress import steps_display
from vgg.console.terminal import say
from vgg.errors import InputError
from vgg.files import atomic_write
from weights.train.settings import Settings


@dataclass(frozen=True)
class Drawn:
    """What the display is told while pictures are drawn."""

    step: int  # how many are done
    left: float  # seconds that the others will take


def get_drawings(settings: Settings, file: Path | None, stream: TextIO) -> np.ndarray:
    """Return the drawings, (kinds · draws, 320, 320, 3) uint8 RGB; number kind · draws + draw.

    Args:
        settings: their number and seed.
        file: an `.npy`. If it exists they are read from it; else they are drawn and kept in it. None keeps nothing.
        stream: where the progress is shown.

    Raises:
        InputError: the file cannot be read or written, or does not hold so many drawings.
    """
    if file is not None and file.exists():
        return read_drawings(file, settings.kinds * settings.draws)
    drawings = draw_with_display(settings, stream)
    if file is not None:
        with atomic_write(file) as unfinished, unfinished.open("wb") as opened:
            np.save(opened, drawings)
    return drawings


def read_drawings(file: Path, count: int) -> np.ndarray:
    """Return the `count` drawings in `file`; raise InputError if it does not hold them."""
    try:
        drawings = np.load(file)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{file} holds no drawings ({type(error).__name__}); delete it or name another") from None
    if drawings.dtype != np.uint8 or drawings.ndim != 4 or drawings.shape[3] != 3 or len(drawings) != count:
        found = f"{drawings.dtype} {drawings.shape}"
        raise InputError(f"{file} holds {found}, expected uint8 ({count}, height, width, 3); delete it or name another")
    return drawings


def draw_with_display(settings: Settings, stream: TextIO) -> np.ndarray:
    """Return new drawings."""
    from weights.drawings import draw_all

    count, began = settings.kinds * settings.draws, time.monotonic()
    say(f"drawing {count} pictures:", stream)
    with steps_display(stream, count, lambda drawn: "") as show:

        def report(done: int, of: int) -> None:
            show(Drawn(done, (time.monotonic() - began) / done * (of - done)))

        return draw_all(settings.kinds, settings.draws, settings.seed, os.cpu_count() or 1, report)
