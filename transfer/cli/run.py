"""The driver: one picture from its job to its files. The command line, a batch and Dask's workers all come by here.

`make_picture` is `paint` (go on or start, train, finish) and then `write_picture`; a worker on another machine paints,
and its client writes. `run` is the command line's way to it, which says more on the terminal.
"""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from transfer.cli.checkpoints import Checkpoints, checkpoints_of, read_state
from transfer.cli.options import RunOptions
from transfer.cli.outputs import (
    Outputs,
    Place,
    differences_from_made,
    outputs_of,
    preview_of,
    shown_inputs,
    timelapse_of,
)
from transfer.cli.record import ENDED, Repeated, about_result, outcome, read_record, reported_as, write_record
from transfer.cli.watchers import describe as describe_step
from transfer.cli.watchers import steps_of, watchers_of
from transfer.full_size import full_size
from transfer.inputs import Images, load
from transfer.machine import available_bytes
from transfer.other_programs import recipe_named
from transfer.precision import precision_of
from transfer.recipes import RELATIVE_TO_REFERENCE, Recipe
from transfer.report.page import page
from transfer.session import Job, Session, Striped
from transfer.sizes import with_margin
from transfer.striped import IN_STRIPES
from transfer.train import Progress, Result, Step, Watch, train
from vgg.errors import InputError, typed
from vgg.tools import console
from vgg.tools.console import Say, interrupts_at_once, interrupts_polled
from vgg.tools.files import remove_leftovers, write_or_rescue, write_whole
from vgg.tools.image import TRANSPARENT, resize_to, write_image
from vgg.tools.progress import Show, duration, steps_display
from vgg.tools.sheet import contact_sheet
from vgg.tools.transparency import on_white
from weights.load import load_weights
from weights.verify import EARLIER_ORIGIN, TRAINED_ORIGIN
from weights.verify import describe as describe_weights

BROKEN_LOSS = 1


@dataclass(frozen=True, eq=False)
class Painted:
    """A picture that is not written yet."""

    image: np.ndarray  # (H, W, 3) float32 RGB in [0, 255], with regions and colours as they shall be
    record: dict[str, Any]  # settings, environment, steps
    best_step: int  # which arrived at the image; 0 for the start


class NotWritten(InputError):
    """A result that is there cannot be written; nor could the next one be."""


class Lost(Exception):
    """Nothing more can be made; what is finished is kept. The message is one line for the user."""


def job_of(recipe: Recipe, images: Images, place: Place, options: RunOptions) -> Job:
    """Return the job of a picture; with `--full-size-steps` it goes on at the size of the content picture's file.

    Raises InputError if a picture or a mask cannot be used at that size.
    """
    job, full = Job(recipe, images, options.seed), place.full_content
    if full is None or not options.full_size_steps:
        return job
    size = (min if recipe.size_of == "shorter side" else max)(full.shape[:2])
    recipe = replace(recipe, size=size, scales=(), iterations=options.full_size_steps)
    return replace(job, then=Job(recipe, load(images.files, recipe, full), options.seed))


# The driver.


def make_picture(
    session: Session,
    job: Job,
    place: Place,
    options: RunOptions,
    display: AbstractContextManager[Show | None],
    check_interrupt: Callable[[], None],
    checkpoints: Checkpoints | None = None,
    begin: np.ndarray | Progress | None = None,
    keep_best: bool = False,
    watch: Watch | None = None,
) -> tuple[Painted, Outputs, dict[str, Any]]:
    """Make one picture, or go on with it if it is unfinished; return it, where it was written, and its record.

    Args:
        display: shows each step until the run ends.
        check_interrupt: raises KeyboardInterrupt if the run shall stop.
        checkpoints: of the job, if they are there already.
        begin: what the run begins with; None: the unfinished run if that has the same settings, else the start.
        keep_best: write the best image so far of a run that was stopped or whose loss broke, elsewhere if need be.
        watch: looks on beside the watchers that the options want.

    Raises:
        InputError: it cannot be made; NotWritten: or not be written.
        KeyboardInterrupt: stopped, without `keep_best`; the state is kept.
    """
    if checkpoints is None:
        checkpoints = checkpoints_of(session, job, place.outputs.state, options.checkpoint_every)
    finished = partial(session.finished, job)
    with display as show, watchers_of(options, place.outputs, checkpoints.phases, finished) as watchers:
        if show:
            watchers = [lambda step, image: show(step), *watchers]
        if watch:
            watchers = [watch, *watchers]
        painted = paint(session, job, checkpoints, options, watchers, check_interrupt, begin, keep_best)
    outputs, record = write_picture(painted, job, place, options, rescue=keep_best)
    if record["stopped"] != "interrupted":
        checkpoints.remove()
    return painted, outputs, record


