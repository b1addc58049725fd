"""Options with several values, as in `--strength 0.2,0.5,0.8`: the pictures asked for, and what each is called."""

import argparse
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from transfer.cli.options import SWEPT, recipe_from
from transfer.recipes import Recipe
from vgg.errors import InputError

MOST_OPTIONS = 2  # a sheet has two directions
MOST_PICTURES = 25  # more of them are hard to compare


@dataclass(frozen=True)
class Variant:
    """One of the pictures, or the only one."""

    recipe: Recipe
    values: dict[str, str] = field(default_factory=dict)  # of the options with several values, by the options' names

    @property
    def label(self) -> str:
        """Return for example `strength 0.2, size 256`."""
        return ", ".join(f"{name} {value}" for name, value in self.values.items())

    def picture(self, output: Path) -> Path:
        """Return for example `result-strength-0.2-size-256.png` for the output `result.png`."""
        return output.with_name("-".join([output.stem, *self.label.replace(",", "").split()]) + output.suffix)


def variants_of(words: argparse.Namespace) -> list[Variant]:
    """Return what the words of a command line ask for: each value of one option with each value of the other.

    Raises InputError if too many are asked for, the same one twice, or one that cannot be made: see `recipe_from`.
    """
    swept = {name: value for name in SWEPT if isinstance(value := getattr(words, name), tuple)}
    texts = {f"{name.replace('_', '-')}": [_text(value) for value in values] for name, values in swept.items()}
    if len(swept) > MOST_OPTIONS:
        options = ", ".join(f"--{name}" for name in texts)
        raise InputError(f"{options} have several values, expected {MOST_OPTIONS} such options at most; choose fewer")
    for name, of_option in texts.items():
        for text in of_option:
            if of_option.count(text) > 1:
                raise InputError(f"--{name} has the value {text} twice, expected each once; leave one out")
    chosen = [dict(zip(swept, values, strict=True)) for values in product(*swept.values())]
    if len(chosen) > MOST_PICTURES:
        raise InputError(f"{len(chosen)} pictures are asked for, expected {MOST_PICTURES} at most; choose fewer values")
    named = [dict(zip(texts, values, strict=True)) for values in product(*texts.values())]
    recipes = [recipe_from(argparse.Namespace(**vars(words) | values)) for values in chosen]
    return [Variant(recipe, values) for recipe, values in zip(recipes, named, strict=True)]


def _text(value: float | str) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)
