"""One run of the command line: pictures and weights from files, training shown on the terminal, results to files."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, NoReturn

import numpy as np

from transfer.command.checkpoints import Checkpoints, unfinished_run
from transfer.command.differences import differences
from transfer.command.finish import Finish
from transfer.command.forecast import forecast
from transfer.command.outputs import Outputs, preview_of, record_in
from transfer.command.record import environment, outcome, reported_as, settings, write_record
from transfer.command.repeat import Repeated
from transfer.command.save import save
from transfer.command.watchers import describe as describe_step
from transfer.command.watching import steps_of, watchers_of
from transfer.full_size import full_size
from transfer.machine import usable_bytes
from transfer.objective.striped import StripedEvaluation
from transfer.progress import Progress
from transfer.recipe.choices import RELATIVE_TO_REFERENCE
from transfer.session import Job, Session, Striped, precision_of
from transfer.train import Phase, Result, Step, Watch, train
from vgg.errors import InputError
from vgg.tools import console
from vgg.tools.console import interrupts_at_once, interrupts_polled
from vgg.tools.files import remove_leftovers
from vgg.tools.progress import steps_display
from weights.load import load_weights
from weights.verify import TRAINED_ORIGIN, describe

BROKEN_LOSS = 1
Say = Callable[[str], None]


def run(
    job: Job,
    options: argparse.Namespace,
    outputs: Outputs,
    finish: Finish,
    known: dict[str, Any],
    repeated: Repeated | None = None,
    striped: Striped = StripedEvaluation,
) -> int:
    """Read the weights, train, write; return the exit code.

    Args:
        job: what to make.
        options: the words of the command line.
        outputs: where to put it.
        finish: how to write it.
        known: what the record shall hold besides: the command and the inputs.
        repeated: the record that is repeated, if one is.
        striped: evaluates the images that do not fit into the memory at once, see `Session`.

    Raises:
        InputError: something the user gave cannot be used; nothing was written.
        KeyboardInterrupt: stopped; its message says where the best picture so far is.
    """
    say: Say = (lambda line: None) if options.quiet else console.say
    for remark in job.pictures.remarks:
        say(remark)
    session = session_of(job, options, outputs, say, striped)
    with interrupts_at_once():  # TensorFlow turns a KeyboardInterrupt into other errors while it compiles
        phases, start, wanted = session.phases(job), session.start(job), settings(job, session)
        if repeated:
            repeated.compare(wanted | environment(), options.exact, say)
        for path in (*outputs.written, preview_of(outputs.picture)):
            remove_leftovers(path)  # of a run that was killed while it wrote
        checkpoints = Checkpoints(outputs.state, phases, wanted, environment(), options.checkpoint_every)
        if options.resume and not options.overwrite and not outputs.state.exists():
            require_same(outputs, wanted)
        begin = checkpoints.begin(start, options.resume, say)
        if not options.quiet and not isinstance(begin, Progress):
            forecast(session, job, phases, start, say)
    # From here on there is something to lose, so a Ctrl-C is heeded between two steps only.
    with interrupts_polled("stopping after this step; press Ctrl-C again to stop at once") as check_interrupt:
        with watchers_of(options, outputs, phases, partial(session.finished, job)) as watchers:
            result = optimise(phases, begin, options.quiet, watchers, checkpoints, check_interrupt)
        if not result.steps:
            require_step(result)
        image = result.image = session.finished(job, result.image)
        if finish.full_content is not None:
            image = full_size(image, finish.full_content, job.recipe.colors)
            say("enlarged from {1}×{0} to {3}×{2} pixels".format(*result.image.shape[:2], *image.shape[:2]))
        own = {"finish": finish.settings, "memory_bytes": session.memory_bytes}
        used, recorded = save(job.pictures, image, finish, outputs, wanted | own | known | outcome(result))
        say(f"written: {', '.join(str(path) for path in used.written)}")
        if result.stopped != "interrupted":
            checkpoints.remove()
    if options.report_as:
        reported = reported_as(options.report_as, session, job, result, finish.depth)
        losses = "  ".join(f"{term} {loss:.4g}" for term, loss in reported.items() if term != "recipe")
        say(f"in units of {options.report_as}: {losses}")
        write_record(used.record, recorded | {"reported_as": reported})
    if repeated:
        say(repeated.judged(recorded["result"]))
    return ended(result, used, outputs, options, say)


def session_of(job: Job, options: argparse.Namespace, outputs: Outputs, say: Say, striped: Striped) -> Session:
    """Return the session with the weights, the memory and the precision that the run shall have."""
    weights = load_weights(options.weights, say)
    has_magnitudes = describe(weights).startswith(("genuine", TRAINED_ORIGIN))
    if job.recipe.content_loss != RELATIVE_TO_REFERENCE and not has_magnitudes:
        say(f"recipe {job.recipe.name} is meant for the genuine network's activations; others shift its balance")
    precision = options.precision
    if precision == "auto" and options.resume:  # a busy machine may measure another one than the unfinished run had
        found = unfinished_run(outputs.state, required=True)
        there = found.settings if found else {} if options.overwrite else record_in(outputs.record) or {}
        precision = there["precision"] if there.get("precision") in ("float32", "bfloat16") else precision
    memory = options.max_memory or usable_bytes()
    return Session(weights, memory, precision_of(precision, job.recipe), striped)


def require_same(outputs: Outputs, wanted: dict[str, Any]) -> None:
    """Raise InputError if the finished picture that a run would replace is of other settings than `wanted`."""
    there = record_in(outputs.record) or {}
    other = differences({name: there.get(name) for name in wanted}, wanted) if outputs.picture.exists() else []
    if other:
        raise InputError(
            f"{outputs.picture} is finished, and of other settings: {other[0]}; leave out --resume to give the new one "
            "another name, or add --overwrite"
        )


def ended(result: Result, used: Outputs, outputs: Outputs, options: argparse.Namespace, say: Say) -> int:
    """Say how the run ended, and return the exit code; raises KeyboardInterrupt if it was stopped.

    `used` is where the results are, `outputs` where they were meant to be.
    """
    if result.best_step == 0:
        say("no step ended lower than the start, which is what was written; choose more iterations or smaller steps")
    if result.stopped == "interrupted":
        name = f"-o {outputs.picture} " if outputs.picture != options.output else ""
        further = f"; {name}--resume goes on from there" if outputs.state.exists() else ""
        raise KeyboardInterrupt(f"the best of {len(result.steps)} steps is in {used.picture}{further}")
    if result.stopped == "converged":
        say(f"ended after {len(result.steps)} steps: none lowers the loss any more")
    elif result.stopped != "finished":
        console.say(f"transfer: {result.stopped}; the best picture before that is in {used.picture}", sys.stderr)
        return BROKEN_LOSS
    return console.DONE


def require_step(result: Result) -> NoReturn:
    """Raise what ends a run that did not take a single step, so that there is no picture to write."""
    if result.stopped == "interrupted":
        raise KeyboardInterrupt("no step was done, so nothing was written")
    if result.stopped == "converged":
        raise InputError("no step lowers the loss of the start image; choose another --init, or other weights")
    raise InputError(f"{result.stopped}, before the first step; choose smaller weights, and verify the .mat file")


def optimise(
    phases: Sequence[Phase],
    begin: np.ndarray | Progress,
    quiet: bool,
    watchers: Sequence[Watch],
    checkpoints: Checkpoints,
    check_interrupt: Callable[[], None],
) -> Result:
    """Run the loop, show its steps, and let the watchers and the checkpoints have them."""
    display = nullcontext(None) if quiet else steps_display(sys.stdout, steps_of(phases), describe_step)
    with display as show:

        def watch(step: Step, image: np.ndarray) -> None:
            if show:
                show(step)
            for watcher in watchers:
                watcher(step, image)
            checkpoints.written_if_stopped(check_interrupt)

        return train(phases, begin, watch, checkpoints)
