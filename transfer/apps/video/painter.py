"""Frame after frame of a film, each tied to the frames before it; then the film of them.

Ruder, Dosovitskiy & Brox 2016, section 4. The first frame of a scene is a picture like any other. Each further one

1. starts from the previous result, moved by the optical flow;
2. has one more term in its loss, which holds it to that where the flow can be trusted;
3. and, if several earlier frames are looked at, to older ones where no later one saw the place (`flow`).
"""

import hashlib
import json
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from typing import Any, NamedTuple, get_args

import numpy as np

from transfer.apps.video.container import is_folder, write_film
from transfer.apps.video.flow import CONTINUED, combined, continuity, flicker, flow, warped, weights
from transfer.apps.video.frame_store import FilmRun
from transfer.cli.options import RunOptions
from transfer.cli.record import environment, inputs_of, pixels_digest, recipe_entries, write_record
from transfer.cli.watchers import describe
from transfer.files import strength_of
from transfer.inputs import together
from transfer.precision import precision_of
from transfer.session import Job, Session
from transfer.striped import IN_STRIPES
from transfer.train import Result, Step, Watch
from vgg.errors import InputError
from vgg.network import Precision
from vgg.tools import console
from vgg.tools.animation import write_loop
from vgg.tools.console import Say, interrupts_polled
from vgg.tools.files import file_digest
from vgg.tools.image import write_image
from vgg.tools.progress import Shown, steps_display
from vgg.tools.sheet import contact_sheet
from weights.load import load_weights

#: Frames that are remembered at least: after a flash, a scene goes on from the frame before it (`flow`).
REMEMBERED = 2
#: Frames on the sheet.
SHOWN = 6


class Link(NamedTuple):
    """How a frame hangs together with an earlier one."""

    result: np.ndarray  # of the earlier frame, (H, W, 3) uint8
    backward: np.ndarray  # the flow from the frame to the earlier one, (H, W, 2)
    weights: np.ndarray  # c, (H, W)


class Painted(NamedTuple):
    """What became of a frame."""

    result: Result
    links: tuple[Link, ...]  # the nearest first; none where a scene begins

    def about(self) -> dict[str, Any]:
        """Return what the film's record says of the frame; its flicker is None where a scene begins."""
        losses = self.result.losses or self.result.steps[-1].losses
        return {
            "losses": losses._asdict(),
            "begins_scene": not self.links,
            "seconds": self.result.steps[-1].seconds,
            "flicker": flicker(self.result.image, *self.links[0]) if self.links else None,
        }


class Painter:
    """Paints the frames of a film one by one, and remembers as many of them as the next ones need."""

    def __init__(self, session: Session, run: FilmRun) -> None:
        self.session, self.run = session, run
        #: How many frames before the next one it has to know.
        self.memory = max(REMEMBERED, *run.earlier)
        self._frames: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=self.memory)  # (content, result), newest last

    def paint(self, content: np.ndarray, watch: Watch | None = None) -> Painted:
        """Return the result for the next frame, (H, W, 3) uint8 RGB at the size of the run.

        The caller writes it and gives what was written to `remember`.
        """
        links = self._links(content)
        return Painted(self.session.run(self._job(content, () if self.run.independent else links), watch), links)

    def remember(self, content: np.ndarray, result: np.ndarray) -> None:
        """Take a finished frame, (H, W, 3) uint8 RGB both; the next ones are held to it."""
        self._frames.append((content, result))

    def _job(self, content: np.ndarray, links: Sequence[Link]) -> Job:
        run = self.run
        if not links:
            return Job(run.first, together(run.files, run.first, content, run.styles, ()), run.seed)
        # What starts and holds the frame is not in any file; the rest is as for a start from the content.
        images = together(run.files, replace(run.further, init="content"), content, run.styles, ())
        moved = [warped(link.result, link.backward) for link in links]
        earlier = combined(moved, [link.weights for link in links])
        # Where nothing is known, the moved result shows what was in front before: a ghost that few steps cannot remove.
        start = np.where(earlier[..., 3:] > 0, earlier[..., :3], np.float32(content))
        return Job(run.further, replace(images, init_image=start, earlier=earlier), run.seed)

    def _links(self, content: np.ndarray) -> tuple[Link, ...]:
        """Return how the frame hangs together with those before it; nothing if a scene begins."""
        links = [self._link(content, ago) for ago in self.run.earlier if ago <= len(self._frames)]
        if not any(links) and len(self._frames) >= REMEMBERED:
            links = [self._link(content, REMEMBERED)]
        return tuple(link for link in links if link)

    def _link(self, content: np.ndarray, ago: int) -> Link | None:
        """Return how the frame hangs together with the one so many frames back; None if there is a cut between."""
        before, result = self._frames[-ago]
        backward = flow(content, before)
        trust = weights(flow(before, content), backward)
        is_cut = continuity(before, content, backward, trust) < CONTINUED
        return None if is_cut else Link(result, backward, trust)


