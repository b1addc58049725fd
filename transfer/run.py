"""One run of the command line: pictures and weights from files, training shown on the terminal, results to files."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from transfer import estimate
from transfer.display import describe as describe_step
from transfer.pictures import Pictures, load, start_image
from transfer.recipes import Recipe
from transfer.record import record, write_record
from transfer.settings import SAMPLE
from transfer.train import Objective, Result, train
from vgg import terminal
from vgg.errors import InputError
from vgg.image.file import check_output, write_image
from vgg.image.sheet import contact_sheet
from vgg.matconvnet import Weights, read
from vgg.network import VGG19
from vgg.normalize import normalize
from vgg.steps_display import duration, steps_display
from weights import learned_file
from weights.choice import choose
from weights.dead_leaves import dead_leaves
from weights.display import layer_display
from weights.verify import describe

BROKEN_LOSS = 1
#: The paper's network has mean activation 1 over ImageNet's photographs, which nobody has at hand. Over drawn pictures
#: of the same statistics it is also one network for every pair.
NORMALIZING_SEEDS = (100, 101)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outputs:
    """Where the results go: the picture, its record, and the sheet if one was asked for."""

    picture: Path
    record: Path
    sheet: Path | None


def run(options: argparse.Namespace, recipe: Recipe) -> int:
    """Read, train, write; the exit code.

    Raises:
        InputError: something the user gave cannot be used; nothing was written.
        KeyboardInterrupt: stopped; its message says where the best picture so far is.
    """
    say: Say = (lambda line: None) if options.quiet else terminal.say
    sheet = options.output.with_name(f"{options.output.stem}-sheet.png") if options.sheet else None
    outputs = Outputs(options.output, options.output.with_suffix(".json"), sheet)
    inputs = [name for name in (options.content, options.style, recipe.init) if name != SAMPLE]
    for path in filter(None, (outputs.picture, outputs.sheet)):
        check_output(path, inputs)
    if outputs.record.is_dir():
        raise InputError(f"{outputs.record} is a folder, expected room for the record; choose another --output")
    pictures = load(options.content, options.style, recipe.init, recipe.size)
    for remark in pictures.remarks:
        say(remark)
    weights = load_weights(options.weights, options.quiet, say)
    result = optimise(pictures, weights, recipe, options, say)
    if not result.steps:
        if result.stopped == "interrupted":
            raise KeyboardInterrupt("no step was done, so nothing was written")
        if result.stopped == "converged":
            raise InputError("no step lowers the loss of the start image; choose another --init, or other weights")
        raise InputError(f"{result.stopped}, before the first step; choose smaller weights, and verify the .mat file")
    save(outputs, pictures, weights, result, recipe, options)
    say(f"written: {', '.join(str(path) for path in (outputs.picture, outputs.record, outputs.sheet) if path)}")
    if result.stopped == "interrupted":
        raise KeyboardInterrupt(f"the best of {len(result.steps)} steps is in {outputs.picture}")
    if result.stopped == "converged":
        say(f"ended after {len(result.steps)} of {recipe.iterations} steps: none lowers the loss any more")
    elif result.stopped != "finished":
        terminal.say(f"transfer: {result.stopped}; the best picture before that is in {outputs.picture}", sys.stderr)
        return BROKEN_LOSS
    return terminal.DONE


def load_weights(named: Path | None, quiet: bool, say: Say) -> Weights:
    """The weights the user named, or genuine ones, or learned ones, which are made first if need be."""
    choice = choose(named)
    if choice.to_learn and quiet:
        learned_file.make(choice.path)
    elif choice.to_learn:
        with layer_display(sys.stdout) as show:
            learned_file.make(choice.path, report=show)
    weights = read(choice.path)
    say(choice.sentence)
    return weights


def optimise(pictures: Pictures, weights: Weights, recipe: Recipe, options: argparse.Namespace, say: Say) -> Result:
    """Build the network and the objective, say what will happen, and run the loop."""
    say_what = describe(weights)
    start = start_image(pictures, weights.mean_rgb, options.seed)
    height, width = pictures.content_image.shape[:2]
    if recipe.normalized_network:
        weights = normalize(weights, [dead_leaves(seed) for seed in NORMALIZING_SEEDS], recipe.pooling)
    network = VGG19(weights, recipe.pooling)
    objective = Objective(network, pictures.content_image, pictures.style_image, recipe)
    seconds = estimate.seconds_per_evaluation(objective, start) * recipe.iterations
    needed, free = estimate.peak_bytes(weights, objective.names, height, width), estimate.free_bytes()
    layers = ", ".join(dict.fromkeys(objective.names))
    say(f"{width}×{height} pixels; {layers}; {say_what}")
    say(f"{recipe.iterations} steps of {recipe.optimizer}: about {duration(seconds)}, {needed / 1e9:.1f} GB of memory")
    if needed > free:
        say(f"only {free / 1e9:.1f} GB of memory are free; if this is too slow, stop it and choose a smaller --size")
    if options.quiet:
        return train(objective, start)
    with steps_display(sys.stdout, recipe.iterations, describe_step) as show:
        return train(objective, start, lambda step, image: show(step))


def save(
    outputs: Outputs, pictures: Pictures, weights: Weights, result: Result, recipe: Recipe, options: argparse.Namespace
) -> None:
    """Write the picture, its record, and the sheet if asked for."""
    content_image, style_image = pictures.content_image, pictures.style_image
    write_image(outputs.picture, result.image)
    inputs = {
        name: {"file": file, "height": image.shape[0], "width": image.shape[1]}
        for name, file, image in (("content", options.content, content_image), ("style", options.style, style_image))
    }
    write_record(outputs.record, record(recipe, weights, describe(weights), options.seed, inputs, result))
    if outputs.sheet:
        pictures_in_order = [("content", content_image), ("style", style_image), ("result", result.image)]
        write_image(outputs.sheet, contact_sheet(pictures_in_order))
