"""One run of a film: paint the frames that are missing, each to its file, then make the film of them."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any, NamedTuple, get_args

import numpy as np

from transfer.command.record import pixels_digest
from transfer.machine import usable_bytes
from transfer.session import Session, precision_of
from transfer.term import Losses
from transfer.train import Step
from transfer.video.frame_store import FrameStore
from transfer.video.painter import Manner, Painter
from transfer.video.plan import Plan, frames_at_size
from transfer.video.results import write_results
from vgg.console import terminal
from vgg.console.interrupts import interrupts_polled
from vgg.console.progress import steps_display
from vgg.errors import InputError
from vgg.network import Precision
from weights.load import load_weights

Say = Callable[[str], None]


def run(plan: Plan, options: argparse.Namespace, command: Sequence[str]) -> int:
    """Make the film; return the exit code.

    Raises:
        InputError: something cannot be used or written; the frames that are finished are kept.
        KeyboardInterrupt: stopped; they are kept, too.
    """
    say: Say = (lambda line: None) if options.quiet else terminal.say
    weights = load_weights(options.weights, say)
    for remark in plan.remarks:
        say(remark)
    store, precision = plan.store, options.precision
    # Another trial may choose another precision, and what is there was made with this one.
    known = (store.settings() or store.made).get("precision")
    if precision == "auto" and known in get_args(Precision) and (options.resume or not options.overwrite):
        precision = known
    session = Session(weights, options.max_memory or usable_bytes(), precision_of(precision, plan.first))
    manner = Manner(plan.files, plan.styles, plan.first, plan.further, options.seed, plan.earlier, options.independent)
    done = store.begin(settings(plan, manner, session), plan.fps, options.resume, options.overwrite)
    if done:
        say(f"going on after {done} frames")
    painter = Painter(session, manner)
    try:
        frames = paint_missing(plan, store, painter, done, options.quiet)
    finally:
        if not any(store.folder.glob("*.png")):
            store.clear()
    write_results(plan, frames, say, command)
    return terminal.DONE


def settings(plan: Plan, manner: Manner, session: Session) -> dict[str, Any]:
    """Return all that decides how the frames look, as JSON gives it back."""
    found = {
        "output": plan.output.name,
        "first": asdict(manner.first),
        "further": asdict(manner.further),
        "earlier": list(manner.earlier),
        "independent": manner.independent,
        "seed": manner.seed,
        "film": plan.film_digest,
        "chosen": asdict(plan.film.chosen),
        "styles": [pixels_digest(image) for image in manner.styles],
        "files": plan.mask_digests,
        "height": plan.height,
        "width": plan.width,
        "weights": session.weights.sha256,
        "precision": session.precision,
    }
    return json.loads(json.dumps(found))


class Shown(NamedTuple):
    """What the display shows of a frame, or of a step on the way to it."""

    step: int  # the number of the frame, from 1
    left: float
    text: str


def paint_missing(plan: Plan, store: FrameStore, painter: Painter, done: int, quiet: bool) -> int:
    """Paint the frames that are not in the store; return how many there are in all.

    Raises:
        KeyboardInterrupt: stopped between two steps; the frame in work is lost.
    """
    count = plan.film.count or 0
    known = min(done, painter.memory)
    number, began = done, time.monotonic()
    bar = steps_display(sys.stdout, max(count, 1), lambda shown: shown.text, "frame")
    with (
        nullcontext(None) if quiet else bar as show,
        interrupts_polled("stopping after this step; finished frames are kept") as check_interrupt,
    ):

        def watch(step: Step, image: np.ndarray) -> None:
            if show and sys.stdout.isatty():
                show(Shown(number, left(), f"frame {number + 1}, step {step.step}  loss {step.losses.total:.4g}"))
            check_interrupt()

        def left() -> float:
            return (time.monotonic() - began) / max(number - done, 1) * (count - number)

        for content, is_known in contents(plan, done, known):
            if is_known:
                painter.remember(content, store.read(number - known))
                known -= 1
                continue
            painted = painter.paint(content, watch)
            if painted.result.stopped == "interrupted":
                kept = f"{number} frames are kept in {store.folder}; --resume goes on from there"
                raise KeyboardInterrupt(kept if number else "before the first frame was finished")
            if painted.result.stopped not in ("finished", "converged"):
                raise InputError(f"frame {number + 1}: {painted.result.stopped}; choose smaller weights")
            losses = painted.result.losses or painted.result.steps[-1].losses
            about = {"losses": losses._asdict(), "begins_scene": painted.begins_scene}
            about |= {"seconds": painted.result.steps[-1].seconds, "flicker": painted.flicker(painted.result.image)}
            painter.remember(content, store.keep(number, painted.result.image, about))
            number += 1
            if show:
                show(Shown(number, left(), described(losses, painted.begins_scene)))
    return number


def contents(plan: Plan, done: int, known: int) -> Iterator[tuple[np.ndarray, bool]]:
    """Yield the frames at the size of the run: those that the painter has to know, then those that are missing."""
    for place, frame in enumerate(frames_at_size(plan.film, plan.first, skip=done - known)):
        yield frame, place < known


def described(losses: Losses, begins_scene: bool) -> str:
    """Return a frame's losses in words."""
    groups = "  ".join(f"{name} {loss:.4g}" for name, loss in losses.groups.items() if loss)
    return f"loss {losses.total:.4g}  {groups}{'  (a scene begins)' * begins_scene}"
