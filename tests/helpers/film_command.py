"""What the tests of `python -m transfer.video` share: a drawn film of few frames, and the words of a short run."""

import json
from functools import cache
from pathlib import Path

import numpy as np

from drawn_clip import frames
from image_files import png_of
from refused_command import refused_by
from tiny_network import tiny_mat
from transfer.apps.video.container import write_film
from transfer.video import main

FRAMES = 6  # four, then a cut, then two


@cache
def drawn() -> list[np.ndarray]:
    """The frames: drawing them takes longer than to paint them."""
    return [frame.image for frame in frames(FRAMES, 48, 64)]


def prepare(folder: Path) -> list[str]:
    """Make a film, lossless, a style picture and a `.mat` file; the words of a short run with them."""
    write_film(folder / "film.mkv", drawn(), 10.0)
    y, x = np.mgrid[:40, :50]
    waves = np.stack([128 + 100 * np.sin(x / 3), 128 + 100 * np.sin((x + y) / 4), 60 + 40 * np.cos(y / 5)], axis=-1)
    (folder / "style.png").write_bytes(png_of(waves.astype(np.uint8)))
    (folder / "tiny.mat").write_bytes(tiny_mat())
    words = [str(folder / "film.mkv"), str(folder / "style.png"), "-o", str(folder / "out" / "film.mp4")]
    words += ["--weights", str(folder / "tiny.mat"), "--size", "64", "--scales", "", "--precision", "float32"]
    return [*words, "--iterations", "4", "--first-frame-iterations", "6", "--no-normalize"]


def record(folder: Path) -> dict:
    """The record of the film."""
    return json.loads((folder / "out" / "film.json").read_text(encoding="utf-8"))


def refused(arguments: list[str], capfd, folder: Path) -> str:
    """Run the command, which must refuse; its one line."""
    return refused_by(main, "video", arguments, capfd, folder)
