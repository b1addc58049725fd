"""The command line of the figures: `python -m transfer.figures NAME [CONTENT STYLE]`.

Three more commands are `statistics CONTENT STYLE`, `trade-off RUN.json` and `printed-losses CONTENT STYLE`.

Exit codes as in `python -m transfer`.
"""

import argparse
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from transfer.apps.figures.cells import BASE, FIGURES, Figure, adapted
from transfer.cli.outputs import planned
from transfer.files import SAMPLE, Files
from transfer.inputs import Images, load
from transfer.other_programs import NEURAL_STYLE
from transfer.report.plot import lines_of, plot
from vgg.errors import InputError, typed
from vgg.layers import SMALLEST_SIDE
from vgg.load import WEIGHTS_HELP
from vgg.matfile.sniff import require_weights_file
from vgg.tools import console
from vgg.tools.console import file_name, interrupts_at_once, start_tensorflow, whole_number
from vgg.tools.files import first_free, open_file, write_whole
from vgg.tools.image import check_output


def build_parser() -> argparse.ArgumentParser:
    """Return the parser: one command for each figure, with the same options, and the two others."""
    parser = console.Parser(prog=typed("transfer.figures"), description="Make the figures of Gatys et al. again.")
    commands = parser.add_subparsers(metavar="NAME", required=True)
    everything = list(FIGURES.values())
    of_names = [(figure.name, figure.title, [figure]) for figure in everything] + [("all", "all of these", everything)]
    for name, title, figures in of_names:
        cells = [cell for figure in figures for cell in figure.cells]
        own_steps = " or ".join(map(str, sorted({cell.recipe.iterations for cell in cells})))
        command = commands.add_parser(name, help=title, description=title)
        add = _add_common_options(command)
        text = f"steps for each cell (default: {own_steps}, as the figure says)"
        add("--iterations", type=whole_number(1), help=text)
        add("--only", metavar="CELLS", help=f"make only these, as in {','.join(cell.key for cell in cells[:2])}")
        command.set_defaults(run=run_figures, figures=figures)
    text = "the style statistics side by side: a sheet, and a table of distances"
    statistics = commands.add_parser("statistics", help=text, description=text[0].upper() + text[1:] + ".")
    add = _add_common_options(statistics)
    add("--iterations", type=whole_number(1), help="steps at each size (default: each recipe's)")
    statistics.set_defaults(run=run_statistics)
    trade_off = commands.add_parser("trade-off", help="how the losses of a finished run fell, layer by layer")
    trade_off.add_argument("record", type=file_name, help="the .json beside the picture")
    text = "a .png (default: beside the record); a name that is taken gets a number"
    trade_off.add_argument("-o", "--output", type=file_name, help=text)
    trade_off.add_argument("--overwrite", action="store_true", help="write to that name even if it is taken")
    trade_off.set_defaults(run=run_trade_off)
    text = "our losses beside those that the program neural-style printed at its iteration 1"
    printed = commands.add_parser("printed-losses", help=text, description=text[0].upper() + text[1:] + ".")
    printed.add_argument("content", help="a picture; the printed values belong to tubingen.jpg")
    printed.add_argument("style", help="a picture; the printed values belong to seated-nude.jpg")
    printed.add_argument("--weights", type=file_name, metavar="FILE", help=WEIGHTS_HELP)
    printed.set_defaults(run=run_printed_losses)
    return parser


def _add_common_options(command: argparse.ArgumentParser) -> Callable[..., Any]:
    """Add what all commands have that make pictures; return what adds one more option."""
    add = command.add_argument
    add("content", nargs="?", default=SAMPLE, help="a picture, or `sample`: a scene of ours (default)")
    add("style", nargs="?", default=SAMPLE, help="a picture, or `sample`: a painting of ours (default)")
    add("-o", "--output", default="output/figures", help="a folder (default: %(default)s)")
    add("--weights", type=file_name, metavar="FILE", help=WEIGHTS_HELP)
    size = whole_number(SMALLEST_SIDE)
    add("--size", type=size, default=BASE.size, help="longer side in pixels (default: %(default)s)")
    return add


