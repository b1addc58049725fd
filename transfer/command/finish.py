"""What the picture gets between the run and its file: the content file's size and colour profile, and a depth.

All of it is read before the run, because the content file may be gone when the run ends.
"""

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np

from transfer.inputs.files import SAMPLE
from transfer.inputs.pictures import Pictures
from vgg.errors import InputError
from vgg.image.codec import LARGEST_SIDE, Depth
from vgg.image.file import read_image, read_profile


@dataclass(frozen=True, eq=False)
class Finish:
    """How the picture is written."""

    depth: Depth = 8
    profile: bytes | None = None  # the content picture's ICC profile
    full_content: np.ndarray | None = None  # the content picture as in its file, if the result is to be as large

    @property
    def settings(self) -> dict[str, Any]:
        """Return what the record has of it."""
        return {"depth": self.depth, "full_size": self.full_content is not None}


def finish_of(options: argparse.Namespace, pictures: Pictures) -> Finish:
    """Return what the options want of the content picture's file; a drawn one has no profile and no size of its own.

    Raises:
        InputError: the file cannot be read, or the output's format has no room for its size.
    """
    name = pictures.files.content
    if name == SAMPLE:
        return Finish(options.depth)
    return Finish(options.depth, read_profile(name), _full_content(options, pictures) if options.full_size else None)


def _full_content(options: argparse.Namespace, pictures: Pictures) -> np.ndarray | None:
    """Return the content picture as in its file, or None if it is not larger than the run's."""
    content_image = read_image(pictures.files.content)
    height, width = content_image.shape[:2]
    used_height, used_width = pictures.content_image.shape[:2]
    if height * width <= used_height * used_width:
        return None
    ending = options.output.suffix.lower()
    limit = LARGEST_SIDE.get(ending)
    if limit and max(height, width) > limit:
        raise InputError(
            f"--full-size means {width} × {height} pixels here, expected at most {limit} on a side in a {ending} file; "
            "write a .tif or .png"
        )
    return content_image
