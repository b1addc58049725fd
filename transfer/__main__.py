"""The command line: `python -m transfer CONTENT STYLE -o OUT.png`.

Owns files, messages and exit codes: 0 done, 1 the loss was no longer a number, 2 unusable input (one line on stderr),
130 stopped with Ctrl-C. In the last case, as after a loss that broke, the best picture so far is kept.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transfer.recipes import Recipe
from transfer.settings import SAMPLE, build_parser, recipe_from
from vgg import terminal
from vgg.errors import InputError

if TYPE_CHECKING:
    from transfer.pictures import Pictures
    from transfer.train import Result
    from vgg.matconvnet import Weights

BROKEN_LOSS = 1
#: The paper's network has mean activation 1 over ImageNet's photographs, which nobody has at hand; over drawn pictures
#: of the same statistics it is one network for every pair, as in the paper.
NORMALIZING_SEEDS = (100, 101)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Prepared:
    """Everything a run needs, loaded and checked."""

    pictures: "Pictures"
    weights: "Weights"  # as in the file
    kind: str  # what they are, in words


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return terminal.run("transfer", lambda: transfer(options))


def transfer(options: argparse.Namespace) -> int:
    """Read, train, write."""
    recipe = recipe_from(options)
    check_files(options, recipe)
    say: Say = (lambda line: None) if options.quiet else (lambda line: print(line, flush=True))
    prepared = prepare(options, recipe, say)
    result = train_and_show(options, recipe, prepared, say)
    if not result.steps:
        if result.stopped == "interrupted":
            raise KeyboardInterrupt("no step was done, so nothing was written")
        raise InputError(f"{result.stopped} before the first step; lower the weights, and check the .mat file")
    save(options, recipe, prepared, result, say)
    if result.stopped == "interrupted":
        raise KeyboardInterrupt(f"the best of {len(result.steps)} steps is in {options.output}")
    if result.stopped != "finished":
        print(f"transfer: {result.stopped}; the last good picture is in {options.output}", file=sys.stderr)
        return BROKEN_LOSS
    return terminal.DONE


def check_files(options: argparse.Namespace, recipe: Recipe) -> None:
    """Refuse an output that could not be written, before minutes are spent; raises InputError."""
    from transfer.image import check_output

    inputs = [name for name in (options.content, options.style, recipe.init) if name != SAMPLE]
    for path in (options.output, *([sheet_path(options.output)] if options.sheet else [])):
        check_output(path, inputs)


def sheet_path(output: Path) -> Path:
    """`a/b.jpg` → `a/b-sheet.png`."""
    return output.with_name(f"{output.stem}-sheet.png")


def prepare(options: argparse.Namespace, recipe: Recipe, say: Say) -> Prepared:
    """Load the pictures and the weights, learning these first if there are none."""
    from transfer.pictures import load
    from vgg.matconvnet import read
    from weights import learned_file
    from weights.choice import choose
    from weights.display import layer_display
    from weights.verify import describe

    pictures = load(options.content, options.style, recipe.size)
    for remark in pictures.remarks:
        say(remark)
    choice = choose(options.weights)
    say(choice.sentence)
    terminal.start_tensorflow()
    if choice.to_learn and options.quiet:
        learned_file.make(choice.path)
    elif choice.to_learn:
        with layer_display(sys.stdout) as show:
            learned_file.make(choice.path, report=show)
    weights = read(choice.path)
    return Prepared(pictures, weights, describe(weights))


def train_and_show(options: argparse.Namespace, recipe: Recipe, prepared: Prepared, say: Say) -> "Result":
    """Build the objective, say what will happen, and run the loop."""
    from transfer import estimate
    from transfer.display import duration, steps_display
    from transfer.pictures import start_image
    from transfer.train import Objective, train
    from vgg.network import VGG19
    from vgg.normalize import normalize
    from weights.dead_leaves import dead_leaves

    content_image, style_image = prepared.pictures.content_image, prepared.pictures.style_image
    start = start_image(recipe, prepared.pictures, prepared.weights.mean_rgb, options.seed)
    height, width = content_image.shape[:2]
    weights = prepared.weights
    if recipe.normalized_network:
        weights = normalize(weights, [dead_leaves(seed) for seed in NORMALIZING_SEEDS], recipe.pooling)
    objective = Objective(VGG19(weights, recipe.pooling), content_image, style_image, recipe)
    seconds = estimate.seconds_per_evaluation(objective, start) * recipe.iterations
    needed = estimate.peak_bytes(weights, objective.names, height, width)
    layers = " ".join(dict.fromkeys(objective.names))
    say(f"{width}×{height} pixels, {layers}, {prepared.kind}")
    say(f"{recipe.iterations} steps of {recipe.optimizer}, about {duration(seconds)}, {needed / 1e9:.1f} GB of memory")
    if options.quiet:
        return train(objective, start)
    with steps_display(sys.stdout, recipe.iterations) as show:
        return train(objective, start, lambda step, image: show(step))


def save(options: argparse.Namespace, recipe: Recipe, prepared: Prepared, result: "Result", say: Say) -> None:
    """Write the picture, its record, and the sheet if asked for."""
    from transfer.image import write_image
    from transfer.record import record, write
    from transfer.sheet import contact_sheet

    content_image, style_image = prepared.pictures.content_image, prepared.pictures.style_image
    inputs = {
        "content": options.content,
        "content_size": content_image.shape[:2],
        "style": options.style,
        "style_size": style_image.shape[:2],
    }
    write_image(options.output, result.image)
    write(
        options.output.with_suffix(".json"),
        record(recipe, prepared.weights, prepared.kind, options.seed, inputs, result),
    )
    written = [str(options.output), str(options.output.with_suffix(".json"))]
    if options.sheet:
        sheet = contact_sheet([("content", content_image), ("style", style_image), ("result", result.image)])
        write_image(sheet_path(options.output), sheet)
        written.append(str(sheet_path(options.output)))
    say(f"written: {', '.join(written)}")


if __name__ == "__main__":
    sys.exit(main())
