"""How the text of an option becomes its value, for `add_argument(type=…)`.

After a ValueError argparse says, for example, `invalid gigabytes value: 'much'`.
"""

import argparse
from collections.abc import Callable
from typing import Any

from vgg.layers import SMALLEST_SIDE
from vgg.tools.console import whole_number

#: What makes an option's value of its text.
Value = Callable[[str], Any]


def gigabytes(text: str) -> float:
    """Return `6`, `6GB` or `6 gb` in bytes."""
    value = float(text.strip().lower().removesuffix("gb"))
    if not 0 < value < float("inf"):
        raise ValueError
    return value * 1e9


def several(of_one: Value) -> Value:
    """Return the type of one value or of several with commas between, which become a tuple."""

    def parse(text: str) -> object:
        items = [item.strip() for item in text.split(",")]
        if len(items) > 1 and "" in items:
            raise argparse.ArgumentTypeError(f"{text!r} found, expected values with commas, but no spaces, between")
        values = tuple(map(of_one, items))
        return values[0] if len(values) == 1 else values

    return parse


def sizes(text: str) -> tuple[int, ...]:
    """Return `256, 512` as (256, 512)."""
    return tuple(whole_number(SMALLEST_SIDE)(item.strip()) for item in text.split(",") if item.strip())


def layers(text: str) -> tuple[tuple[str, float], ...]:
    """Return `relu1_1,relu2_1=0.5` as ((name, weight), …); layers without a weight share 1 equally."""
    items = [[word.strip() for word in item.partition("=")] for item in text.split(",") if item.strip()]
    try:
        return tuple((name, float(weight) if weight else 1 / len(items)) for name, _, weight in items)
    except ValueError:
        form = "layers with or without a weight, such as relu1_1,relu2_1=0.5"
        raise argparse.ArgumentTypeError(f"{text!r} found, expected {form}") from None


def blend(text: str) -> tuple[float, ...]:
    """Return `3:1` as (3, 1)."""
    return tuple(float(item) for item in text.split(":"))


def region(text: str) -> tuple[str, str]:
    """Return `white=night.jpg` as its two words."""
    name, _, what = (word.strip() for word in text.partition("="))
    if not what:
        form = "REGION=WHAT, such as white=night.jpg, white=0.2 or white=keep"
        raise argparse.ArgumentTypeError(f"{text!r} found, expected {form}")
    return name, what
