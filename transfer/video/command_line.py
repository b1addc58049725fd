"""The command line of a film: `python -m transfer.video IN.mp4 STYLE -o OUT.mp4`.

Exit codes: 0 done, 2 unusable input (one line on stderr), 130 stopped with Ctrl-C.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from transfer.command.parser import add_run_options
from vgg.console import terminal
from vgg.console.arguments import file_name, number, whole_number
from vgg.console.interrupts import interrupts_at_once
from vgg.console.quiet import start_tensorflow
from vgg.errors import python, typed

PROGRAM = "video"
#: Steps of a frame that starts from the one before it.
ITERATIONS = 20
#: γ: a deviation of 20 levels from the frame before costs as much as this share of the style's loss at the start.
TEMPORAL_WEIGHT = 0.2
#: Options of `python -m transfer` that mean nothing for a film, and their values if they were not given.
MEANINGLESS = {
    "full_size": False, "depth": 8, "report": False, "report_as": None, "preview_every": None, "save_every": None,
    "log_dir": None, "checkpoint_every": None, "workers": None, "scheduler": None,
}  # fmt: skip


def build_parser() -> argparse.ArgumentParser:
    """Return the parser: the film, and the options of `python -m transfer`, which hold for each frame."""
    parser = terminal.Parser(
        prog=typed("transfer.video"),
        description="Paint a film in the manner of a painting, without flicker (Ruder, Dosovitskiy & Brox 2016).",
        epilog=f"Not for a film: --{', --'.join(MEANINGLESS).replace('_', '-')}.",
    )
    parser.add_argument("content", nargs="?", metavar="FILM", help="a video, or a folder of pictures in their order")
    parser.add_argument("style", nargs="*", metavar="STYLE", help="a picture or several (default: a drawn sample)")
    add = parser.add_argument_group("film").add_argument
    output = Path("output/film.mp4")
    endings = ".mp4, .mov, .webm, .avi, .mkv, or no ending for a folder of frames"
    add("-o", "--output", type=file_name, default=output, help=f"{endings} (default: %(default)s)")
    add("--start", type=number, default=0.0, metavar="SECONDS", help="where to begin (default: 0)")
    add("--end", type=number, metavar="SECONDS", help="where to end (default: at the film's end)")
    add("--every", type=whole_number(1), default=1, metavar="N", help="only each Nth frame (default: all)")
    add("--fps", type=number, help="frames per second of the result (default: as the film's)")
    text = "how firmly a frame is held to the one before (default: %(default)g)"
    add("--temporal-weight", type=number, default=TEMPORAL_WEIGHT, metavar="γ", help=text)
    add("--long-term", default="1", metavar="N,N", help="held to frames so many back, such as 1,2,4 (default: 1)")
    text = f"steps of a scene's first frame (default: the recipe's); --iterations are the others' ({ITERATIONS})"
    add("--first-frame-iterations", type=whole_number(1), metavar="N", help=text)
    add("--independent", action="store_true", help="each frame by itself, to see what the rest is good for")
    add("--loop", type=file_name, metavar="FILE", help="also write a small looping .webp or .gif")
    add("--keep-frames", action="store_true", help="leave the frames as PNG files beside the film")
    add("--resume", action="store_true", help="go on with the unfinished film of this output")
    add("--overwrite", action="store_true", help="replace a film of this name that was made with other settings")
    add_run_options(parser)
    return parser


def make_film(options: argparse.Namespace, command: Sequence[str]) -> int:
    """Check all that can be checked, then start TensorFlow and paint."""
    with interrupts_at_once():
        from transfer.video.plan import plan_of
    plan = plan_of(options)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.video.run import run
    return run(plan, options, command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    command = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_intermixed_args(command)
    return terminal.run(PROGRAM, lambda: make_film(options, [python(), "-m", "transfer.video", *command]))
