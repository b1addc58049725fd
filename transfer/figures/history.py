"""Reads how the losses of a run fell from the `.json` beside its picture."""

import json
import reprlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vgg.errors import InputError

LARGEST = 3.5e38  # just above what single precision, in which a run sums its losses, can be


@dataclass(frozen=True)
class History:
    """The numbers of the steps, and at each of them every loss: layers as "content relu4_2", and these two."""

    numbers: list[float]
    layers: dict[str, list[float]]
    variation: list[float]
    total: list[float]
    sizes: list[tuple[float, int]] = field(default_factory=list)  # (first step, pixels) of each size; old records: none


def history_of(path: Path) -> History:
    """Return the losses in the record `path`; raises InputError if they are not there or cannot be plotted."""
    what_to_do = "name the .json that a run wrote beside its picture"
    try:
        steps = json.loads(path.read_text(encoding="utf-8"))["steps"]
        if not steps or not isinstance(steps, list):
            raise ValueError
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); {what_to_do}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"{path} is not a record of a run with the losses of its layers; {what_to_do}") from None
    try:
        return _checked(steps)
    except ValueError as error:
        found = f"{path} is not a record of a run with the losses of its layers: {error}"
        raise InputError(f"{found}; {what_to_do}") from None


def _checked(steps: list[Any]) -> History:
    """Return the history; raises ValueError, which says what is wrong and in which step."""
    history = None
    for place, step in enumerate(steps, start=1):
        where = f"in step {place} of {len(steps)}"
        if not isinstance(step, dict) or not isinstance(step.get("layers"), dict) or not step["layers"]:
            raise ValueError(f"no layers {where}")
        layers = step["layers"]
        history = history or History([], {term: [] for term in layers}, [], [])
        if layers.keys() != history.layers.keys():
            raise ValueError(f"other layers {where} than in the first")
        lists = [(history.numbers, step, "step"), (history.variation, step, "tv"), (history.total, step, "total")]
        lists += [(history.layers[term], layers, term) for term in layers]
        for values, losses, name in lists:
            values.append(_number(losses.get(name), f"{name!r} {where}"))
        size = step.get("size")  # records from before there were sizes have none
        if type(size) is int and 0 < size < 10**6 and (not history.sizes or history.sizes[-1][1] != size):
            history.sizes.append((history.numbers[-1], size))
    if not all(history.numbers):
        raise ValueError("there is a step 0, expected steps from 1")
    if not any(history.total):
        raise ValueError("all losses are 0, which a logarithmic axis cannot show")
    return history


def _number(value: object, what: str) -> float:
    """Return `value` as a float from 0 to the largest loss there can be; raises ValueError if it is no such number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= LARGEST:
        raise ValueError(f"{what} is {reprlib.repr(value)}, expected a number from 0 to {LARGEST:g}")
    return float(value)
