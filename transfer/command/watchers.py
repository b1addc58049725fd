"""What looks on while a run goes by. A watcher is a function of a `Step` and the best image so far."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from transfer.command.outputs import numbered, preview_of
from vgg.errors import InputError
from vgg.tools import console
from vgg.tools.files import remove_leftovers
from vgg.tools.image import write_image

if TYPE_CHECKING:
    from transfer.train import Step  # and TensorFlow with it, for which `--help` does not wait


def describe(step: "Step") -> str:
    """Return the losses of a step in words, weighted as they are summed."""
    groups = {"content": 0.0, "style": 0.0} | step.losses.groups
    shown = (f"{name} {loss:.4g}" for name, loss in groups.items() if loss or name in ("content", "style"))
    return f"loss {step.losses.total:.4g}  {'  '.join(shown)}"


@dataclass
class Snapshots:
    """Writes the best image so far: every so many steps to one preview, every so many to a numbered series.

    A picture is written whole or not at all, so a viewer that looks at the preview always finds one. If the disk is
    full the run goes on without.
    """

    output: Path  # the picture of the run; the others' names begin like its
    finished: Callable[[np.ndarray], np.ndarray]  # an image on the way → as it would be written at the end
    preview_every: int | None = None  # None: no preview
    save_every: int | None = None  # None: no series

    def __call__(self, step: "Step", image: np.ndarray) -> None:
        """Write what is due after this step; `image` (H, W, 3) may be of a smaller size than the last one."""
        if self.preview_every and step.step % self.preview_every == 0:
            self._write(preview_of(self.output), image)
        if self.save_every and step.step % self.save_every == 0:
            self._write(numbered(self.output, step.step), image)

    def _write(self, path: Path, image: np.ndarray) -> None:
        remove_leftovers(path)
        try:
            write_image(path, self.finished(image))
        except InputError as error:
            console.say(f"transfer: {error}; the run goes on without previews", sys.stderr)
            self.preview_every = self.save_every = None
