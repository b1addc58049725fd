"""One run of the command line: pictures and weights from files, training shown on the terminal, results to files."""

import argparse
import sys
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from transfer import memory as estimate
from transfer.coarse_to_fine import paint, scales_of
from transfer.command.outputs import Outputs
from transfer.command.record import outcome, settings, write_record
from transfer.command.watchers import describe as describe_step
from transfer.inputs.pictures import Pictures, load, start_image
from transfer.plan import plan
from transfer.recipe.choices import RELATIVE, Recipe
from transfer.recipe.ours import RECIPES, recipe_named
from transfer.session import losses_as, objectives_for, precision_of, scaled_for
from transfer.train import Result, Step, train
from vgg.console import terminal
from vgg.console.progress import duration, steps_display
from vgg.errors import InputError
from vgg.image.file import write_image
from vgg.image.sheet import contact_sheet
from vgg.matfile.read import Weights
from vgg.network import Precision
from weights.load import load_weights
from weights.verify import describe

BROKEN_LOSS = 1
Say = Callable[[str], None]


def run(options: argparse.Namespace, recipe: Recipe, outputs: Outputs) -> int:
    """Read, train, write; the exit code.

    Raises:
        InputError: something the user gave cannot be used; nothing was written.
        KeyboardInterrupt: stopped; its message says where the best picture so far is.
    """
    say: Say = (lambda line: None) if options.quiet else terminal.say
    pictures = load(options.content, options.style, recipe.init, recipe.size)
    for remark in pictures.remarks:
        say(remark)
    weights = load_weights(options.weights, options.quiet, say)
    if RECIPES[recipe.name].content_loss != RELATIVE and not describe(weights).startswith("genuine"):
        say(f"recipe {recipe.name} is meant for the genuine network's activations; others shift its balance")
    precision = precision_of(options.precision, recipe)
    memory = options.max_memory or estimate.free_bytes()
    result = optimise(pictures, weights, recipe, precision, memory, options, say)
    if not result.steps:
        if result.stopped == "interrupted":
            raise KeyboardInterrupt("no step was done, so nothing was written")
        if result.stopped == "converged":
            raise InputError("no step lowers the loss of the start image; choose another --init, or other weights")
        raise InputError(f"{result.stopped}, before the first step; choose smaller weights, and verify the .mat file")
    files = {"content": options.content, "style": options.style}
    recorded = settings(recipe, weights, describe(weights), options.seed, files, pictures) | outcome(result)
    recorded["precision"] = precision
    save(outputs, pictures, result, recorded)
    say(f"written: {', '.join(str(path) for path in (outputs.picture, outputs.record, outputs.sheet) if path)}")
    if options.report_as:
        reported = losses_as(recipe_named(options.report_as), pictures, weights, result.image, memory)
        say(f"in units of {options.report_as}: {'  '.join(f'{term} {loss:.4g}' for term, loss in reported.items())}")
        write_record(outputs.record, recorded | {"reported_as": {"recipe": options.report_as, **reported}})
    if result.best_step == 0:
        say("no step ended lower than the start, which is what was written; choose more iterations or smaller steps")
    if result.stopped == "interrupted":
        raise KeyboardInterrupt(f"the best of {len(result.steps)} steps is in {outputs.picture}")
    if result.stopped == "converged":
        say(f"ended after {len(result.steps)} steps: none lowers the loss any more")
    elif result.stopped != "finished":
        terminal.say(f"transfer: {result.stopped}; the best picture before that is in {outputs.picture}", sys.stderr)
        return BROKEN_LOSS
    return terminal.DONE


def optimise(
    pictures: Pictures,
    weights: Weights,
    recipe: Recipe,
    precision: Precision,
    memory: float,
    options: argparse.Namespace,
    say: Say,
) -> Result:
    """Build the network and the objectives, say what will happen, and run the loop."""
    scales, scaled = scales_of(pictures, recipe), scaled_for(recipe, weights)
    sizes = [scale.content_image.shape[:2] for scale in scales]
    plans = [plan(weights, recipe, *size, memory) for size in reversed(sizes)]  # a refusal names the largest
    start = start_image(scales[0], weights.mean_rgb, options.seed, recipe.noise, recipe.noise_share)
    first = objectives_for(scales[0], recipe, scaled, precision, memory)

    def train_at(number: int, start: np.ndarray, callback: Callable[[Step, np.ndarray], None]) -> Result:
        work = objectives_for(scales[number], recipe, scaled, precision, memory) if number else first
        return train(work.exact, start, callback, work.draft, work.history)

    if options.quiet:
        return paint(scales, recipe.iterations, start, train_at)
    evaluations = recipe.iterations * sum(map(prod, sizes)) / prod(sizes[0])  # of the smallest
    seconds = estimate.seconds_per_evaluation(first.draft or first.exact, start) * evaluations
    (height, width), (rows, history) = sizes[-1], plans[0]
    needed, in_stripes = estimate.peak_bytes(weights, recipe, height, width), ""
    if rows:
        needed = estimate.striped_bytes(weights, recipe, height, width, rows, history)
        in_stripes = f", in stripes of {rows} rows"
    layers, passed = ", ".join(dict.fromkeys(first.exact.names)), "".join(f"{max(size)}, " for size in sizes[:-1])
    say(f"{width}×{height} pixels{in_stripes}; {layers}; {describe(weights)}{', bfloat16' if first.draft else ''}")
    steps = f"{recipe.iterations} steps of {recipe.optimizer}"
    at_each = f" at each of {passed}{max(sizes[-1])} pixels" if passed else ""
    say(f"{steps}{at_each}: about {duration(seconds)}, {needed / 1e9:.1f} GB of memory")
    with steps_display(sys.stdout, recipe.iterations * len(scales), describe_step) as show:
        return paint(scales, recipe.iterations, start, train_at, show)


def save(outputs: Outputs, pictures: Pictures, result: Result, recorded: dict[str, Any]) -> None:
    """Write the picture, its record, and the sheet if asked for."""
    write_image(outputs.picture, result.image)
    write_record(outputs.record, recorded)
    if outputs.sheet:
        in_order = [("content", pictures.content_image), ("style", pictures.style_image), ("result", result.image)]
        write_image(outputs.sheet, contact_sheet(in_order))
