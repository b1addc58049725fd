"""What the tests of `python -m vgg` share: tiny weights, a few small pictures drawn by code, and what a refusal is."""

from pathlib import Path

import numpy as np

from image_files import png_of
from refused_command import refused_by
from tiny_network import tiny_mat
from vgg.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


def disc(height: int = 48, width: int = 64, colour: tuple[int, int, int] = (230, 60, 40)) -> np.ndarray:
    """uint8 (height, width, 3): a disc on a slope of colours, so that no two places are alike."""
    y, x = np.mgrid[:height, :width]
    picture = np.stack([200 * x / width, 200 * y / height, 90 + 0 * x], axis=-1)
    picture[(x - width / 3) ** 2 + (y - height / 2) ** 2 < (height / 4) ** 2] = colour
    return picture.astype(np.uint8)


def prepare(folder: Path) -> list[str]:
    """Make `picture.png` and `tiny.mat` in `folder`; the words `--weights … -o …` for a command that draws."""
    (folder / "picture.png").write_bytes(png_of(disc()))
    (folder / "tiny.mat").write_bytes(tiny_mat())
    return ["--weights", str(folder / "tiny.mat"), "-o", str(folder / "out" / "sheet.png")]


def refused(arguments: list[str], capfd, folder: Path) -> str:
    """Run the command, which must refuse; its one line."""
    return refused_by(main, "vgg", arguments, capfd, folder)