def paint(
    session: Session,
    job: Job,
    checkpoints: Checkpoints,
    options: RunOptions,
    watchers: Sequence[Watch],
    check_interrupt: Callable[[], None],
    begin: np.ndarray | Progress | None = None,
    keep_best: bool = False,
) -> Painted:
    """Return what `make_picture` writes; its arguments and errors are the same."""
    last = checkpoints.phases[-1]
    if options.report_as:  # that it fits into the memory is found out before the run
        session.plan(recipe_named(options.report_as), last.height, last.width, job.images.guided_regions)

    def watch(step: Step, image: np.ndarray) -> None:
        for watcher in watchers:
            watcher(step, image)
        try:
            check_interrupt()
        except KeyboardInterrupt:
            checkpoints.write()
            raise

    begin = checkpoints.resume_or_start(session.start(job)) if begin is None else begin
    result = train(checkpoints.phases, begin, watch, checkpoints)
    _require_picture(result, keep_best, checkpoints)
    result.image = session.finished(job, result.image)
    record = checkpoints.settings | {"memory_bytes": session.memory_bytes} | outcome(result)
    if options.report_as:
        record["reported_as"] = reported_as(options.report_as, session, job.then or job, result, options.depth)
    return Painted(result.image, record, result.best_step)


def _require_picture(result: Result, keep_best: bool, checkpoints: Checkpoints) -> None:
    """Raise KeyboardInterrupt or InputError unless there is a picture to write: see `make_picture`."""
    if result.stopped == "interrupted" and not (keep_best and result.steps):
        raise KeyboardInterrupt("no step was done, so nothing was written" if keep_best else "")
    if result.stopped == "converged" and not result.steps:
        raise InputError("no step lowers the loss of the start image; choose another --init, or other weights")
    is_broken = result.stopped not in (*ENDED, "interrupted")
    if is_broken and not (keep_best and result.steps):
        checkpoints.remove()  # to go on from there would end the same way
        first = "" if result.steps else ", before the first step"
        raise InputError(f"{result.stopped}{first}; choose smaller weights, and verify the .mat file")


def write_picture(
    painted: Painted, job: Job, place: Place, options: RunOptions, rescue: bool = False
) -> tuple[Outputs, dict[str, Any]]:
    """Write the picture, enlarged if that is wanted, its record, and the sheet and the page if asked for.

    Return where they are, which with `rescue` is elsewhere if need be, and what is in the record. Raises NotWritten if
    one cannot be written, without `rescue` or anywhere else.
    """
    image, outputs = painted.image, place.outputs
    if place.full_content is not None and image.shape != place.full_content.shape:
        image = full_size(image, place.full_content, job.recipe.colors)
    in_file = shown = image
    if place.alpha is not None:
        alpha = resize_to(place.alpha, *image.shape[:2])
        shown = on_white(image, alpha)
        in_file = np.dstack([image, alpha]) if _keeps_alpha(outputs) else shown
    try:
        picture = _write(
            outputs.picture,
            lambda path: write_image(path, in_file, options.depth, place.profile, place.exif),
            rescue,
        )
        own = {"finish": options.finish, "result": about_result(picture, image, options.depth)}
        record, outputs = painted.record | place.origin | own, outputs_of(picture, options)
        record_file = _write(outputs.record, lambda path: write_record(path, record), rescue)
        place = replace(place, outputs=replace(outputs, record=record_file))
        return write_overviews(job.images, shown, place, record, rescue), record
    except InputError as error:
        raise NotWritten(str(error)) from None


def _keeps_alpha(outputs: Outputs) -> bool:
    return outputs.picture.suffix.lower() in TRANSPARENT


