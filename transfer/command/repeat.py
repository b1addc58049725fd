"""`--from RECORD`: a run again, from the record that it left beside its picture.

The inputs are recognised by their digests, so they may have been moved. What cannot be the same (another version of a
library, another processor) is said before the run begins; if nothing differs, the bytes will not either.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transfer.command.differences import differences
from transfer.command.options import require_sensible
from transfer.inputs.files import Files
from transfer.recipe.choices import AdamConstants, Noise, Normalization, Recipe, Variation
from vgg.errors import InputError
from vgg.files import file_digest
from vgg.matfile.locate import FOLDER

#: Options that may stand beside --from; all others are in the record.
FREE = ("record", "exact", "output", "sheet", "report", "weights", "max_memory", "preview_every", "save_every", "quiet")
FREE += ("checkpoint_every", "resume", "log_dir")
#: Fields of a recipe that are values of their own classes.
PARTS = {"content_loss": Normalization, "style_loss": Normalization, "tv_loss": Variation} | {
    "noise": Noise,
    "adam": AdamConstants,
}


@dataclass(frozen=True)
class Repeated:
    """A record, and the run that it asks for."""

    path: Path
    record: dict[str, Any]
    recipe: Recipe
    files: Files

    def options(self, given: argparse.Namespace) -> argparse.Namespace:
        """Return the words of the command line, with those that the record decides."""
        record, finish = self.record, self.record["finish"]
        decided = {name: record[name] for name in ("seed", "precision")} | finish
        decided["max_memory"] = given.max_memory or record["memory_bytes"]
        decided["weights"] = given.weights or self._weights()
        return argparse.Namespace(**vars(given) | decided)

    def compare(self, here: dict[str, Any], exact: bool, say: Callable[[str], None]) -> None:
        """Say what differs from the recorded run.

        Args:
            here: settings and environment of this run.
            exact: whether a difference ends the program.
            say: shows a line.

        Raises:
            InputError: something differs although it must not.
        """
        found = differences({name: self.record.get(name) for name in here}, here)
        if self.record["stopped"] not in ("finished", "converged"):
            steps = len(self.record["steps"])
            found.append(f"the recorded run was stopped after {steps} steps there and goes to its end here")
        if found and exact:
            more = f", and {len(found) - 1} more" if len(found) > 1 else ""
            raise InputError(
                f"not the run of {self.path}: {found[0]}{more}; leave out --exact to make the picture all the same"
            )
        for line in found:
            say(f"differs: {line}")
        if not found:
            say(f"nothing differs from the run of {self.path}")

    def judged(self, result: dict[str, Any]) -> str:
        """Return whether the picture, as `result` of its record describes it, is the recorded one."""
        same = result["pixels_sha256"] == self.record["result"]["pixels_sha256"]
        return f"its pixels are {'the same as' if same else 'others than'} those of {self.record['result']['file']}"

    def _weights(self) -> Path | None:
        wanted = self.record["weights"]
        file = Path(wanted["file"])
        places = (file, self.path.parent / file.name, FOLDER / file.name)
        return next((place for place in places if _digest(place) == wanted["sha256"]), None)


def repeated(given: argparse.Namespace, default: argparse.Namespace) -> Repeated:
    """Return the run that `--from` asks for.

    Args:
        given: the words of the command line.
        default: the same without any words.

    Raises:
        InputError: the file is not such a record, a picture is not to be found, or an option contradicts the record.
    """
    for name, value in vars(given).items():
        if name not in FREE and value != getattr(default, name):
            what = f"--{name.replace('_', '-')}" if name not in ("content", "style") else "a picture"
            raise InputError(f"{what} is given beside --from, which takes all choices from the record; leave it out")
    path = given.record
    no_record = f"{path} is not a record of `python -m transfer`; name the .json beside a picture"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        parts = {name: kind(**record["recipe"][name]) for name, kind in PARTS.items()}
        recipe = Recipe(**{name: _tuples(value) for name, value in record["recipe"].items()} | parts)
        require_sensible(recipe)
        files, inputs = record["files"], record["inputs"]
        places = {name: _place(name, about, path.parent) for name, about in inputs.items()}
        found = Files(**{name: _tuples(_moved(value, places)) for name, value in files.items()})
        needed = ("seed", "precision", "memory_bytes", "stopped", "steps", "finish", "weights", "result")
        if any(name not in record for name in needed):
            raise KeyError
        return Repeated(path, record, recipe, found)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); name the .json beside a picture") from None
    except InputError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputError(no_record) from None


def _place(name: str, about: dict[str, Any], beside: Path) -> str:
    """Return where an input is: the file with its digest, else the one with its name."""
    named = [Path(about["path"]), Path(name), beside / Path(name).name]
    for place in named:
        if _digest(place) == about["sha256"]:
            return str(place)
    others = (place for place in sorted(beside.iterdir()) if place.is_file() and _length(place) == about["bytes"])
    for place in others:
        if _digest(place) == about["sha256"]:
            return str(place)
    for place in named:
        if place.is_file():
            return str(place)
    raise InputError(
        f"{name}, an input of the recorded run, is neither at {about['path']} nor beside the record; copy it there"
    )


def _length(path: Path) -> int:
    return path.stat().st_size


def _digest(path: Path) -> str | None:
    try:
        return file_digest(path, "sha256")
    except OSError:
        return None


def _moved(value: Any, places: dict[str, str]) -> Any:  # noqa: ANN401  (whatever a field of `Files` holds)
    """Return a field of `Files` with each input's name replaced by where it is."""
    if isinstance(value, list):
        return [_moved(item, places) for item in value]
    return places.get(value, value) if isinstance(value, str) else value


def _tuples(value: Any) -> Any:  # noqa: ANN401  (whatever JSON can hold)
    """Return lists as tuples, as recipes and files have them."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
