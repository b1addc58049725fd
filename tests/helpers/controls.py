"""What the tests of the controls share: masks and a second style picture beside those of every run."""

import re
from pathlib import Path

import numpy as np

from image_files import png_of
from transfer_command import prepare


def prepare_controls(folder: Path) -> list[str]:
    """The words of a short run. Masks: a disc in the content, the left half of the style; and one more style."""
    short = prepare(folder, layers=())
    y, x = np.mgrid[:48, :64]
    disc = 255 * ((x - 32) ** 2 + (y - 24) ** 2 < 200)
    (folder / "content-mask.png").write_bytes(png_of(np.repeat(disc[..., None], 3, axis=2).astype(np.uint8)))
    half = 255 * (np.mgrid[:40, :50][1] < 25)
    (folder / "style-mask.png").write_bytes(png_of(np.repeat(half[..., None], 3, axis=2).astype(np.uint8)))
    noise = np.random.default_rng(2).integers(0, 256, (44, 60, 3), dtype=np.uint8)
    (folder / "second.png").write_bytes(png_of(noise))
    return [*short, "--iterations", "2", "--quiet", "--precision", "float32"]


def options(text: str, folder: Path) -> list[str]:
    """The words of an option, with its files in the folder."""
    return re.sub(r"[\w-]+\.png", lambda name: str(folder / name[0]), text).split()
