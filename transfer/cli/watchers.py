"""What looks on while a run goes by. A watcher is a function of a `Step` and the best image so far.

`Snapshots` writes previews and a series, `Timelapse` a loop, `EventLog` what TensorBoard shows; `watchers_of` says
which the options want.
"""

import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import tensorflow as tf

from transfer.cli.options import RunOptions
from transfer.cli.outputs import Outputs, log_folder, numbered, preview_of, timelapse_of
from transfer.train import Phase, Step, Watch
from vgg.errors import InputError
from vgg.tools import console
from vgg.tools.animation import write_loop
from vgg.tools.files import remove_leftovers
from vgg.tools.image import resize_to, shrunk, to_uint8, write_image

TIMELAPSE_IMAGES, TIMELAPSE_FPS, TIMELAPSE_PAUSE = 60, 15, 20  # 4 s of growth, then the last image for 1⅓ s
TIMELAPSE_SIDE, TIMELAPSE_BYTES = 640, 8_000_000
IMAGE = "best image so far"  # its name in TensorBoard
#: An image on the way → as it would be written at the end, (H, W, 3) RGB in [0, 255].
Finished = Callable[[np.ndarray], np.ndarray]


@contextmanager
def watchers_of(
    options: RunOptions, outputs: Outputs, phases: Sequence[Phase], finished: Finished
) -> Iterator[list[Watch]]:
    """Yield what looks on while the run goes by: the snapshots, and the log for TensorBoard if one is wanted."""
    watchers: list[Watch] = [Snapshots(outputs.picture, finished, options.preview_every, options.save_every)]
    with ExitStack() as at_the_end:
        if loop := timelapse_of(outputs.picture, options):
            every = ceil(steps_of(phases) / TIMELAPSE_IMAGES)
            watchers.append(at_the_end.enter_context(closing(Timelapse(loop, finished, every))))
        if options.log_dir is not None:
            every = ceil(steps_of(phases) / 10)  # of more than 10 images TensorBoard shows some only
            log = EventLog(log_folder(options.log_dir, outputs.picture), finished, every)
            watchers.append(at_the_end.enter_context(closing(log)))
        yield watchers


def steps_of(phases: Sequence[Phase]) -> int:
    """Return how many steps the phases have together, if none ends early."""
    return sum({(phase.height, phase.width): phase.until for phase in phases}.values())


def describe(step: Step, verbose: bool = True) -> str:
    """Return at which size a step was, and if `verbose` its losses, weighted as they are summed."""
    groups = {"content": 0.0, "style": 0.0} | step.losses.groups
    shown = (f"{name} {loss:.4g}" for name, loss in groups.items() if loss or name in ("content", "style"))
    losses = f"  loss {step.losses.total:.4g}  {'  '.join(shown)}"
    return f"{step.size} px{losses if verbose else ''}"


@dataclass
class Snapshots:
    """Writes the best image so far: every so many steps to one preview, every so many to a numbered series.

    A picture is written whole or not at all, so a viewer that looks at the preview always finds one. If the disk is
    full the run goes on without.
    """

    output: Path  # the picture of the run; the others' names begin like its
    finished: Finished
    preview_every: int | None = None  # None: no preview
    save_every: int | None = None  # None: no series

    def __call__(self, step: Step, image: np.ndarray) -> None:
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


class Timelapse:
    """Writes a loop at the end of a run: the best image so far after every `every` steps, and the last one.

    Smaller images are enlarged to the size of the last one. If the run was resumed the loop begins there.
    """

    def __init__(self, path: Path, finished: Finished, every: int) -> None:
        """Prepare a loop; nothing is written before `close`."""
        self._path, self._finished, self._every = path, finished, every
        self._images: list[np.ndarray] = []
        self._last: np.ndarray | None = None

    def __call__(self, step: Step, image: np.ndarray) -> None:
        """Keep the image (H, W, 3) if it is due after this step."""
        self._last = image
        if (step.step - 1) % self._every == 0:
            self._images.append(to_uint8(shrunk(self._finished(image), TIMELAPSE_SIDE)))

    def close(self) -> None:
        """Write the loop, which stays at its last image for a while, or say why not."""
        if self._last is None:
            return
        last = to_uint8(shrunk(self._finished(self._last), TIMELAPSE_SIDE))
        images = [resize_to(image, *last.shape[:2]) for image in self._images] + [last] * TIMELAPSE_PAUSE
        try:
            write_loop(self._path, images, TIMELAPSE_FPS, TIMELAPSE_SIDE, TIMELAPSE_BYTES)
        except InputError as error:
            console.say(f"transfer: {error}; the picture is written without", sys.stderr)


