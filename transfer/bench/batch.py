"""Pictures per minute of a batch against as many separate commands, and frames per minute of a film."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from transfer.inputs.sample_painting import painting
from transfer.inputs.sample_scene import scene
from vgg.matfile.read import Weights
from vgg.tools.image import write_image

SIZE = 256
ROUNDS = 3
FRAMES = 12  # of a film
STEP = 2  # pixels from one of them to the next


def report(weights: Weights) -> Iterator[str]:
    """Yield the lines of the table. Batch and separate commands take turns, so a slow moment hits both."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        yield from _batch(folder, str(weights.path))
        yield from _film(folder, str(weights.path))


def _batch(folder: Path, weights: str) -> Iterator[str]:
    contents, styles = scene(SIZE * 3 // 4, SIZE), painting(SIZE * 3 // 4, SIZE)
    pictures = {"content_a": contents, "content_b": contents[:, ::-1], "style_x": styles, "style_y": styles[::-1]}
    for name, image in pictures.items():
        write_image(folder / f"{name}.png", image)
    pairs = [(content, style) for content in ("content_a", "content_b") for style in ("style_x", "style_y")]
    same = ["--weights", weights, "--size", str(SIZE), "--quiet"]
    seconds: dict[str, list[float]] = {"batch": [], "separate": []}
    for number in range(ROUNDS):
        began = time.perf_counter()
        _run("transfer.batch", str(folder), "-o", str(folder / f"batch-{number}"), *same)
        seconds["batch"].append(time.perf_counter() - began)
        began = time.perf_counter()
        for content, style in pairs:
            inputs = [str(folder / f"{name}.png") for name in (content, style)]
            _run("transfer", *inputs, "-o", str(folder / "single.png"), *same)
        seconds["separate"].append(time.perf_counter() - began)
    yield f"{len(pairs)} pictures of {SIZE} pixels, {ROUNDS} rounds in turn; median (fastest to slowest)"
    ratios = np.array(seconds["separate"]) / np.array(seconds["batch"])
    for name, taken in seconds.items():
        middle = float(np.median(taken))
        pace = f"{60 * len(pairs) / middle:5.1f} pictures a minute"
        yield f"{name:10} {middle:6.1f} s ({min(taken):.1f} to {max(taken):.1f})  {pace}"
    yield f"the batch makes {np.median(ratios):.2f} times as many ({ratios.min():.2f} to {ratios.max():.2f})"


def _film(folder: Path, weights: str) -> Iterator[str]:
    wide = scene(SIZE * 3 // 4, SIZE + STEP * FRAMES)
    for number in range(FRAMES):  # the camera turns to the right
        write_image(folder / "film" / f"{number}.png", wide[:, STEP * number : STEP * number + SIZE])
    inputs = [str(folder / "film"), str(folder / "style_x.png"), "-o", str(folder / "painted")]
    began = time.perf_counter()
    _run("transfer.video", *inputs, "--weights", weights, "--size", str(SIZE), "--quiet")
    taken = time.perf_counter() - began
    yield f"a film of {FRAMES} frames: {taken:.1f} s, {60 * FRAMES / taken:.1f} frames a minute, start-up included"


def _run(module: str, *words: str) -> None:
    subprocess.run([sys.executable, "-m", module, *words], check=True, stdout=subprocess.DEVNULL)
