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
from transfer.command.outputs import Outputs, planned
from transfer.command.sources import digest, sources
from transfer.inputs.files import Files
from transfer.recipe.choices import Recipe

#: The files of the whole batch, beside the pictures.
SHEET, TABLE, PAGE = "batch-sheet.png", "batch.csv", "batch-report.html"


@dataclass(frozen=True)
class Order:
    """One picture to make."""

    pair: Pair
    files: Files
    outputs: Outputs

    def record(self) -> dict[str, Any] | None:
        """Return the record beside the picture, or None if there is none."""
        try:
            found = json.loads(self.outputs.record.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def is_made(self, recipe: Recipe, options: argparse.Namespace, weights_sha256: str) -> bool:
        """Return whether this very picture is there.

        Raises:
            InputError: an input cannot be read.
        """
        found = self.record()
        if found is None:
            return False
        here = {
            "recipe": json.loads(json.dumps(dataclasses.asdict(recipe))),
            "seed": options.seed,
            "finish": {"depth": options.depth, "full_size": options.full_size},
            "inputs": _by_role(self.files.named(), sources(self.files)["inputs"]),
            "weights": weights_sha256,
            "blend": list(self.files.shares.values()),
            "regions": [name for name, _ in self.files.region_styles],
            "picture": digest(self.outputs.picture),
        }
        return here == _recorded(found)


def orders_of(pairs: Sequence[Pair], options: argparse.Namespace) -> list[Order]:
    """Return the orders; every file that will be written is checked.

    Raises:
        InputError: a file cannot be written, or the options do not fit together.
    """
    found = []
    for pair in pairs:
        words = argparse.Namespace(**vars(options) | {"content": pair.content, "style": [pair.style]})
        files = files_from(words)
        picture = Path(options.output) / f"{pair.name}.png"
        watched = bool(options.preview_every or options.save_every)
        inputs = [*files.named(), *filter(None, [options.weights])]
        wanted = picture, options.sheet, inputs, options.depth, watched, options.report
        found.append(Order(pair, files, planned(*wanted)))
    return found


def _recorded(record: dict[str, Any]) -> dict[str, Any] | None:
    """Return of a record what `is_made` compares; None if something is missing."""
    try:
        files = Files.of_record(record["files"])
        return {
            **{name: record[name] for name in ("recipe", "seed", "finish")},
            "inputs": _by_role(files.named(), record["inputs"]),
            "weights": record["weights"]["sha256"],
            "blend": list(files.shares.values()),
            "regions": [name for name, _ in files.region_styles],
            "picture": record["result"]["sha256"] if record["stopped"] in ("finished", "converged") else "unfinished",
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _by_role(names: Sequence[str], inputs: dict[str, Any]) -> list[str]:
    """Return the digests in the order in which `Files.named` has the files."""
    return [inputs[name]["sha256"] for name in names]
