"""What the tests of `python -m transfer` share: small pictures, tiny weights, and a process of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from image_files import png_of
from refused_command import refused_by
from tiny_network import tiny_mat
from transfer.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


#: Layers, so that little has to be compiled.
FEW_LAYERS = ("--content-layers", "relu2_2", "--style-layers", "relu1_1,relu2_1")


def prepare(folder: Path, layers: Sequence[str] = FEW_LAYERS) -> list[str]:
    """Make pictures of 64 × 48 and 50 × 40 pixels and a `.mat` file in `folder`; the words of a short run with them.

    Without `layers` they are those of the recipe.
    """
    y, x = np.mgrid[:48, :64]
    content = np.stack([4 * x, 5 * y, 255 * ((x - 32) ** 2 + (y - 24) ** 2 < 200)], axis=-1)
    waves = np.stack([128 + 100 * np.sin(x / 3), 128 + 100 * np.sin((x + y) / 4), 60 + 40 * np.cos(y / 5)], axis=-1)
    (folder / "content.png").write_bytes(png_of(content.astype(np.uint8)))
    (folder / "style.png").write_bytes(png_of(waves[:40, :50].astype(np.uint8)))
    (folder / "tiny.mat").write_bytes(tiny_mat())
    pictures = [str(folder / "content.png"), str(folder / "style.png")]
    files = ["--weights", str(folder / "tiny.mat"), "-o", str(folder / "out" / "result.png")]
    # Measuring activations, and trying and compiling two precisions would be most of the time of such a run; one test
    # each leaves it in.
    quick = ["--no-normalize", "--precision", "float32"]
    return [*pictures, *files, "--size", "32", "--iterations", "5", "--overwrite", *quick, *layers]


def refused(arguments: list[str], capfd, folder: Path) -> str:
    """Run the command, which must refuse; its one line."""
    return refused_by(main, "transfer", arguments, capfd, folder)


def start_apart(arguments: list[str], **environment: str) -> subprocess.Popen:
    """Start the command in a process of its own, with more variables in its environment."""
    # A test run in the background hands down a Ctrl-C that is ignored.
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "signal.signal(signal.SIGHUP, signal.SIG_DFL); "
        "from transfer.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, **pipes)


def run_apart(arguments: list[str]) -> tuple[int, str, str]:
    """Run it to its end: exit code, standard output, standard error, as the operating system sees them."""
    process = start_apart(arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err