def write_overviews(
    images: Images, image: np.ndarray, place: Place, record: dict[str, Any], rescue: bool = False
) -> Outputs:
    """Write the sheet and the page about a result that is there, if asked for; return where they are.

    Raises InputError if one cannot be written.
    """
    outputs, inputs = place.outputs, shown_inputs(images, place)
    if outputs.sheet:
        sheet = contact_sheet([*inputs, ("result", image)])
        outputs = replace(outputs, sheet=_write(outputs.sheet, lambda path: write_image(path, sheet), rescue))
    if outputs.report:
        repeat = typed("transfer", "--from", str(outputs.record), "-o", "NEW.png")
        text = page(record, inputs, image, repeat, place.profile)
        outputs = replace(outputs, report=_write(outputs.report, lambda path: write_whole(path, text), rescue))
    return outputs


def _write(path: Path, write: Callable[[Path], None], rescue: bool) -> Path:
    """Call `write(path)`; with `rescue` write to another place if that fails, and say so. Return the place."""
    if not rescue:
        write(path)
        return path
    place = write_or_rescue(path, write)
    if place != path:
        console.say(f"transfer: {path} can no longer be written, so the result is in {place}", sys.stderr)
    return place


# The command line's way.


def run(
    job: Job,
    place: Place,
    options: RunOptions,
    asked: Path,
    repeated: Repeated | None = None,
    striped: Striped = IN_STRIPES,
) -> int:
    """Read the weights, train, write; return the exit code.

    `asked` is where the user wanted the picture, which may have been taken; `repeated` the record that is repeated, if
    one is. Raises InputError if something cannot be used, and KeyboardInterrupt, whose message says where the best
    picture so far is.
    """
    say: Say = (lambda line: None) if options.quiet else console.say
    for remark in (*job.images.remarks, *place.remarks):
        say(remark)
    if place.alpha is not None and not _keeps_alpha(place.outputs):
        say(
            f"the content picture is transparent in part; a {place.outputs.picture.suffix} file cannot be, so the "
            "result is laid on white; to keep it transparent write a .png"
        )
    session, outputs = session_of(job, options, place.outputs, say, striped), place.outputs
    if outputs.picture != asked:  # said now that all that the user named has been read
        unfinished = (
            " by an unfinished run (to go on with it, add --resume)" if outputs_of(asked).state.exists() else ""
        )
        say(f"{asked} is taken{unfinished}, so the result goes to {outputs.picture}")
    with interrupts_at_once():  # TensorFlow turns a KeyboardInterrupt into other errors while it compiles
        checkpoints = checkpoints_of(session, job, outputs.state, options.checkpoint_every)
        if repeated:
            repeated.compare(checkpoints.settings | checkpoints.environment, say)
        begin = _begin(session, job, place, options, checkpoints, say)
    # From here on there is something to lose, so a Ctrl-C is heeded between two steps only.
    with interrupts_polled("stopping after this step; press Ctrl-C again to stop at once") as check_interrupt:
        describe = partial(describe_step, verbose=options.verbose)
        bar = steps_display(sys.stdout, steps_of(checkpoints.phases), describe)
        painted, used, record = make_picture(
            session, job, place, options, nullcontext() if options.quiet else bar, check_interrupt, checkpoints, begin,
            keep_best=True,
        )  # fmt: skip
        result, (height, width, _) = record["result"], painted.image.shape
        if height < result["height"]:
            say(f"enlarged from {width}×{height} to {result['width']}×{result['height']} pixels")
        loop = timelapse_of(outputs.picture, options)
        written = [*used.written, loop] if loop and loop.exists() else used.written
        say(f"written: {', '.join(map(str, written))}")
    if options.report_as:
        losses = "  ".join(f"{term} {loss:.4g}" for term, loss in record["reported_as"].items() if term != "recipe")
        say(f"in units of {options.report_as}: {losses}")
    if repeated:
        say(repeated.verdict(record["result"]))
    return _ended(painted, used, outputs, asked, say)


def _begin(
    session: Session, job: Job, place: Place, options: RunOptions, checkpoints: Checkpoints, say: Say
) -> np.ndarray | Progress:
    """Return what the run begins with: the unfinished run if it is to be resumed, or else the start; say what comes.

    Raises InputError if the unfinished run, or the finished picture that would be replaced, is of other settings.
    """
    outputs, begin = place.outputs, session.start(job)
    for path in (*outputs.written, preview_of(outputs.picture), outputs.state):
        remove_leftovers(path)  # of a run that was killed while it wrote
    if options.resume:
        if not options.overwrite and not outputs.state.exists():
            made = differences_from_made(place, job.recipe, session.weights.sha256, options)
            for line in (made or {}).values():
                raise InputError(
                    f"{outputs.picture} is finished, and was made with other settings: {line}; leave out "
                    "--resume to give the new one another name, or add --overwrite"
                )
        begin = checkpoints.begin(begin, say)
    if not options.quiet and not isinstance(begin, Progress):
        forecast(session, job, checkpoints, begin, say, options.verbose)
    return begin


