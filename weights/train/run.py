"""A whole training run: drawings, training with progress shown and the state kept, and the finished file."""

import os
import time
from pathlib import Path
from typing import TextIO

import numpy as np

from vgg.console.interrupts import interrupts_polled
from vgg.console.progress import steps_display
from vgg.console.terminal import say
from vgg.errors import InputError
from vgg.files import atomic_write
from weights.train.file import finished, write_finished
from weights.train.loop import State, Step, train
from weights.train.settings import Settings
from weights.train.state_file import save

#: Steps after which the state is written, about two minutes.
KEEP_EVERY = 100


def make(
    path: Path,
    kept: Path,
    settings: Settings,
    state: State,
    drawings_file: Path | None,
    checkpoint_every: int | None,
    stream: TextIO,
) -> None:
    """Train from `state` to the end, write the network to `path` and delete the state in `kept`.

    Args:
        path: of the finished network.
        kept: where the state is written every KEEP_EVERY steps and after a Ctrl-C.
        settings: of the run.
        state: where to begin.
        drawings_file: see `get_drawings`.
        checkpoint_every: if not None, the finished network of every so many steps is written beside `path`.
        stream: where the progress is shown.

    Raises:
        InputError: a file cannot be read or written.
        KeyboardInterrupt: after a Ctrl-C; its text says how to go on.
    """
    drawings = get_drawings(settings, drawings_file, stream)
    say(f"training, {settings.steps} steps:", stream)
    try:
        with (
            steps_display(stream, settings.steps, described) as show,
            interrupts_polled("stopping after this step") as stop_if_asked,
        ):

            def watch(step: Step, now: State) -> None:
                nonlocal state
                state = now
                show(step)
                if step.step % KEEP_EVERY == 0:
                    save(kept, settings, now)
                if checkpoint_every and step.step % checkpoint_every == 0 and step.step < settings.steps:
                    write_finished(path.with_name(f"{path.stem}-{step.step}.mat"), finished(drawings, settings, now))
                stop_if_asked()

            state = train(drawings, settings, state, watch)
    except KeyboardInterrupt:
        save(kept, settings, state)
        raise KeyboardInterrupt(
            f"{state.step} of {settings.steps} steps are kept in {kept}; run the same command with --resume"
        ) from None
    write_finished(path, finished(drawings, settings, state))
    kept.unlink(missing_ok=True)


def described(step: Step) -> str:
    """Return the losses of a step in words."""
    return "  ".join(f"{name} {value:.3f}" for name, value in step.losses.items())


def get_drawings(settings: Settings, file: Path | None, stream: TextIO) -> np.ndarray:
    """Return the drawings, (kinds · draws, 320, 320, 3) uint8 RGB.

    If `file` exists they are read from it; else they are drawn, and written to `file` if it is not None.

    Raises:
        InputError: the file cannot be read or written, or does not hold so many drawings.
    """
    count = settings.kinds * settings.draws
    if file is not None and file.exists():
        try:
            drawings = np.load(file)
        except (OSError, ValueError) as error:
            raise InputError(f"{file} is not an .npy file of drawings ({error}); delete it") from None
        if drawings.dtype != np.uint8 or drawings.ndim != 4 or drawings.shape[3] != 3 or len(drawings) != count:
            raise InputError(
                f"{file} holds {drawings.dtype} numbers {drawings.shape}, expected uint8 ({count}, height, width, 3)"
            )
        return drawings
    from weights.train.drawings import draw_all

    began = time.monotonic()
    say(f"drawing {count} pictures:", stream, end=" ")
    drawings = draw_all(settings.kinds, settings.draws, settings.seed, os.cpu_count(), lambda done, of: None)
    say(f"done in {time.monotonic() - began:.0f} s", stream)
    if file is not None:
        with atomic_write(file) as unfinished, unfinished.open("wb") as opened:
            np.save(opened, drawings)
    return drawings
