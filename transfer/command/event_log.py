"""What TensorBoard shows of a run: every loss of every step as curves, and images on the way.

TensorBoard reads *event files*, in which each value has a step and a name, its *tag*. TensorFlow writes them.
`tf.summary.scalar` and `tf.summary.image` belong to TensorBoard's package and fail without it. `tf.summary.write` does
not need it. It wants two things to be said that those two know (`metadata.py` and `summary_v2.py` in the folders
`plugins/scalar` and `plugins/image` of TensorBoard 2.21), the part of TensorBoard that shows the value and its form:

    "scalars"   a float32 scalar
    "images"    strings: width, height, and a PNG
"""

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np
import tensorflow as tf

from transfer.train import Step
from vgg.errors import InputError
from vgg.tools import console
from vgg.tools.image import encode

IMAGE = "best image so far"


class EventLog:
    """Writes the losses after each step, and now and then the best image so far: a watcher, to use in a `with` block.

    There is an image after the first step, after every `every` steps, and after the last step of each size. The folder
    is made at the first step, so that a run without any leaves none. If the disk is full the run goes on without.
    """

    def __init__(self, folders: Iterable[Path], finished: Callable[[np.ndarray], np.ndarray], every: int) -> None:
        """Prepare a log; nothing is written yet.

        Args:
            folders: the places for it; the first that does not exist is taken.
            finished: an image on the way → as it would be written at the end, (H, W, 3) RGB in [0, 255].
            every: steps between two images.
        """
        self._folders, self._finished, self._every = folders, finished, every
        self._writer: tf.summary.SummaryWriter | None = None
        self._file, self._bytes = Path(), 0  # what is written to, and what length it must exceed after the next step
        self._last: Step | None = None
        self._unwritten: np.ndarray | None = None  # the best image after the last step, if it is not in the file yet
        self._open = True

    def __call__(self, step: Step, image: np.ndarray) -> None:
        """Write what is due after this step; `image` (H, W, 3) may be of another size than the last one."""
        if not self._open:
            return
        with self._without_ending_the_run():
            last = self._last
            if last is None:
                self._begin()
            with self._writer.as_default():  # flushes at its end, so that TensorBoard sees the step at once
                if last is not None and last.size != step.size:
                    self._write_image()  # of the size that is done
                self._last, self._unwritten = step, image
                for tag, value in scalars_of(step, last).items():
                    self._write(tag, tf.constant(value, tf.float32), "scalars")
                if last is None or step.step % self._every == 0:
                    self._write_image()
            self._require_arrival()

    def close(self) -> None:
        """Write the image after the last step, if it is not there yet, and close the file."""
        if self._open and self._last is not None:
            with self._without_ending_the_run():
                if self._unwritten is not None:
                    with self._writer.as_default():
                        self._write_image()
                    self._require_arrival()
                self._writer.close()
        self._open = False

    def __enter__(self) -> "EventLog":
        """Return the log itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the log, also of a run that was stopped."""
        self.close()

    def _begin(self) -> None:
        """Make the folder and the event file in it."""
        folder = new_folder(self._folders)
        self._writer = tf.summary.create_file_writer(os.fsencode(folder))  # as bytes: the name need not be Unicode
        self._file = next(folder.iterdir(), folder / "events.out.tfevents")  # to which TensorFlow adds time and host

    def _write_image(self) -> None:
        """Write the best image after the last step, if it is not there yet."""
        if self._unwritten is not None:
            image, self._unwritten = self._finished(self._unwritten), None
            height, width = image.shape[:2]
            png = encode(image, ".png")
            self._write(IMAGE, tf.constant([f"{width}", f"{height}", png]), "images")
            self._bytes += len(png)

    def _write(self, tag: str, value: tf.Tensor, plugin: str) -> None:
        """Write a value of the last step for the part of TensorBoard that is called `plugin`."""
        data = tf.compat.v1.SummaryMetadata.PluginData(plugin_name=plugin)
        metadata = tf.compat.v1.SummaryMetadata(plugin_data=data)
        tf.summary.write(tag, value, step=self._last.step, metadata=metadata)

    def _require_arrival(self) -> None:
        """Return if what was written is in the file, else raise OSError."""
        # On a full disk TensorFlow raises an error if a small value does not fit, but says nothing of a large one.
        arrived = self._file.stat().st_size
        if arrived <= self._bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._bytes = arrived

    @contextmanager
    def _without_ending_the_run(self) -> Iterator[None]:
        """Say what failed inside the block, if something did, and write nothing from then on."""
        try:
            yield
        except (OSError, InputError, tf.errors.OpError) as error:
            self._open, self._unwritten = False, None
            reason = error.strerror if isinstance(error, OSError) else _first_line(error)
            place = self._file if self._file.name else "the log"
            console.say(f"transfer: {place} cannot be written ({reason}); the run goes on without its log", sys.stderr)


def _first_line(error: Exception) -> str:
    """Return what went wrong; of TensorFlow's errors without the file and the functions that it names around it."""
    return str(error).split("\n")[0].rpartition("; ")[2]


def new_folder(folders: Iterable[Path]) -> Path:
    """Make and return the first of the `folders` that does not exist; raise OSError if that is not possible."""
    for folder in folders:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def scalars_of(step: Step, last: Step | None) -> dict[str, float]:
    """Return what is shown as curves, by tag. TensorBoard puts those with the same word before the slash together.

    Args:
        step: what they are taken from.
        last: the step before. If it is None and the run goes on from a step before it was stopped, how long the step
            took is not known.
    """
    losses = step.losses
    groups = {f"loss/{name}": loss for name, loss in {"total": losses.total, **losses.groups}.items()}
    terms = {name.replace(" ", "/", 1): loss for name, loss in losses.terms.items() if name not in losses.groups}
    counts = {"step/evaluations": step.evaluations, "step/size": step.size}
    if last is not None or step.step == 1:
        counts["step/seconds"] = step.seconds - (last.seconds if last else 0.0)
    return groups | terms | counts