def session_of(job: Job, options: RunOptions, outputs: Outputs, say: Say, striped: Striped) -> Session:
    """Return the session with the weights, the memory and the precision that the run shall have."""
    weights = load_weights(options.weights, say)
    has_magnitudes = describe_weights(weights).startswith(("genuine", TRAINED_ORIGIN, EARLIER_ORIGIN))
    if job.recipe.content_loss != RELATIVE_TO_REFERENCE and not has_magnitudes:
        say(f"recipe {job.recipe.name} is meant for the activations of ImageNet's VGG-19; others shift its balance")
    precision = options.precision
    if precision == "auto" and options.resume:  # a busy machine may measure another one than the unfinished run had
        before = {} if options.overwrite else read_record(outputs.record) or {}
        if outputs.state.exists():
            before = read_state(outputs.state).settings
        precision = before["precision"] if before.get("precision") in ("float32", "bfloat16") else precision
    return Session(weights, options.memory_bytes, precision_of(precision, job.recipe), striped)


def forecast(session: Session, job: Job, checkpoints: Checkpoints, start: np.ndarray, say: Say, verbose: bool) -> None:
    """Say how large the picture will be, how long that will take, and how much memory it needs; `verbose`: also how."""
    recipe, first = job.recipe, checkpoints.phases[0]
    last_at = {(phase.height, phase.width): phase for phase in checkpoints.phases}
    sizes = list(last_at)
    height, width = sizes[-1]
    plan = session.plan(recipe, height, width, job.images.guided_regions)
    in_stripes = f", in stripes of {plan.rows} rows" if plan.rows else ""
    if verbose:
        layers = ", ".join(dict.fromkeys(name for name, _ in (*recipe.content_layers, *recipe.style_layers)))
        low_precision = "" if first.precision == "float32" else f", {first.precision}"
        say(f"{width}×{height} pixels{in_stripes}; {layers}; {describe_weights(session.weights)}{low_precision}")

    objective, image = first.build_objective(), with_margin(start, first.margin)
    objective(image)  # compiles; the second evaluation is as fast as all others
    began = time.perf_counter()
    objective(image)
    pixels = sum(phase.pixels * phase.until for phase in last_at.values())
    seconds = (time.perf_counter() - began) * pixels / first.pixels
    sides = ", ".join(str(max(size)) for size in sizes)
    at_each = f" at each of {sides} pixels" if len(sizes) > 1 else ""
    needed = f"about {duration(seconds)}, {plan.needed / 1e9:.1f} GB of memory"
    steps = f"{recipe.iterations} steps of {recipe.optimizer}{at_each}" if verbose else f"{width}×{height} pixels"
    say(f"{steps}: {needed}")
    available = available_bytes()
    if available is not None and available < plan.needed:
        say(f"only {available / 1e9:.1f} GB of memory are free now; close other programs, or choose --max-memory")


def _ended(painted: Painted, used: Outputs, outputs: Outputs, asked: Path, say: Say) -> int:
    """Say how the run ended, and return the exit code; raises KeyboardInterrupt if it was stopped.

    The results are in `used`, and were meant to be in `outputs`.
    """
    stopped, steps = painted.record["stopped"], len(painted.record["steps"])
    if painted.best_step == 0:
        say("no step made a better picture than the start image, so that was written; choose more --iterations")
    if stopped == "interrupted":
        name = f"-o {outputs.picture} " if outputs.picture != asked else ""
        further = f"; to go on, repeat the command with {name}--resume" if outputs.state.exists() else ""
        raise KeyboardInterrupt(f"the best of {steps} steps is in {used.picture}{further}")
    if stopped == "converged":
        say(f"ended after {steps} steps, because no further one makes the picture better")
    elif stopped != "finished":
        console.say(f"transfer: {stopped}; the best picture before that is in {used.picture}", sys.stderr)
        return BROKEN_LOSS
    return console.DONE