class EventLog:
    """Writes the losses after each step, and now and then the best image so far, in TensorBoard's format.

    There is an image after the first step, after every `every` steps, and after the last step of each size. The folder
    is made at the first step, so that a run without any leaves none. If the disk is full the run goes on without.
    """

    def __init__(self, folder: Path, finished: Finished, every: int) -> None:
        """Prepare a log in a folder that does not exist; nothing is written yet."""
        self._folder, self._finished, self._every = folder, finished, every
        self._writer: tf.summary.SummaryWriter | None = None
        self._file, self._length = folder, 0  # what is written to, and its length so far in bytes
        self._last: Step | None = None
        self._unwritten: np.ndarray | None = None  # the best image after the last step, if it is not in the file yet
        self._open = True

    def __call__(self, step: Step, image: np.ndarray) -> None:
        """Write what is due after this step; `image` (H, W, 3) may be of another size than the last one."""
        if not self._open:
            return
        with self._without_ending_the_run():
            last = self._last
            if last is None:  # the folder's name goes as bytes, because it need not be Unicode
                self._writer = tf.summary.create_file_writer(os.fsencode(self._folder))
                self._file = next(self._folder.iterdir(), self._folder)
            with self._writer.as_default():  # flushes at its end, so that TensorBoard sees the step at once
                if last is not None and last.size != step.size:
                    self._write_image()  # of the size that is done
                self._last, self._unwritten = step, image
                for tag, value in scalars_of(step, last).items():
                    tf.summary.scalar(tag, value, step.step)
                if last is None or step.step % self._every == 0:
                    self._write_image()
            length = self._file.stat().st_size
            if length <= self._length:  # TensorFlow says nothing of a large value that is lost
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._length = length

    def close(self) -> None:
        """Write the image after the last step, if it is not there yet, and close the file."""
        if self._open and self._writer:
            with self._without_ending_the_run():
                with self._writer.as_default():
                    self._write_image()
                self._writer.close()
        self._open = False

    def _write_image(self) -> None:
        """Write the best image after the last step, if it is not there yet."""
        if self._unwritten is not None:
            tf.summary.image(IMAGE, to_uint8(self._finished(self._unwritten))[None], self._last.step)
            self._unwritten = None

    @contextmanager
    def _without_ending_the_run(self) -> Iterator[None]:
        """Say what failed inside the block, if something did, and write nothing from then on."""
        try:
            yield
        except (OSError, InputError, tf.errors.OpError) as error:
            self._open = False
            # TensorFlow's errors name a file and functions around what went wrong.
            reason = error.strerror if isinstance(error, OSError) else str(error).split("\n")[0].rpartition("; ")[2]
            console.say(
                f"transfer: {self._file} cannot be written ({reason}); the run goes on without its log", sys.stderr
            )


def scalars_of(step: Step, last: Step | None) -> dict[str, float]:
    """Return what is shown as curves, by tag. TensorBoard puts those with the same word before the slash together.

    `last` is the step before. Without it, in a run that goes on after a stop, nobody knows how long the step took.
    """
    losses = step.losses
    groups = {f"loss/{name}": loss for name, loss in {"total": losses.total, **losses.groups}.items()}
    terms = {name.replace(" ", "/", 1): loss for name, loss in losses.terms.items() if name not in losses.groups}
    counts = {"step/evaluations": step.evaluations, "step/size": step.size}
    if last is not None or step.step == 1:
        counts["step/seconds"] = step.seconds - (last.seconds if last else 0.0)
    return groups | terms | counts
