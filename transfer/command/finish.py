"""What the picture gets between the run and its file: the content file's size and colour profile, and a depth.

All of it is read before the run, because the content file may be gone when the run ends.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transfer.inputs.crop import read_cropped
from transfer.inputs.files import SAMPLE
from transfer.inputs.pictures import Pictures
from transfer.recipe.choices import Crop
from vgg.errors import InputError
from vgg.tools.image import LARGEST_SIDE, Depth, read_profile


@dataclass(frozen=True, eq=False)
class Finish:
    """How the picture is written."""

    depth: Depth = 8
    profile: bytes | None = None  # the content picture's ICC profile
    full_size: bool = False  # whether the result shall be as large as the content picture is in its file
    full_content: np.ndarray | None = None  # that picture, if it is larger than the result

    @property
    def settings(self) -> dict[str, Any]:
        """Return what the record has of it."""
        return {"depth": self.depth, "full_size": self.full_size}


def finish_of(options: argparse.Namespace, pictures: Pictures, output: Path, crop: Crop) -> Finish:
    """Return what the options want of the content picture's file; a drawn one has no profile and no size of its own.

    `output` is where the picture will be written.

    Raises:
        InputError: the file cannot be read, or the output's format has no room for its size.
    """
    name = pictures.files.content
    if name == SAMPLE:
        return Finish(options.depth, None, options.full_size)
    full_content = _full_content(pictures, output, crop) if options.full_size else None
    return Finish(options.depth, read_profile(name), options.full_size, full_content)


def _full_content(pictures: Pictures, output: Path, crop: Crop) -> np.ndarray | None:
    """Return the content picture as in its file, or None if it is not larger than the run's."""
    content_image = read_cropped(pictures.files.content, crop)
    height, width = content_image.shape[:2]
    used_height, used_width = pictures.content_image.shape[:2]
    if height * width <= used_height * used_width:
        return None
    ending = output.suffix.lower()
    limit = LARGEST_SIDE.get(ending)
    if limit and max(height, width) > limit:
        raise InputError(
            f"--full-size means {width} × {height} pixels here, expected at most {limit} on a side in a {ending} file; "
            "write a .tif or .png"
        )
    return content_image