def paint_film(run: FilmRun, options: RunOptions, keep_frames: bool, command: Sequence[str]) -> int:
    """Paint the frames that are missing, each to its file, and make the film of them; return the exit code.

    Raises:
        InputError: something cannot be used or written; the frames that are finished are kept.
        KeyboardInterrupt: stopped; they are kept, too.
    """
    say: Say = (lambda line: None) if options.quiet else console.say
    network_weights = load_weights(options.weights, say)
    for remark in run.remarks:
        say(remark)
    precision, store = options.precision, run.outputs.store
    # Another trial may choose another precision, and what is there was made with this one.
    last_precision = (store.settings() or store.last_record).get("precision")
    if precision == "auto" and last_precision in get_args(Precision) and (options.resume or not options.overwrite):
        precision = last_precision
    precision = precision_of(precision, run.first)
    session = Session(network_weights, options.memory_bytes, precision, IN_STRIPES)
    done = store.begin(recorded_settings(run, session), run.fps, options.resume, options.overwrite)
    if done:
        say(f"going on after {done} frames")
    try:
        count = paint_missing(run, Painter(session, run), done, options.quiet)
    finally:
        if not any(store.folder.glob("*.png")):
            store.clear()
    write_results(run, count, keep_frames, say, command)
    return console.DONE


def recorded_settings(run: FilmRun, session: Session) -> dict[str, Any]:
    """Return all that decides how the frames look, as JSON gives it back."""
    files, shares = run.files, list(run.files.shares.values())
    masks = inputs_of(name for name in (*files.content_masks, *files.style_masks, files.init) if name)
    content = {
        "output": run.outputs.film.name,
        "first": recipe_entries(run.first),
        "further": recipe_entries(run.further),
        "earlier": run.earlier,
        "independent": run.independent,
        "seed": run.seed,
        "film": film_digest(run),
        "chosen": asdict(run.film.chosen),
        "styles": [pixels_digest(image) for image in run.styles],
        "files": {name: about["sha256"] for name, about in masks.items()},
        "blend": shares if len(set(shares)) > 1 else None,  # a record of older versions, which lacks it, reads as None
        "regions": {  # with their numbers, as of two that overlap the first one counts
            number: {name: word if (strength := strength_of(word)) is None else strength}
            for number, (name, word) in enumerate(files.region_styles, start=1)
        },
        "height": run.shape[0],
        "width": run.shape[1],
        "weights": session.weights.sha256,
        "precision": session.precision,
    }
    return json.loads(json.dumps(content))


def film_digest(run: FilmRun) -> str:
    """Return what the film can be recognised by: the digest of its file, or of all pictures in its folder."""
    path, pictures = run.film.path, run.film.pictures
    about = inputs_of([str(path / name) for name in pictures] or [str(path)])
    digests = [file["sha256"] for file in about.values()]
    return hashlib.sha256("".join(digests).encode()).hexdigest() if pictures else digests[0]


