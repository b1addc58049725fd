"""Frame after frame of a film, each tied to the frames before it; then the film of them.

Ruder, Dosovitskiy & Brox 2016, section 4. The first frame of a scene is a picture like any other. Each further one

1. starts from earlier results, moved by the optical flow, and where nothing is known from colours nearby (`carry`);
2. has one more term in its loss, which holds it to those results where the flow can be trusted.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from functools import lru_cache
from itertools import count, islice, takewhile
from typing import Any, NamedTuple, get_args

import numpy as np

from transfer.apps.video.carry import start_of, with_entered
from transfer.apps.video.container import is_folder, write_film
from transfer.apps.video.flow import flicker
from transfer.apps.video.frame_store import FilmRun
from transfer.apps.video.trace import KEY, Traced, Tracer, needed_from, traced_ahead
from transfer.cli.options import RunOptions
from transfer.cli.record import environment, inputs_of, pixels_digest, recipe_entries, write_record
from transfer.cli.watchers import describe
from transfer.files import strength_of
from transfer.inputs import together
from transfer.precision import precision_of
from transfer.report.page import film_page
from transfer.session import Job, Session
from transfer.striped import IN_STRIPES
from transfer.train import Result, Step
from vgg.errors import InputError
from vgg.network import Precision
from vgg.tools import console
from vgg.tools.animation import write_loop
from vgg.tools.console import Say, interrupts_polled
from vgg.tools.files import file_digest, write_whole
from vgg.tools.image import write_image
from vgg.tools.progress import Shown, steps_display
from vgg.tools.sheet import contact_sheet
from weights.load import load_weights

#: Shows how many frames are finished, and a text.
ShowFrames = Callable[[int, str], None]
#: Paints the frames that are missing, and returns how many there are in all.
PaintFrames = Callable[[FilmRun, Session, RunOptions, Say, ShowFrames], int]
#: A frame of which this part is new gets twice the steps: 1 / MORE_STEPS.
MORE_STEPS = 12
#: Frames on the sheet.
SHOWN = 6


class Order(NamedTuple):
    """A frame to paint."""

    traced: Traced
    job: Job


def orders_of(run: FilmRun, numbers: range) -> Generator[Order, Result, None]:
    """Yield those frames that the store lacks, one by one: each is sent its result, from which the next one starts.

    The first of the `numbers` begins a scene or the film. Results go to the store.
    """
    store = run.outputs.store
    first_missing = next((number for number in numbers if not store.has(number)), numbers.stop)
    begin = max(numbers.start, needed_from(first_missing, run.earlier))
    result_of = lru_cache(maxsize=2 * KEY + max(run.earlier))(store.read)
    frames = islice(run.frames(skip=begin), numbers.stop - begin)
    for traced in traced_ahead(frames, Tracer(run.earlier, begin)):
        if not store.has(traced.number):
            result = yield Order(traced, _job_of(run, traced, result_of))
            store.keep(traced.number, result.image, _about(traced, result, result_of))


def _job_of(run: FilmRun, traced: Traced, result_of: Callable[[int], np.ndarray]) -> Job:
    """Return the job of a frame; `result_of` returns the result of an earlier one, (H, W, 3) uint8 RGB."""
    content, sources = traced.content, traced.sources
    if run.independent or not sources:
        return Job(run.first, together(run.files, run.first, content, run.styles, ()), run.seed)
    # What starts and holds the frame is not in any file; the rest is as for a start from the content.
    images = together(run.files, replace(run.further, init="content"), content, run.styles, ())
    start, earlier = start_of(content, sources, [result_of(source.number) for source in sources])
    images = replace(images, init_image=start, earlier=earlier)
    if run.further.style_statistic != "neighbours":  # with them, each place has a target of its own anyway
        images = replace(images, regions=with_entered(images.regions, sources))
    iterations = round(run.further.iterations * (1 + min(1, MORE_STEPS * (1 - earlier[..., 3].mean()))))
    return Job(replace(run.further, iterations=iterations), images, run.seed)


def _about(traced: Traced, result: Result, result_of: Callable[[int], np.ndarray]) -> dict[str, Any]:
    """Return what the film's record says of a frame; its flicker is None where a scene begins."""
    losses, link = result.losses or result.steps[-1].losses, traced.link
    return {
        "losses": losses._asdict(),
        "begins_scene": link is None,
        "seconds": result.steps[-1].seconds,
        "flicker": link and flicker(result.image, result_of(link.number), link.backward, link.weights),
    }


