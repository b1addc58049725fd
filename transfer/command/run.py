"""One run of the command line: pictures and weights from files, training shown on the terminal, results to files."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from transfer.colors import grey
from transfer.command.finish import Finish
from transfer.command.outputs import Outputs
from transfer.command.record import GROUPS, outcome, settings, write_record, written
from transfer.command.watchers import Snapshots
from transfer.command.watchers import describe as describe_step
from transfer.full_size import full_size
from transfer.inputs.pictures import Pictures
from transfer.machine import available_bytes, usable_bytes
from transfer.margin import continued
from transfer.recipe.choices import RELATIVE_TO_REFERENCE
from transfer.recipe.ours import RECIPES, recipe_named
from transfer.session import Job, Session, precision_of
from transfer.train import Objective, Phase, Result, Step, Watch, train
from vgg.console import terminal
from vgg.console.interrupts import interrupts_at_once, interrupts_polled
from vgg.console.progress import duration, steps_display
from vgg.errors import InputError
from vgg.files import write_or_rescue
from vgg.image.file import write_image
from vgg.image.sheet import contact_sheet
from weights.load import load_weights
from weights.train.settings import TRAINED_ORIGIN
from weights.verify import describe

BROKEN_LOSS = 1
Say = Callable[[str], None]


def run(job: Job, options: argparse.Namespace, outputs: Outputs, finish: Finish, command: Sequence[str]) -> int:
    """Read the weights, train, write; return the exit code. `command` is for the record.

    Raises:
        InputError: something the user gave cannot be used; nothing was written.
        KeyboardInterrupt: stopped; its message says where the best picture so far is.
    """
    say: Say = (lambda line: None) if options.quiet else terminal.say
    for remark in job.pictures.remarks:
        say(remark)
    weights = load_weights(options.weights, say)
    has_magnitudes = describe(weights).startswith(("genuine", TRAINED_ORIGIN))
    if RECIPES[job.recipe.name].content_loss != RELATIVE_TO_REFERENCE and not has_magnitudes:
        say(f"recipe {job.recipe.name} is meant for the genuine network's activations; others shift its balance")
    memory = options.max_memory or usable_bytes()
    session = Session(weights, memory, precision_of(options.precision, job.recipe))
    with interrupts_at_once():  # TensorFlow turns a KeyboardInterrupt into other errors while it compiles
        phases, start = session.phases(job), session.start(job)
        if not options.quiet:
            forecast(session, job, phases, start, say)
    # From here on there is something to lose, so a Ctrl-C is heeded between two steps only.
    with interrupts_polled("stopping after this step; press Ctrl-C again to stop at once") as check_interrupt:
        every = options.preview_every, options.save_every
        snapshots = Snapshots(outputs.picture, partial(session.finished, job), *every)
        result = optimise(phases, start, options.quiet, snapshots, check_interrupt)
        if not result.steps:
            require_step(result)
        image = result.image = session.finished(job, result.image)
        if finish.full_content is not None:
            image = full_size(image, finish.full_content, job.recipe.colors)
            say("enlarged from {1}×{0} to {3}×{2} pixels".format(*result.image.shape[:2], *image.shape[:2]))
        recorded = settings(job, session) | outcome(result, command)
        used = save(job, image, finish, outputs, recorded, say)
    if options.report_as:
        losses = session.losses(recipe_named(options.report_as), job.pictures, result.image)
        reported = {"total": losses.total} | dict.fromkeys(GROUPS, 0.0) | losses.groups
        say(f"in units of {options.report_as}: {'  '.join(f'{term} {loss:.4g}' for term, loss in reported.items())}")
        write_record(used.record, recorded | {"reported_as": {"recipe": options.report_as, **reported}})
    if result.best_step == 0:
        say("no step ended lower than the start, which is what was written; choose more iterations or smaller steps")
    if result.stopped == "interrupted":
        raise KeyboardInterrupt(f"the best of {len(result.steps)} steps is in {used.picture}")
    if result.stopped == "converged":
        say(f"ended after {len(result.steps)} steps: none lowers the loss any more")
    elif result.stopped != "finished":
        terminal.say(f"transfer: {result.stopped}; the best picture before that is in {used.picture}", sys.stderr)
        return BROKEN_LOSS
    return terminal.DONE


def require_step(result: Result) -> NoReturn:
    """Raise what ends a run that did not take a single step, so that there is no picture to write."""
    if result.stopped == "interrupted":
        raise KeyboardInterrupt("no step was done, so nothing was written")
    if result.stopped == "converged":
        raise InputError("no step lowers the loss of the start image; choose another --init, or other weights")
    raise InputError(f"{result.stopped}, before the first step; choose smaller weights, and verify the .mat file")


def optimise(
    phases: Sequence[Phase], start: np.ndarray, quiet: bool, snapshots: Watch, check_interrupt: Callable[[], None]
) -> Result:
    """Run the loop, show its steps and keep snapshots of them."""
    budgets = {(phase.height, phase.width): phase.until for phase in phases}
    display = nullcontext(None) if quiet else steps_display(sys.stdout, sum(budgets.values()), describe_step)
    with display as show:

        def watch(step: Step, image: np.ndarray) -> None:
            if show:
                show(step)
            snapshots(step, image)
            check_interrupt()

        return train(phases, start, watch)


def forecast(session: Session, job: Job, phases: Sequence[Phase], start: np.ndarray, say: Say) -> None:
    """Say what is computed, how long that will take, and how much memory."""
    recipe, first = job.recipe, phases[0]
    seconds = seconds_per_evaluation(first.build_objective(), continued(start, first.margin))
    sizes = list(dict.fromkeys((phase.height, phase.width) for phase in phases))
    seconds *= recipe.iterations * sum(map(prod, sizes)) / prod(sizes[0])  # of the smallest
    plan = session.plan(recipe, *sizes[-1], job.pictures.guided_regions)
    in_stripes = f", in stripes of {plan.rows} rows" if plan.rows else ""
    layers = ", ".join(dict.fromkeys(name for name, _ in (*recipe.content_layers, *recipe.style_layers)))
    low_precision = "" if first.precision == "float32" else f", {first.precision}"
    height, width = sizes[-1]
    say(f"{width}×{height} pixels{in_stripes}; {layers}; {describe(session.weights)}{low_precision}")
    passed = "".join(f"{max(size)}, " for size in sizes[:-1])
    at_each = f" at each of {passed}{max(sizes[-1])} pixels" if passed else ""
    steps = f"{recipe.iterations} steps of {recipe.optimizer}{at_each}"
    say(f"{steps}: about {duration(seconds)}, {plan.needed / 1e9:.1f} GB of memory")
    available = available_bytes()
    if available is not None and available < plan.needed:
        say(f"only {available / 1e9:.1f} GB of memory are free now; close other programs, or choose --max-memory")


def seconds_per_evaluation(objective: Objective, image: np.ndarray) -> float:
    """Return how long an evaluation at `image` (H, W, 3) takes: the second one, because the first one compiles."""
    objective(image)
    began = time.perf_counter()
    objective(image)
    return time.perf_counter() - began


def save(job: Job, image: np.ndarray, finish: Finish, outputs: Outputs, recorded: dict[str, Any], say: Say) -> Outputs:
    """Write the picture, its record, and the sheet if asked for; return where, which is elsewhere if need be."""
    depth, profile = finish.depth, finish.profile
    picture = write_somewhere(outputs.picture, lambda path: write_image(path, image, depth, profile))
    outputs = outputs.beside(picture)
    recorded |= {"result": written(picture, image, depth)}
    record = write_somewhere(outputs.record, lambda path: write_record(path, recorded))
    sheet = outputs.sheet
    if sheet:
        in_order = [*shown(job.pictures), ("result", image)]
        sheet = write_somewhere(sheet, lambda path: write_image(path, contact_sheet(in_order)))
    say(f"written: {', '.join(str(path) for path in (picture, record, sheet) if path)}")
    return Outputs(picture, record, sheet)


def shown(pictures: Pictures) -> list[tuple[str, np.ndarray]]:
    """Return content, styles and regions with their labels, as the sheet shows them."""
    styles = [("style" if i == 0 else f"style {i + 1}", image) for i, image in enumerate(pictures.style_images)]
    guides = [(f"region {region.name}", grey(255 * region.guide)) for region in pictures.regions if region.name]
    return [("content", pictures.content_image), *guides, *styles]


def write_somewhere(path: Path, write: Callable[[Path], None]) -> Path:
    """Call `write(path)`, or write to another place if that fails and say so; return the place."""
    place = write_or_rescue(path, write)
    if place != path:
        terminal.say(f"transfer: {path} can no longer be written, so the result is in {place}", sys.stderr)
    return place
