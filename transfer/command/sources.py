"""Which files a run was made from, and what each can be found again by: part of its record."""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from transfer.inputs.files import Files
from vgg.errors import InputError
from vgg.files import file_digest


def sources(files: Files) -> dict[str, Any]:
    """Return the pictures' files as the user named them, and the place, length and digest of each.

    Raises:
        InputError: one of them can no longer be read.
    """
    return {"files": json.loads(json.dumps(dataclasses.asdict(files))), "inputs": inputs_of(files.named())}


def inputs_of(names: Iterable[str]) -> dict[str, Any]:
    """Return where each of the named files is, how many bytes it has, and its digest."""
    found = {}
    for name in names:
        path = Path(name).absolute()
        try:
            found[name] = {"path": str(path), "bytes": path.stat().st_size, "sha256": file_digest(path, "sha256")}
        except OSError as error:
            what = f"{name} cannot be read ({error.strerror})"
            raise InputError(f"{what}; check its name and permissions") from None
    return found
