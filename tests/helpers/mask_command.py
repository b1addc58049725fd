"""What the tests of `python -m transfer.masks` share: pictures whose regions are known, and how it is run."""

from pathlib import Path

import numpy as np

from image_files import png_of
from refused_command import refused_by
from transfer.masks import main

Y, X = np.mgrid[:48, :64]
DISC = (X - 30) ** 2 + (Y - 24) ** 2 < 14**2  # (48, 64)
#: Left to right; from dark to light they are blue, red, yellow.
STRIPES = np.array([2, 0, 1], np.uint8)[X // 22]
STRIPE_COLORS = np.array([[30, 30, 160], [220, 60, 60], [240, 230, 80]])


def noisy(image: np.ndarray) -> np.ndarray:
    """The picture as uint8, with noise of 8 levels."""
    noise = np.random.default_rng(5).normal(0, 8, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def stripes() -> np.ndarray:
    """Three upright stripes, each of one colour and noise, (48, 64, 3)."""
    return noisy(STRIPE_COLORS[STRIPES])


def disc() -> np.ndarray:
    """A bright disc on dark ground, (48, 64, 3)."""
    return noisy(np.where(DISC[..., None], [230, 200, 120], [40, 50, 60]))


def saved(folder: Path, image: np.ndarray) -> str:
    """The name of a file in `folder` with the picture."""
    path = folder / "picture.png"
    path.write_bytes(png_of(image))
    return str(path)


def refused(arguments: list[str], capfd, folder: Path) -> str:
    """Run the command, which must refuse; its one line."""
    return refused_by(main, "masks", arguments, capfd, folder)
