"""The command line of a film: `python -m transfer.video IN.mp4 STYLE -o OUT.mp4`.

All that can be checked is checked before TensorFlow starts. Exit codes: 0 done, 2 unusable input (one line on stderr),
130 stopped with Ctrl-C.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from transfer.apps.video.container import Chosen, Film, check_film_output, is_folder, open_film
from transfer.apps.video.frame_store import FilmOutputs, FilmRun, FrameStore, frame_at_size, read_settings
from transfer.cli.options import RunOptions, add_run_options, files_from, painters_wanted, recipe_from
from transfer.files import SAMPLE, Files
from transfer.inputs import style_at, together
from transfer.other_programs import recipe_named
from transfer.recipes import Recipe
from transfer.report.page import PLAYED
from vgg.errors import InputError, python, typed
from vgg.matfile.sniff import require_weights_file
from vgg.tools import console
from vgg.tools.animation import check_loop
from vgg.tools.console import file_name, interrupts_at_once, number, say_loading, start_tensorflow, whole_number
from vgg.tools.files import check_place, file_digest
from vgg.tools.image import check_output

#: Steps of a frame that starts from earlier ones; one of which much is new gets more (`painter.MORE_STEPS`).
ITERATIONS = 5
#: γ: a deviation of 20 levels from the frame before costs as much as this share of the style's loss at the start.
TEMPORAL_WEIGHT = 1.0
#: Options of `python -m transfer` that mean nothing for a film, and their values if they were not given.
MEANINGLESS = {
    "full_size": False, "full_size_steps": None, "keep_location": False, "depth": 8, "report_as": None,
    "save_every": None, "log_dir": None, "checkpoint_every": None, "timelapse": None,
}  # fmt: skip


def build_parser() -> argparse.ArgumentParser:
    """Return the parser: the film, and the options of `python -m transfer`, which hold for each frame."""
    parser = console.Parser(
        prog=typed("transfer.video"),
        description="Paint a film in the manner of a painting, without flicker (Ruder, Dosovitskiy & Brox 2016).",
        epilog="--preview-every N rewrites OUT-preview.mp4, the film as far as it is, every N frames. "
        f"Not for a film: --{', --'.join(MEANINGLESS).replace('_', '-')}.",
    )
    parser.add_argument("content", nargs="?", metavar="FILM", help="a video, or a folder of pictures in their order")
    parser.add_argument("style", nargs="*", metavar="STYLE", help="a picture or several (default: a sample)")
    add = parser.add_argument_group("film").add_argument
    text = ".mp4, .mov, .webm, .avi, .mkv, or no ending for a folder of frames (default: %(default)s)"
    add("-o", "--output", type=file_name, default=Path("output/film.mp4"), help=text)
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


def film_run(options: argparse.Namespace) -> FilmRun:
    """Return what the user wants to be done; raises InputError if something cannot be used or written."""
    for name, value in MEANINGLESS.items():
        if getattr(options, name) != value:
            raise InputError(f"--{name.replace('_', '-')} is for single pictures, not for a film; leave it out")
    if not options.content:
        raise InputError(
            f"the film is missing; name one, as in `{typed('transfer.video', 'clip.mp4', 'painting.jpg')}`"
        )
    if not options.style and not options.more_styles:
        options = argparse.Namespace(**vars(options) | {"style": [SAMPLE]})
    files, (first, further) = files_from(options), recipes_of(options)
    earlier = earlier_of(options.long_term)
    if options.fps is not None and not 0.1 <= options.fps <= 1000:
        raise InputError(f"--fps is {options.fps:g}, expected 0.1 to 1000")
    film = open_film(files.content, Chosen(options.start, options.end, options.every))
    remarks: list[str] = []
    frame = frame_at_size(film, next(film.frames()), first, remarks)
    styles = tuple(style_at(name, first, frame.shape[:2], remarks) for name in files.style_pictures)
    together(files, first, frame, styles, ())  # a bad mask is said before the first frame
    require_weights_file(options.weights)
    if SAMPLE in files.style_pictures:
        remarks.append("the style is the sample, a painting of ours; to choose another, name a picture after the film")
    return FilmRun(
        film, files, styles, first, further, options.seed, earlier, options.independent,
        shape=frame.shape[:2],
        fps=options.fps or film.fps,
        has_sound=options.fps is None,  # at another speed it would be out of step
        outputs=outputs_of(options, film, files),
        remarks=remarks,
    )  # fmt: skip


def outputs_of(options: argparse.Namespace, film: Film, files: Files) -> FilmOutputs:
    """Return where a run writes; raises InputError if it cannot, or would replace what it should not."""
    output, loop = options.output, options.loop
    if output.name in ("", ".."):
        raise InputError(f"the output is {str(output)!r}, expected the name of a film or of a new folder; choose one")
    record = output.with_name(f"{output.stem}.json")
    sheet = output.with_name(f"{output.stem}-sheet.png") if options.sheet else None
    report = output.with_name(f"{output.stem}-report.html") if options.report else None
    preview = output.with_name(f"{output.stem}-preview{output.suffix}") if options.preview_every else None
    folder = output if is_folder(output) else output.with_name(f"{output.name}.frames")
    if preview and is_folder(output):
        raise InputError(
            f"--preview-every is for a film in one file; {output} shows its frames as they come; leave it out"
        )
    inputs = [*files.named(), *(film.path / name for name in film.pictures), *filter(None, [options.weights])]
    require_apart(filter(None, (output, record, sheet, loop, report, preview, folder, *folder.glob("*"))), inputs)
    if not is_folder(output):
        check_film_output(output)
    check_place(folder / "00001.png")
    check_place(record)
    if sheet:
        check_output(sheet)
    if report:
        if output.suffix.lower() not in PLAYED:
            raise InputError(
                f"--report has the film in its page, which {output.name} cannot be; let it end in {' or '.join(PLAYED)}"
            )
        check_place(report)
    if loop:
        check_loop(loop)
    last_record = read_settings(record)
    if not last_record and os.path.exists(record):
        raise InputError(f"{record} is no record of a film and would be overwritten; choose another --output")
    store = FrameStore(folder, output.name, last_record)
    begun = store.settings() and options.resume  # a stop may have come between the film and its record
    if not options.overwrite:
        require_ours(filter(None, (loop,) if begun else (output, sheet, loop, report, preview)), last_record, record)
    return FilmOutputs(output, store, record, sheet, loop, report, preview)


def require_apart(outputs: Iterable[Path], inputs: Iterable[Path | str]) -> None:
    """Raise InputError if one of the outputs, which will be written or deleted, is also an input, under any name."""
    input_files = {(about.st_dev, about.st_ino) for about in map(os.stat, inputs)}
    for path in outputs:
        if os.path.exists(path) and ((about := os.stat(path)).st_dev, about.st_ino) in input_files:
            raise InputError(f"the output {path} is also an input, which it would overwrite; choose another name")


def require_ours(outputs: Iterable[Path], last_record: dict[str, Any], record: Path) -> None:
    """Raise InputError if one of the outputs exists, but is not what the record of a finished film tells of."""
    for path in outputs:
        if path.is_file() and last_record.get("written", {}).get(path.name) != file_digest(path, "sha256"):
            raise InputError(
                f"{path} exists, and is not what {record} says was written there; name another file, or add --overwrite"
            )


def recipes_of(options: argparse.Namespace) -> tuple[Recipe, Recipe]:
    """Return the recipes of a scene's first frame and of all further ones."""
    if not 0 <= options.temporal_weight <= 1e6:
        raise InputError(f"--temporal-weight is {options.temporal_weight:g}, expected 0 to 1e6")
    recipe = recipe_from(options)
    weight = 0.0 if options.independent else options.temporal_weight
    own = recipe_named(options.recipe).iterations
    first = replace(recipe, iterations=options.first_frame_iterations or own, temporal_weight=weight)
    if options.independent:
        return replace(first, iterations=options.iterations or own), first
    further = replace(
        recipe, init="picture", noise_share=0.0, scales=(), temporal_weight=weight,
        iterations=options.iterations or ITERATIONS,
    )  # fmt: skip
    return first, further


def earlier_of(text: str) -> tuple[int, ...]:
    """Return `1,2,4` as (1, 2, 4); raise InputError if that is not what it looks like."""
    words = [word.strip() for word in text.split(",")]
    if not all(re.fullmatch("[1-9][0-9]?|100", word) for word in words):
        raise InputError(f"--long-term is {text!r}, expected frames back from 1 to 100, such as 1,2,4")
    return tuple(sorted({int(word) for word in words}))


def make_film(options: argparse.Namespace, command: Sequence[str]) -> int:
    """Check all that can be checked, then start TensorFlow and paint."""
    say_loading(options.quiet)
    run, run_options = film_run(options), RunOptions.of(options)
    with_workers = painters_wanted(run_options)
    start_tensorflow()
    with interrupts_at_once():
        from transfer.apps.video.painter import paint_film, paint_missing

        paint_frames = paint_missing
        if with_workers:
            from transfer.apps.video.scenes import paint_scenes as paint_frames
    return paint_film(run, run_options, options.keep_frames, command, paint_frames)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    command = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_intermixed_args(command)
    return console.run("video", lambda: make_film(options, [python(), "-m", "transfer.video", *command]))