def paint_missing(run: FilmRun, painter: Painter, done: int, quiet: bool) -> int:
    """Paint the frames that are not in the store yet; return how many there are in all.

    If stopped between two steps it raises KeyboardInterrupt; the frame in work is lost.
    """
    store, count, began = run.outputs.store, run.film.count or 0, time.monotonic()
    number = done - min(done, painter.memory)
    bar = steps_display(sys.stdout, max(count, 1), lambda shown: shown.text, "frame")
    with (
        nullcontext(lambda shown: None) if quiet else bar as show,
        interrupts_polled("stopping after this step; finished frames are kept") as check_interrupt,
    ):

        def show_progress(frames: int, text: str) -> None:
            seconds_a_frame = (time.monotonic() - began) / max(frames - done, 1)
            show(Shown(frames, seconds_a_frame * (count - frames), text))

        def watch(step: Step, image: np.ndarray) -> None:
            if sys.stdout.isatty():
                show_progress(number, f"frame {number + 1}, step {step.step}  {describe(step)}")
            check_interrupt()

        for content in run.frames(skip=number):
            if number < done:
                painter.remember(content, store.read(number))
            else:
                painted = painter.paint(content, watch)
                require_finished(painted.result, number, run)
                painter.remember(content, store.keep(number, painted.result.image, painted.about()))
                begins = "" if painted.links else "  (a scene begins)"
                show_progress(number + 1, f"{describe(painted.result.steps[-1])}{begins}")
            number += 1
    return number


def require_finished(result: Result, number: int, run: FilmRun) -> None:
    """Raise KeyboardInterrupt or InputError unless the steps of a frame went on to their end."""
    if result.stopped == "interrupted":
        finished = f"{number} frames are kept in {run.outputs.store.folder}; to go on, repeat the command with --resume"
        raise KeyboardInterrupt(finished if number else "before the first frame was finished")
    if result.stopped not in ("finished", "converged"):
        raise InputError(f"frame {number + 1}: {result.stopped}; choose smaller weights")


def write_results(run: FilmRun, count: int, keep_frames: bool, say: Say, command: Sequence[str]) -> None:
    """Make the film, its record, and what else was asked for, from the frames; then delete them unless they stay."""
    outputs, store = run.outputs, run.outputs.store
    if not is_folder(outputs.film):
        sound = run.film.sound(count / run.fps) if run.has_sound else None
        write_film(outputs.film, map(store.read, range(count)), run.fps, sound, say)
    if outputs.loop:
        write_loop(outputs.loop, map(store.read, range(count)), run.fps)
    if outputs.sheet:
        write_image(outputs.sheet, sheet_of(run, count))
    results = [path for path in (outputs.film, outputs.loop, outputs.sheet) if path]
    frames = [store.about(number) for number in range(count)]
    flickers = [frame["flicker"] for frame in frames if frame["flicker"] is not None]
    digests = {path.name: file_digest(path, "sha256") for path in results if path.is_file()}
    record = {
        "command": list(command),
        **store.settings(),
        **environment(),
        "fps": run.fps,
        "flicker": float(np.mean(flickers)) if flickers else None,
        "style": float(np.mean([frame["losses"]["groups"].get("style", 0.0) for frame in frames])),
        "frames": frames,
        "written": store.last_record.get("written", {}) | digests,  # the next film of this name replaces nothing else
    }
    write_record(outputs.record, record)
    say(f"written: {', '.join(map(str, (*results, outputs.record)))}")
    if flickers:
        say(f"flicker: {record['flicker']:.4g} square levels from frame to frame; 0 is perfectly steady")
    if not keep_frames:
        store.clear(keep_frames=is_folder(outputs.film))


def sheet_of(run: FilmRun, count: int) -> np.ndarray:
    """Return some frames of the film above their results, uint8 RGB (H, W, 3)."""
    chosen = sorted({round(place) for place in np.linspace(0, count - 1, min(SHOWN, count))})
    frames = {number: frame for number, frame in enumerate(run.frames()) if number in chosen}
    cells = [(f"frame {n + 1}", frames[n]) for n in chosen] + [("", run.outputs.store.read(n)) for n in chosen]
    return contact_sheet(cells, len(chosen), height=200, font_size=0.5)