def run_figures(options: argparse.Namespace) -> None:
    """Make the cells that are missing, and the sheet of each figure."""
    keys = keys_of(options.figures, options.only)
    images = checked_images(options, keys)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.apps.figures.run import make_figures
        from weights.load import load_weights
    weights = load_weights(options.weights, console.say)
    figures = [adapted(figure, options.size, options.iterations) for figure in options.figures]
    make_figures(figures, keys, Path(options.output), images, weights)


def keys_of(figures: Sequence[Figure], only: str | None) -> Collection[str]:
    """Return the keys of the cells that `only`, such as `1e-03, 1e-02`, names; without it those of all cells."""
    keys = [cell.key for figure in figures for cell in figure.cells]
    named = keys if only is None else [key.strip() for key in only.split(",")]
    for key in named:
        if key not in keys:
            raise InputError(f"--only names {key!r}, expected cells of this figure: {', '.join(keys)}")
    return named


def checked_images(options: argparse.Namespace, keys: Collection[str]) -> dict[str, Images]:
    """Return content and style for each start ("content", "style" or "noise") of a run.

    Raises InputError if one of them or the weights cannot be used, or a result would overwrite what it must not.
    """
    if not options.output:
        raise InputError("--output is '', expected a folder; name one, such as output/figures")
    files, folder = Files(options.content, options.style), Path(options.output)
    inputs = [*files.named(), *filter(None, [options.weights])]
    for figure in options.figures:
        check_output(folder / f"{figure.name}.png", inputs)
        for cell in figure.cells:
            if cell.key in keys:
                planned(folder / figure.name / f"{cell.key}.png", inputs)
    require_weights_file(options.weights)
    starts = {cell.recipe.init for figure in options.figures for cell in figure.cells}
    return {start: load(files, replace(BASE, init=start, size=options.size)) for start in sorted(starts)}


def run_statistics(options: argparse.Namespace) -> None:
    """Compare the style statistics."""
    files, folder = Files(options.content, options.style), Path(options.output)
    for name in ("statistics.png", "statistics/gram-steps.png"):
        check_output(folder / name, [*files.named(), *filter(None, [options.weights])])
    require_weights_file(options.weights)
    load(files, replace(BASE, size=options.size))
    start_tensorflow()
    with interrupts_at_once():
        from transfer.apps.figures.statistics import make_comparison
        from weights.load import load_weights
    make_comparison(files, options.size, options.iterations, folder, load_weights(options.weights, console.say))


def run_trade_off(options: argparse.Namespace) -> None:
    """Plot how the losses of a run fell, from its record, and say where the plot is."""
    path: Path = options.record
    output: Path = options.output or path.with_name(f"{path.stem}-trade-off.png")
    if output.suffix.lower() != ".png":
        raise InputError(f"the output {output} ends in {output.suffix!r}, expected .png; change its ending")
    check_output(output, [path])
    try:
        with open_file(path) as file:
            steps = json.load(file)["steps"]
        lines = lines_of(steps)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); name the .json beside a picture") from None
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        steps = lines = []
    if not any(line.drawable for line in lines):
        raise InputError(f"{path} has no losses of a run that could be plotted; name the .json beside a picture")
    output = output if options.overwrite else first_free(output)
    write_whole(output, plot(steps, lines, "png", path.stem))
    console.say(f"written: {output}")


def run_printed_losses(options: argparse.Namespace) -> None:
    """Print the table of losses."""
    require_weights_file(options.weights)
    images = load(Files(options.content, options.style), NEURAL_STYLE)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.apps.figures.printed_losses import report
        from weights.load import load_weights
    weights = load_weights(options.weights, console.say)
    with interrupts_at_once():  # TensorFlow turns a KeyboardInterrupt into other errors while it compiles
        report(weights, images)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return console.run("figures", lambda: options.run(options))
