"""What the tests of `python -m transfer.figures` share: the words of a small run, and what it made."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from refused_command import refused_by
from transfer.figures import main
from transfer_command import prepare


def small_run(folder: Path, monkeypatch) -> list[str]:
    """What follows the figure's name: small pictures, two steps a cell."""
    content, style, _, weights, *_ = prepare(folder)
    drawn = [np.random.default_rng(seed).integers(0, 256, (48, 40, 3), dtype=np.uint8) for seed in (6, 7)]
    monkeypatch.setattr("transfer.session.normalizing_images", lambda: drawn)
    # A busy machine would measure now one precision as the faster one, now the other.
    monkeypatch.setattr("transfer.apps.figures.run.fastest", lambda: "float32")
    output = str(folder / "figures")
    return [content, style, "--weights", weights, "-o", output, "--size", "32", "--iterations", "2"]


def made(capfd) -> list[str]:
    """The lines about cells that were made: `2/4 ratio: alpha/beta ...`."""
    lines = capfd.readouterr().out.splitlines()
    return [line for line in lines if line[0].isdigit() and "/" in line.split()[0]]


def files_in(folder: Path) -> dict[Path, bytes]:
    """Every file below `folder`, with what is in it."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def record_of(folder: Path, figure: str, key: str) -> dict[str, Any]:
    """The record of a cell, of a run by the words above."""
    return json.loads((folder / "figures" / figure / f"{key}.json").read_text(encoding="utf-8"))


def refused(arguments: list[str], capfd, folder: Path) -> str:
    """Run the command, which must refuse; its one line."""
    return refused_by(main, "figures", arguments, capfd, folder)
