"""The command line of the figures: `python -m transfer.figures NAME [CONTENT STYLE]`.

Two more commands are `trade-off RUN.json` and `printed-losses CONTENT STYLE`.

Exit codes as in `python -m transfer`.
"""

import argparse
from collections.abc import Sequence

from transfer.figures.cells import BASE, FIGURES
from transfer.inputs.files import SAMPLE, Files
from vgg.errors import typed
from vgg.layers import SMALLEST_SIDE
from vgg.matfile.sniff import require_weights_file
from vgg.tools import console
from vgg.tools.console import file_name, interrupts_at_once, start_tensorflow, whole_number

PROGRAM = "figures"
WEIGHTS_HELP = "a .mat file, or an .npz of `weights train` (default: genuine if downloaded, else shipped)"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser: one command for each figure, with the same options, and the two others."""
    parser = console.Parser(prog=typed("transfer.figures"), description="Make the figures of Gatys et al. again.")
    commands = parser.add_subparsers(metavar="NAME", required=True)
    for name, title in {**{name: figure.title for name, figure in FIGURES.items()}, "all": "all of these"}.items():
        figures = [FIGURES[name]] if name in FIGURES else list(FIGURES.values())
        cells = [cell for figure in figures for cell in figure.cells]
        own_steps = " or ".join(map(str, sorted({cell.recipe.iterations for cell in cells})))
        command = commands.add_parser(name, help=title, description=title)
        add = command.add_argument
        add("content", nargs="?", default=SAMPLE, help="a picture, or `sample`: a scene drawn by our code (default)")
        add("style", nargs="?", default=SAMPLE, help="a picture, or `sample`: a painting drawn by our code (default)")
        add("-o", "--output", default="output/figures", help="a folder (default: %(default)s)")
        add("--weights", type=file_name, metavar="FILE", help=WEIGHTS_HELP)
        size = whole_number(SMALLEST_SIDE)
        add("--size", type=size, default=BASE.size, help="longer side in pixels (default: %(default)s)")
        add(
            "--iterations", type=whole_number(1), help=f"steps for each cell (default: {own_steps}, as the figure says)"
        )
        add("--only", metavar="CELLS", help=f"make only these, as in {','.join(cell.key for cell in cells[:2])}")
        command.set_defaults(run=run_figures, figures=figures)
    trade_off = commands.add_parser("trade-off", help="how the losses of a finished run fell, layer by layer")
    trade_off.add_argument("record", type=file_name, help="the .json beside the picture")
    trade_off.add_argument("-o", "--output", type=file_name, help="a .png (default: beside the record)")
    trade_off.set_defaults(run=run_trade_off)
    text = "our losses beside those that the program neural-style printed at its iteration 1"
    printed = commands.add_parser("printed-losses", help=text, description=text[0].upper() + text[1:] + ".")
    printed.add_argument("content", help="a picture; the printed values belong to tubingen.jpg")
    printed.add_argument("style", help="a picture; the printed values belong to seated-nude.jpg")
    printed.add_argument("--weights", type=file_name, metavar="FILE", help=WEIGHTS_HELP)
    printed.set_defaults(run=run_printed_losses)
    return parser


def run_trade_off(options: argparse.Namespace) -> None:
    """Draw the plot and say where it is."""
    with interrupts_at_once():
        from transfer.figures.trade_off import draw

    console.say(f"written: {draw(options.record, options.output)}")


def run_printed_losses(options: argparse.Namespace) -> None:
    """Print the table of losses."""
    with interrupts_at_once():
        from transfer.inputs.pictures import load
        from transfer.recipe.torch_systems import NEURAL_STYLE
    if options.weights is not None:
        require_weights_file(options.weights)
    pictures = load(Files(options.content, options.style), NEURAL_STYLE)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.figures.printed_losses import report
        from weights.load import load_weights
    weights = load_weights(options.weights, console.say)
    with interrupts_at_once():  # TensorFlow turns a KeyboardInterrupt into other errors while it compiles
        report(weights, pictures)


def run_figures(options: argparse.Namespace) -> None:
    """Make the cells that are missing, and the sheet of each figure."""
    with interrupts_at_once():
        from transfer.figures.plan import plan_of  # complains before TensorFlow takes its seconds

    plan = plan_of(options)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.figures.run import run

    run(plan)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    return console.run(PROGRAM, lambda: options.run(options))
