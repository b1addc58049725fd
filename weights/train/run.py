"""A whole training run: drawings, training with progress shown and the state kept, and the finished file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from vgg.console.interrupts import interrupts_polled
from vgg.console.progress import steps_display
from vgg.console.terminal import say
from weights.drawings_file import get_drawings
from weights.train.file import finished, write_finished
from weights.train.loop import State, Step, initial_state, train
from weights.train.settings import Settings
from weights.train.state_file import save

#: Steps after which the state is written, about two minutes.
KEEP_EVERY = 100


@dataclass(frozen=True)
class Places:
    """The files of a run."""

    network: Path  # the finished network
    state: Path  # written every KEEP_EVERY steps and after a Ctrl-C, deleted at the end
    drawings: Path | None  # see `get_drawings`
    checkpoint_every: int | None  # if not None, the network of every so many steps is written beside the finished one

    def checkpoint(self, step: int) -> Path:
        """Return the place of the network of that step."""
        return self.network.with_name(f"{self.network.stem}-{step}.mat")


def make(places: Places, settings: Settings, state: State | None, stream: TextIO) -> None:
    """Train from `state`, or from the beginning, to the end and write the network; show the progress on `stream`.

    Raises:
        InputError: a file cannot be read or written.
        KeyboardInterrupt: after a Ctrl-C; its text says how to go on.
    """
    drawings = get_drawings(settings, places.drawings, stream)
    state = state or initial_state(drawings, settings)
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
                if step.step % KEEP_EVERY == 0 or step.step == settings.steps:
                    save(places.state, settings, now)
                if places.checkpoint_every and step.step % places.checkpoint_every == 0 and step.step < settings.steps:
                    write_finished(places.checkpoint(step.step), finished(drawings, settings, now))
                stop_if_asked()

            state = train(drawings, settings, state, watch)
        write_finished(places.network, finished(drawings, settings, state))
    except KeyboardInterrupt:
        save(places.state, settings, state)
        raise KeyboardInterrupt(
            f"{state.step} of {settings.steps} steps are kept in {places.state}; run the same command with --resume"
        ) from None
    places.state.unlink(missing_ok=True)


def described(step: Step) -> str:
    """Return the losses of a step in words."""
    return "  ".join(f"{name} {value:.3f}" for name, value in step.losses.items())
