"""Where a run puts its results, checked before it begins: a run takes minutes and should not fail at its end."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vgg.errors import InputError
from vgg.files import check_place
from vgg.image.file import check_output


@dataclass(frozen=True)
class Outputs:
    """The picture, its record, and the sheet if one was asked for."""

    picture: Path
    record: Path
    sheet: Path | None


def planned(output: Path, with_sheet: bool, inputs: Sequence[Path | str]) -> Outputs:
    """The files of a run whose picture is `output`.

    Raises:
        InputError: one of them cannot be written, is one of the `inputs`, or is a `.json` of somebody else's.
    """
    if not output.name:
        raise InputError(f"the output is {str(output)!r}, expected the name of a picture, such as output/result.png")
    record = output.with_suffix(".json")
    sheet = output.with_name(f"{output.stem}-sheet.png") if with_sheet else None
    for path in filter(None, (output, sheet)):
        check_output(path, inputs)
    check_place(record)
    if record.exists():
        if any(os.path.exists(file) and os.path.samefile(record, file) for file in inputs):
            raise InputError(f"the record {record} is also an input, which it would overwrite; choose another --output")
        if not _is_record(record):
            raise InputError(f"{record}, where the record would go, is no record of ours; choose another --output")
    return Outputs(output, record, sheet)


def _is_record(path: Path) -> bool:
    try:
        return {"recipe", "steps"} <= set(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return False
