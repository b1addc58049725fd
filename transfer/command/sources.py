"""Which files a run was made from, and how they are found again: part of its record."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from transfer.inputs.files import Files
from vgg.errors import InputError
from vgg.tools.files import file_digest


def sources(files: Files, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the pictures' files as the user named them, and the place, length and digest of each.

    `known` has what `inputs_of` returned for some of them.

    Raises:
        InputError: one of them can no longer be read.
    """
    known = known or {}
    named = dict.fromkeys(files.named())
    found = inputs_of(name for name in named if name not in known)
    inputs = {name: known[name] if name in known else found[name] for name in named}
    return {"files": json.loads(json.dumps(dataclasses.asdict(files))), "inputs": inputs}


def inputs_of(names: Iterable[str]) -> dict[str, Any]:
    """Return where each of the named files is, how many bytes it has, and its digest."""
    found = {}
    for name in names:
        path = Path(name).absolute()
        try:
            sha256 = file_digest(path, "sha256")
            found[name] = {"path": str(path), "bytes": path.stat().st_size, "sha256": sha256}
        except OSError as error:
            what = f"{name} cannot be read ({error.strerror})"
            raise InputError(f"{what}; check its name and permissions") from None
    return found


def place_of(name: str, about: dict[str, Any], beside: Path) -> str:
    """Return where an input is: the file with its digest, else the one with its name."""
    named = [Path(about["path"]), Path(name), beside / Path(name).name]
    for place in named:
        if digest(place) == about["sha256"]:
            return str(place)
    others = (place for place in sorted(beside.iterdir()) if place.is_file() and place.stat().st_size == about["bytes"])
    for place in others:
        if digest(place) == about["sha256"]:
            return str(place)
    for place in named:
        if place.is_file():
            return str(place)
    raise InputError(
        f"{name}, an input of the recorded run, is neither at {about['path']} nor beside the record; copy it there"
    )


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file, or None if it cannot be read."""
    try:
        return file_digest(path, "sha256")
    except OSError:
        return None
