"""The command line of the figures: `python -m transfer.figures NAME [CONTENT STYLE]`, and `trade-off RUN.json`.

Exit codes as in `python -m transfer`.
"""

import argparse
import dataclasses
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from transfer.display import describe
from transfer.figures.cells import BASE, FIGURES, LEARNED_RATIO_FACTOR, Cell, Figure, adapted
from transfer.settings import SAMPLE, require_sensible
from vgg import terminal
from vgg.errors import InputError
from vgg.steps_display import duration, moving_bar
from vgg.whole_file import check_place

if TYPE_CHECKING:
    from transfer.figures.making import Workshop


def build_parser() -> argparse.ArgumentParser:
    """One command for each figure, with the same options, and `trade-off`."""
    parser = terminal.Parser(prog="python -m transfer.figures", description="Make the figures of Gatys et al. again.")
    commands = parser.add_subparsers(metavar="NAME", required=True)
    for name, title in {**{name: figure.title for name, figure in FIGURES.items()}, "all": "all of these"}.items():
        command = commands.add_parser(name, help=title, description=title)
        add = command.add_argument
        add("content", nargs="?", default=SAMPLE, help="a picture, or `sample`: a scene drawn by our code (default)")
        add("style", nargs="?", default=SAMPLE, help="a picture, or `sample`: a painting drawn by our code (default)")
        add("-o", "--output", type=Path, default=Path("output/figures"), help="a folder (default: %(default)s)")
        add("--weights", type=Path, metavar="FILE", help="a .mat file (default: genuine if downloaded, else learned)")
        add("--size", type=int, default=BASE.size, help="longer side in pixels (default: %(default)s)")
        add("--iterations", type=int, help="steps for each cell (default: 80 to 150, as the figure says)")
        add("--only", metavar="CELLS", help="make only these cells, for example: " + ",".join(keys_of(name)[:2]))
        command.set_defaults(run=run_figures, figures=[name] if name in FIGURES else list(FIGURES))
    trade_off = commands.add_parser("trade-off", help="how the losses of a finished run fell, layer by layer")
    trade_off.add_argument("record", type=Path, help="the .json beside the picture")
    trade_off.add_argument("-o", "--output", type=Path, help="a .png (default: beside the record)")
    trade_off.set_defaults(run=run_trade_off)
    return parser


def keys_of(name: str) -> list[str]:
    """The keys of a figure's cells, or of all figures'."""
    return [cell.key for figure in FIGURES.values() if name in (figure.name, "all") for cell in figure.cells]


def run_trade_off(options: argparse.Namespace) -> None:
    """Draw the plot and say where it is."""
    from transfer.figures.trade_off import draw

    output = options.output or options.record.with_name(f"{options.record.stem}-trade-off.png")
    draw(options.record, output)
    terminal.say(f"written: {output}")


def run_figures(options: argparse.Namespace) -> None:
    """Make the cells that are missing, and the sheet of each figure."""
    wanted = None if options.only is None else options.only.split(",")
    known = [key for name in options.figures for key in keys_of(name)]
    for key in wanted or ():
        if key not in known:
            raise InputError(f"--only names {key!r}, expected cells of this figure: {', '.join(known)}")
    iterations = BASE.iterations if options.iterations is None else options.iterations
    require_sensible(dataclasses.replace(BASE, size=options.size, iterations=iterations))
    for name in options.figures:
        check_place(options.output / f"{name}.png")
        check_place(options.output / name / "cell.png")
    terminal.start_tensorflow()
    from transfer.figures.making import Workshop, sheet_of
    from transfer.precision import fastest
    from vgg.image.file import write_image
    from weights.load import load_weights
    from weights.verify import describe

    weights = load_weights(options.weights, False, terminal.say)
    factor = 1 if describe(weights).startswith("genuine") else LEARNED_RATIO_FACTOR
    if factor != 1:
        terminal.say(f"every alpha/beta is {factor} times the paper's, whose balance only ImageNet's filters have")
    figures = [adapted(FIGURES[name], factor, options.size, options.iterations) for name in options.figures]
    precision = fastest()
    shops = {
        f.name: Workshop(options.content, options.style, weights, options.output / f.name, precision) for f in figures
    }
    chosen = {f.name: [cell for cell in f.cells if wanted is None or cell.key in wanted] for f in figures}
    missing = [(f, cell) for f in figures for cell in chosen[f.name] if not shops[f.name].has(cell)]
    terminal.say(f"{len(missing)} of {sum(map(len, chosen.values()))} pictures to make")
    make_all(missing, shops)
    for figure in figures:
        there = [cell for cell in figure.cells if shops[figure.name].has(cell)]
        if there:
            path = options.output / f"{figure.name}.png"
            write_image(path, sheet_of(shops[figure.name], figure, there))
            terminal.say(f"written: {path}  {figure.title}")


def make_all(missing: Sequence[tuple[Figure, Cell]], shops: "dict[str, Workshop]") -> None:
    """Make one cell after the other, with a line for each that says how long the rest will take."""
    from transfer.figures.making import make_cell

    began, steps_to_do = time.monotonic(), sum(cell.recipe.iterations for _, cell in missing)
    steps_done = 0
    for number, (figure, cell) in enumerate(missing, start=1):
        bar = moving_bar(sys.stdout, cell.recipe.iterations, describe, transient=True)
        with bar if sys.stdout.isatty() else nullcontext(lambda step: None) as on_step:
            make_cell(shops[figure.name], cell, on_step)
        steps_done += cell.recipe.iterations
        left = duration((time.monotonic() - began) * (steps_to_do / steps_done - 1))
        terminal.say(f"{number}/{len(missing)} {figure.name}: {cell.label}, {left} left")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return terminal.run("figures", lambda: options.run(options))


if __name__ == "__main__":
    sys.exit(main())