def paint_film(
    run: FilmRun, options: RunOptions, keep_frames: bool, command: Sequence[str], paint_frames: PaintFrames
) -> int:
    """Paint the frames that are missing, each to its file, and make the film of them; return the exit code.

    `paint_frames` is `paint_missing`, or `scenes.paint_scenes`.

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
        with shown_frames(run, done, options.quiet) as show_frames:
            show_frames = previewed(run, options.preview_every, show_frames) if run.outputs.preview else show_frames
            frame_count = paint_frames(run, session, options, say, show_frames)
    finally:
        if not any(store.folder.glob("*.png")):
            store.clear()
    write_results(run, frame_count, keep_frames, say, command)
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
        "key_every": KEY,
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


@contextmanager
def shown_frames(run: FilmRun, done: int, quiet: bool) -> Iterator[ShowFrames]:
    """Yield what shows how many frames are finished, after the `done` ones that were there, and a text."""
    frame_count, began = run.film.count or 0, time.monotonic()
    bar = steps_display(sys.stdout, max(frame_count, 1), lambda shown: shown.text, "frame")
    with nullcontext(lambda shown: None) if quiet else bar as show:

        def show_frames(finished: int, text: str) -> None:
            seconds_a_frame = (time.monotonic() - began) / max(finished - done, 1)
            show(Shown(finished, seconds_a_frame * (frame_count - finished), text))

        yield show_frames


def previewed(run: FilmRun, every: int, show_frames: ShowFrames) -> ShowFrames:
    """Return what shows frames and, each time that so many more are finished, writes a film of those without a gap."""
    store = run.outputs.store

    def show_and_write(finished: int, text: str) -> None:
        show_frames(finished, text)
        if finished % every == 0 and store.has(0):
            write_film(run.outputs.preview, map(store.read, takewhile(store.has, count(0))), run.fps)

    return show_and_write


def paint_missing(run: FilmRun, session: Session, options: RunOptions, say: Say, show_frames: ShowFrames) -> int:
    """Paint the frames that are not in the store yet; return how many there are in all.

    If stopped between two steps it raises KeyboardInterrupt; the frame in work is lost.
    """
    orders = orders_of(run, range(sys.maxsize))
    with interrupts_polled("stopping after this step; finished frames are kept") as check_interrupt:

        def watch(step: Step, image: np.ndarray) -> None:
            if sys.stdout.isatty():
                show_frames(number, f"frame {number + 1}, step {step.step}  {describe(step)}")
            check_interrupt()

        order = next_order(orders)
        while order:
            number = order.traced.number
            result = session.run(order.job, watch)
            require_finished(result, number, run)
            begins = "" if order.traced.link else "  (a scene begins)"
            text = f"{describe(result.steps[-1])}{begins}"
            order = next_order(orders, result)
            show_frames(number + 1, text)
    return run.outputs.store.count()


def next_order(orders: Generator[Order, Result, None], result: Result | None = None) -> Order | None:
    """Send the result of the order before, unless it is the first; return the next order, None if there is none."""
    try:
        return orders.send(result)
    except StopIteration:
        return None


def require_finished(result: Result, number: int, run: FilmRun) -> None:
    """Raise KeyboardInterrupt or InputError unless the steps of a frame went on to their end."""
    if result.stopped == "interrupted":
        raise KeyboardInterrupt(what_is_kept(run))
    if result.stopped not in ("finished", "converged"):
        raise InputError(f"frame {number + 1}: {result.stopped}; choose smaller weights")


def what_is_kept(run: FilmRun) -> str:
    """Return how many frames of a film that was stopped are finished, and how to go on."""
    number, folder = run.outputs.store.count(), run.outputs.store.folder
    finished = f"{number} frames are kept in {folder}; to go on, repeat the command with --resume"
    return finished if number else "before the first frame was finished"


def write_results(run: FilmRun, count: int, keep_frames: bool, say: Say, command: Sequence[str]) -> None:
    """Make the film, its record, and what else was asked for, from the frames; then delete them unless they stay."""
    outputs, store = run.outputs, run.outputs.store
    if not is_folder(outputs.film):
        sound = run.film.sound(count / run.fps) if run.has_sound else None
        write_film(outputs.film, map(store.read, range(count)), run.fps, sound, say)
    if outputs.loop:
        write_loop(outputs.loop, map(store.read, range(count)), run.fps)
    sheet = sheet_of(run, count) if outputs.sheet or outputs.report else None
    if outputs.sheet:
        write_image(outputs.sheet, sheet)
    frames = [store.about(number) for number in range(count)]
    flickers = [frame["flicker"] for frame in frames if frame["flicker"] is not None]
    record = {
        "command": list(command),
        **store.settings(),
        **environment(),
        "fps": run.fps,
        "flicker": float(np.mean(flickers)) if flickers else None,
        "style": float(np.mean([frame["losses"]["groups"].get("style", 0.0) for frame in frames])),
        "frames": frames,
    }
    if outputs.report:
        write_whole(outputs.report, film_page(record, outputs.film, sheet))
    digests = {path.name: file_digest(path, "sha256") for path in outputs.results if path.is_file()}
    record["written"] = store.last_record.get("written", {}) | digests  # the next film of this name replaces no other
    write_record(outputs.record, record)
    if outputs.preview:
        outputs.preview.unlink(missing_ok=True)
    say(f"written: {', '.join(map(str, (*outputs.results, outputs.record)))}")
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
