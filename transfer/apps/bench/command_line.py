"""The command line of the measurements: `python -m transfer.bench [evaluation | convergence | sizes | batch]`.

What measures whole commands, each in a process of its own, is here too.
"""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from transfer.files import SAMPLE_PAINTING, SAMPLE_SCENE
from transfer.machine import processor
from vgg.errors import typed
from vgg.load import WEIGHTS_HELP
from vgg.tools import console
from vgg.tools.console import file_name, interrupts_at_once, start_tensorflow
from vgg.tools.image import read_image, resize, write_image

TABLES = {
    "evaluation": "one evaluation against the machine's matrix multiply",
    "convergence": "the time to a loss, by optimiser and precision",
    "sizes": "memory and time per megapixel from 512 to 4096 pixels",
    "batch": "pictures per minute of a batch against separate commands, and frames per minute of a film",
}
#: Longer side of the pictures and frames that whole commands make, in pixels.
SIZE = 256
ROUNDS = 3  # of the batch and the separate commands, in turn
FRAMES = 12  # of the film


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = console.Parser(prog=typed("transfer.bench"), description="Measure this program on this machine.")
    text = "; ".join(f"{name}: {about}" for name, about in TABLES.items())
    parser.add_argument("what", nargs="?", choices=TABLES, metavar="WHAT", help=f"{text} (default: all of these)")
    parser.add_argument("--weights", type=file_name, metavar="FILE", help=WEIGHTS_HELP)
    options = parser.parse_args(arguments)
    names = [options.what] if options.what else list(TABLES)
    return console.run("bench", lambda: print_tables(names, options.weights))


def print_tables(names: Sequence[str], weights_file: Path | None) -> None:
    """Print the tables, line by line as they are measured."""
    start_tensorflow()
    with interrupts_at_once():
        from transfer.apps.bench import measurements
        from weights.load import load_weights

    weights = load_weights(weights_file, console.say)
    # Every number below depends on these.
    versions = f"Python {platform.python_version()}, TensorFlow {version('tensorflow')}"
    console.say(f"machine: {processor()}, {os.cpu_count()} cores; {versions}")
    for name in names:
        console.say("")
        for line in whole_commands(weights.path) if name == "batch" else getattr(measurements, name)(weights):
            console.say(line)


def whole_commands(weights: Path) -> Iterator[str]:
    """Yield the lines of the table: a batch against as many separate commands, and a film."""
    with TemporaryDirectory() as place:
        folder, content, style = Path(place), read_image(SAMPLE_SCENE), read_image(SAMPLE_PAINTING)
        images = {"content_a": content, "content_b": content[:, ::-1], "style_x": style, "style_y": style[::-1]}
        for name, image in images.items():
            write_image(folder / f"{name}.png", image)
        words = ["--weights", str(weights), "--size", str(SIZE), "--quiet"]
        yield from _batch(folder, words)
        yield from _film(folder, words)


def _batch(folder: Path, words: Sequence[str]) -> Iterator[str]:
    """Batch and separate commands take turns, so a slow moment hits both."""
    pairs = list(product(("content_a", "content_b"), ("style_x", "style_y")))
    seconds: dict[str, list[float]] = {"batch": [], "separate": []}
    for number in range(ROUNDS):
        output = str(folder / f"batch-{number}")
        seconds["batch"].append(run_command("transfer.batch", str(folder), "-o", output, *words))
        separate = 0.0
        for pair in pairs:
            inputs = [str(folder / f"{name}.png") for name in pair]
            separate += run_command("transfer", *inputs, "-o", str(folder / "single.png"), *words)
        seconds["separate"].append(separate)
    yield f"{len(pairs)} pictures of {SIZE} pixels, {ROUNDS} rounds in turn; median (fastest to slowest)"
    ratios = np.array(seconds["separate"]) / np.array(seconds["batch"])
    for name, times in seconds.items():
        middle = float(np.median(times))
        pace = f"{60 * len(pairs) / middle:5.1f} pictures a minute"
        yield f"{name:10} {middle:6.1f} s ({min(times):.1f} to {max(times):.1f})  {pace}"
    yield f"the batch makes {np.median(ratios):.2f} times as many ({ratios.min():.2f} to {ratios.max():.2f})"


def _film(folder: Path, words: Sequence[str]) -> Iterator[str]:
    """The camera pans over the scene; the last third is its mirror image, so there is a cut."""
    wide = resize(read_image(SAMPLE_SCENE), SIZE + 4 * FRAMES)
    for number in range(FRAMES):
        frame = wide[:, 4 * number : 4 * number + SIZE]
        write_image(folder / "frames" / f"{number:02}.png", frame if number < FRAMES * 2 // 3 else frame[:, ::-1])
    inputs = [str(folder / "frames"), str(folder / "style_x.png"), "-o", str(folder / "painted")]
    seconds = run_command("transfer.video", *inputs, *words)
    yield f"a film of {FRAMES} frames: {seconds:.1f} s, {60 * FRAMES / seconds:.1f} frames a minute, start-up included"


def run_command(module: str, *words: str) -> float:
    """Run a command of ours in a process of its own; return how many seconds that took."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", module, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
