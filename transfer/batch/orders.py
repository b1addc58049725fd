"""A picture of a batch: what it is made from, where it goes, and whether it is there already.

It is there when its record tells of the same choices, weights and files (by their digests, wherever they are now), and
its picture is still the one that the record was written for. So a batch that was stopped makes only what is missing.
"""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transfer.batch.pairs import Pair
from transfer.command.named_files import files_from
from transfer.command.outputs import Outputs, check_log_dir, outputs_of, planned
from transfer.command.sources import digest, sources
from transfer.inputs.files import KEEP, Files
from transfer.inputs.masks import check_proportions
from transfer.recipe.choices import Recipe
from vgg.errors import InputError

#: What the user knows some values by.
NAMES = {
    "name": "recipe",
    "content_weight": "strength or content weight",
    "inputs": "input pictures",
    "picture": "the picture itself",
}
STOPPED = "stopped"  # instead of a digest


@dataclass(frozen=True)
class Order:
    """One picture to make."""

    pair: Pair
    files: Files
    outputs: Outputs
    problem: str = ""  # why it cannot be made, as far as its names tell

    def record(self) -> dict[str, Any] | None:
        """Return the record beside the picture, or None if there is none."""
        try:
            found = json.loads(self.outputs.record.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def others(
        self, recipe: Recipe, options: argparse.Namespace, weights_sha256: str, known: dict[str, Any]
    ) -> list[str] | None:
        """Return in what the picture that is there differs from this one: [] if in nothing; None if there is none.

        A picture of a run that was stopped is none. The files' digests are looked up in `known`, and put there.

        A precision that was not asked for and the memory are not compared: they change the last digits only, and with
        the load of the machine or the number of workers they would make everything anew.

        Raises:
            InputError: an input cannot be read.
        """
        if not self.outputs.picture.exists():
            return None
        recorded = _recorded(self.record())
        if recorded is None:  # a run that was killed between picture and record leaves its state, too
            return None if self.outputs.state.exists() else ["no record"]
        inputs = sources(self.files, known)["inputs"]
        known |= inputs
        here = {
            **json.loads(json.dumps(dataclasses.asdict(recipe))),
            "seed": options.seed,
            "depth": options.depth,
            "full_size": options.full_size,
            "inputs": _by_role(self.files.named(), inputs),
            "weights": weights_sha256,
            "blend": list(self.files.shares.values()),
            "regions": _regions(self.files),
            "picture": digest(self.outputs.picture),
            "precision": recorded["precision"] if options.precision == "auto" else options.precision,
            "reported_as": options.report_as or recorded["reported_as"],
        }
        differing = [name for name in here | recorded if here.get(name) != recorded.get(name)]
        if recorded["picture"] == STOPPED and differing == ["picture"]:
            return None
        return [NAMES.get(name, name.replace("_", " ")) for name in differing]

    def lacks_overview(self) -> bool:
        """Return whether the picture's sheet or page is wanted and not there."""
        return any(path and not path.exists() for path in (self.outputs.sheet, self.outputs.report))


def orders_of(pairs: Sequence[Pair], options: argparse.Namespace) -> list[Order]:
    """Return the orders; the names of each one's files are checked, and the masks' proportions.

    Raises:
        InputError: the options do not fit together, or no order's files can be written.
    """
    found = []
    for pair in pairs:
        words = argparse.Namespace(**vars(options) | {"content": pair.content, "style": [pair.style]})
        files = files_from(words)
        picture = Path(options.output) / f"{pair.name}.png"
        watched = bool(options.preview_every or options.save_every)
        inputs = [*files.named(), *filter(None, [options.weights])]
        outputs, problem = outputs_of(picture, options.sheet, options.report), ""
        try:
            planned(picture, options.sheet, inputs, options.depth, watched, options.report)
            if options.log_dir is not None:
                check_log_dir(options.log_dir, outputs)
            if options.crop != "square":
                check_proportions(files)
        except InputError as error:
            problem = str(error)
        found.append(Order(pair, files, outputs, problem))
    if all(order.problem for order in found):
        raise InputError(found[0].problem)
    return found


def _recorded(record: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return of a record what `Order.others` compares; None if it is not there or something is missing in it."""
    try:
        files = Files.of_record(record["files"])
        if not _has_losses(record):
            return None
        return {
            **record["recipe"],
            **record["finish"],
            **{name: record[name] for name in ("seed", "precision")},
            "inputs": _by_role(files.named(), record["inputs"]),
            "weights": record["weights"]["sha256"],
            "blend": list(files.shares.values()),
            "regions": _regions(files),
            "reported_as": record.get("reported_as", {}).get("recipe"),
            "picture": record["result"]["sha256"] if record["stopped"] in ("finished", "converged") else STOPPED,
        }
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _has_losses(record: dict[str, Any]) -> bool:
    """Return whether the table's numbers are in a record; raises LookupError or TypeError if they are not."""
    losses, last = record["losses"] or record["steps"][-1], record["steps"][-1]
    numbers = [*(losses[name] for name in ("content", "style", "tv", "total")), last["seconds"]]
    return all(isinstance(number, (int, float)) for number in numbers) and isinstance(record["result"]["file"], str)


def _regions(files: Files) -> list[tuple[str, bool]]:
    """Return the regions with styles of their own, and whether that is to keep the content."""
    return [(name, style == KEEP) for name, style in files.region_styles]


def _by_role(names: Sequence[str], inputs: dict[str, Any]) -> list[str]:
    """Return the digests in the order in which `Files.named` has the files."""
    return [inputs[name]["sha256"] for name in names]
