"""Tables of a record: what was chosen, by what everything can be recognised, and all of it.

A key that a record lacks, or one that is new, does no harm: the first is left out, the second is in the last table.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from transfer.report.markup import Html, joined, section, table, tag
from vgg.tools.progress import duration

#: Parts of a record that have tables of their own.
ELSEWHERE = ("steps", "losses", "command")


def choices(record: Mapping[str, Any]) -> Html:
    """Return what a reader wants to know first, in two tables: the picture, and how it was computed."""
    recipe = record.get("recipe", {})
    picture = {
        "recipe": recipe.get("name"),
        "content weight α": recipe.get("content_weight"),
        "style weight β": recipe.get("style_weight"),
        "total variation": recipe.get("tv_weight"),
        "content layers": recipe.get("content_layers"),
        "style layers": recipe.get("style_layers"),
        "style scale": recipe.get("style_scale"),
        "colours": recipe.get("colors"),
        "starts from": recipe.get("init"),
        "seed": record.get("seed"),
    }
    computed = {
        "weights": record.get("weights", {}).get("kind"),
        "pooling": recipe.get("pooling"),
        "normalised network": recipe.get("normalized_network"),
        "optimiser": recipe.get("optimizer"),
        "steps at each size": recipe.get("iterations"),
        "sizes": [f"{size['width']} × {size['height']}" for size in record.get("sizes", ())],
        "precision": record.get("precision"),
        "processor": record.get("processor"),
        "versions": [f"{name} {number}" for name, number in record.get("versions", {}).items()],
    }
    tables = []
    for entries in (picture, computed):
        rows = [(name, shown(value)) for name, value in entries.items() if value not in (None, [])]
        tables.append(table(rows, class_="facts"))
    return tag("div", *tables, class_="columns")


def shown(value: Any) -> str:  # noqa: ANN401  (whatever JSON can hold)
    """Return a value in words; pairs of a name and a weight as `relu4_2 0.5`."""
    if value is None or value in ((), [], {}, ""):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(value).removesuffix(".0")
    if isinstance(value, (list, tuple)):
        separator = " " if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], float) else ", "
        return separator.join(map(shown, value))
    return str(value)


def digests(record: Mapping[str, Any]) -> Html:
    """Return the files and images that have a digest, with the whole digest, so that it can be searched for."""
    rows = [(what, joined([tag("span", file), tag("code", digest)])) for what, file, digest in _digests(record)]
    return table(rows, ("what", "file, and SHA-256"), "digests")


def _digests(record: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, entry in record.items():
        if isinstance(entry, Mapping) and isinstance(entry.get("file"), str):
            kinds = {"pixels": "pixels_sha256", "file": "sha256"}
            yield from ((f"{name}, {kind}", entry["file"], entry[key]) for kind, key in kinds.items() if entry.get(key))
    for file, entry in record.get("inputs", {}).items():
        yield "input, file", file, entry["sha256"]
    for region in record.get("regions", ()):
        for picture, digest in region["guides_sha256"].items():
            yield f"region {region['name']}", f"its part of the {picture} picture", digest


def commands(record: Mapping[str, Any], repeat: str) -> Html:
    """Return the command that repeats the run, and the one that was given."""
    given = shlex.join(map(str, record.get("command", ())))
    named = [("To repeat this run", repeat), ("As it was given", given)]
    parts = [tag("div", tag("h3", title), tag("pre", tag("code", words))) for title, words in named if words]
    return section("Commands", *parts)


def everything(record: Mapping[str, Any]) -> Html:
    """Return all of the record but its steps, folded until someone asks for it."""
    rows = list(_flat({key: value for key, value in record.items() if key not in ELSEWHERE}))
    return tag("details", tag("summary", "Everything in the record"), table(rows, class_="facts all"))


def _flat(value: Any, name: str = "") -> Iterator[Sequence[str]]:  # noqa: ANN401  (whatever JSON can hold)
    """Yield (name, value) of all that is below `value`, with names such as `recipe noise level`."""
    entries = value.items() if isinstance(value, Mapping) else None
    if entries is None and isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
        entries = enumerate(value, start=1)
    if entries is None:
        yield name, shown(value)
    else:
        for key, below in entries:
            yield from _flat(below, f"{name} {key}".strip())


def summary(record: Mapping[str, Any]) -> str:
    """Return one line about the run: size, steps, time, and how it ended."""
    result, steps = record.get("result", {}), record.get("steps", ())
    parts = [f"{result['width']} × {result['height']} pixels"] if "width" in result else []
    parts.append("1 step" if len(steps) == 1 else f"{len(steps)} steps")
    if steps:
        parts.append(duration(steps[-1]["seconds"]))
    return " · ".join([*parts, str(record.get("stopped", "finished"))])
