"""What the tests of `python -m transfer.batch` share: a folder of small pictures, and the words of a short batch."""

import csv
import json
from pathlib import Path

import numpy as np

from image_files import png_of
from refused_command import refused_by
from tiny_network import tiny_mat
from transfer.batch import main
from transfer_command import FEW_LAYERS

NAMES = ("a-x", "a-y", "b-x", "b-y")


def prepare(folder: Path) -> list[str]:
    """Make content_a, content_b, style_x and style_y and a `.mat` file; the words of a batch with them."""
    place = folder / "in"
    place.mkdir()
    for seed, name in enumerate(("content_a", "content_b", "style_x", "style_y")):
        noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        (place / f"{name}.png").write_bytes(png_of(noise.repeat(6, axis=0).repeat(6, axis=1)))  # 48 × 36
    (folder / "tiny.mat").write_bytes(tiny_mat())
    words = [str(place), "-o", str(folder / "out"), "--weights", str(folder / "tiny.mat")]
    words += ["--size", "40", "--scales", "", "--iterations", "4", *FEW_LAYERS]
    return [*words, "--no-normalize", "--precision", "float32"]


def pictures(folder: Path) -> dict[str, bytes]:
    """The bytes of the batch's results by their names."""
    return {path.stem: path.read_bytes() for path in (folder / "out").glob("?-?.png")}


def rows(folder: Path) -> list[dict[str, str]]:
    """The lines of batch.csv."""
    with (folder / "out" / "batch.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def record(folder: Path, name: str) -> dict:
    """The record of a picture."""
    return json.loads((folder / "out" / f"{name}.json").read_text(encoding="utf-8"))


def refused(arguments: list[str], capfd, folder: Path) -> str:
    """Run the command, which must refuse; its one line."""
    return refused_by(main, "batch", arguments, capfd, folder)
