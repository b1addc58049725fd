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
from transfer.command.kinds import is_kind, require_kinds
from transfer.command.named_files import require_usable
from transfer.command.options import require_sensible
from transfer.command.sources import digest, place_of
from transfer.inputs.files import Files, as_tuples
from transfer.recipe.choices import AdamConstants, Noise, Normalization, Recipe, Variation
from vgg.errors import InputError
from vgg.load import FOLDER
from vgg.tools.files import open_file

#: Options that may stand beside --from; all others are in the record.
FREE = ("record", "exact", "output", "sheet", "report", "weights", "max_memory", "preview_every", "save_every", "quiet")
FREE += ("checkpoint_every", "resume", "overwrite", "log_dir", "workers", "scheduler")
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
        return next((place for place in places if digest(place) == wanted["sha256"]), None)


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
    no_record = f"{path} is not the record of a picture; name the .json beside a picture"
    try:
        with open_file(path) as file:
            record = json.load(file)
        parts = {name: kind(**record["recipe"][name]) for name, kind in PARTS.items()}
        recipe = Recipe(**{name: as_tuples(value) for name, value in record["recipe"].items()} | parts)
        require_kinds(recipe)
        require_sensible(recipe)
        places = {name: place_of(name, about, path.parent) for name, about in record["inputs"].items()}
        found = Files.of_record({name: _moved(value, places) for name, value in record["files"].items()})
        require_kinds(found)
        require_usable(found)
        if (recipe.init == "picture") != (found.init is not None):
            raise TypeError
        _require_rest(record)
        return Repeated(path, record, recipe, found)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); name the .json beside a picture") from None
    except InputError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ArithmeticError):
        raise InputError(no_record) from None


def _require_rest(record: dict[str, Any]) -> None:
    """Return if what else is used of a record is what it should be; raises KeyError or TypeError if not."""
    finish, weights, result = (record[name] for name in ("finish", "weights", "result"))
    texts = (record["stopped"], weights["file"], weights["sha256"], result["file"], result["pixels_sha256"])
    good = (
        type(record["seed"]) is int and record["seed"] >= 0,
        record["precision"] in ("float32", "bfloat16"),
        is_kind(record["memory_bytes"], float) and record["memory_bytes"] > 0,
        finish.keys() == {"depth", "full_size"} and finish["depth"] in (8, 16) and type(finish["full_size"]) is bool,
        isinstance(record["steps"], list),
        all(isinstance(text, str) for text in texts),
    )
    if not all(good):
        raise TypeError


def _moved(value: Any, places: dict[str, str]) -> Any:  # noqa: ANN401  (whatever a field of `Files` holds)
    """Return a field of `Files` with each input's name replaced by where it is."""
    if isinstance(value, list):
        return [_moved(item, places) for item in value]
    return places.get(value, value) if isinstance(value, str) else value
