"""The web page about one run: before and after, the inputs, the losses, the settings, and how to repeat it."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from transfer.report.embed import MOST_LOSSLESS, Embedded, embedded
from transfer.report.losses import lines_of, losses_table
from transfer.report.markup import FOLDER, Html, document, section, tag
from transfer.report.plot import plot
from transfer.report.settings import choices, commands, digests, everything, summary

THUMBNAIL = 640  # longer side of the pictures in the row, in pixels
MOST_ENLARGED = 3  # how many times its own size a small result may fill


def page(
    record: Mapping[str, Any],
    pictures: Sequence[tuple[str, np.ndarray]],
    result: np.ndarray,
    repeat: str,
    profile: bytes | None = None,
) -> str:
    """Return the whole page as HTML; it needs no other file and no network.

    Args:
        record: what is in the `.json` beside the picture, see `transfer.command.record`.
        pictures: the labelled inputs, content first, as the sheet shows them; (H, W, 3) RGB in [0, 255].
        result: the picture that was made, the same; up to `MOST_LOSSLESS` pixels it is in the page without loss.
        repeat: the command that repeats the run.
        profile: the ICC profile of content and result, if they have one.
    """
    name = PurePath(record.get("result", {}).get("file", "result")).name
    lossless = result.shape[0] * result.shape[1] <= MOST_LOSSLESS
    after = embedded(result, lossless=lossless, profile=profile)
    before = embedded(pictures[0][1], profile=profile)
    lines = lines_of(record["steps"])
    row = [_figure(record, label, image, profile if label == "content" else None) for label, image in pictures]
    row.append(_figure(record, "result", result, profile))
    own_style = f":root {{ --aspect: {after.width / after.height:.5f}; --most: {MOST_ENLARGED * after.width}px; }}\n"
    return document(
        f"{name} · style transfer",
        tag("header", tag("h1", name), tag("p", summary(record), class_="summary")),
        _slider(before, after, _kept(after, result)),
        section("Pictures", tag("div", *row, class_="pictures")),
        section("Losses by layer", plot(record["steps"], lines), losses_table(record, lines)),
        commands(record, repeat),
        section("Settings", choices(record), everything(record)),
        section("Digests", digests(record)),
        own_style=own_style,
        script=(FOLDER / "slider.js").read_text(encoding="utf-8"),
    )


def _slider(before: Embedded, after: Embedded, kept: str) -> Html:
    """Return both pictures on top of each other, with a slider that says how much of each is seen."""
    slider = tag(
        "input", type="range", min=0, max=100, step="any", value=50,
        aria_label="how much of the content picture covers the result, from the left",
    )  # fmt: skip
    handle = tag("svg", tag("path", d="M16 13l-7 7 7 7M24 13l7 7-7 7"), viewBox="0 0 40 40")
    badge = tag("span", "content", class_="badge left", aria_hidden="true")
    stage = tag(
        "div",
        after.tag("the result"),
        tag("span", "result", class_="badge right", aria_hidden="true"),
        tag("div", before.tag("the content picture"), badge, class_="before"),
        slider,
        tag("span", handle, class_="cut", aria_hidden="true"),
        class_="stage",
    )
    caption = f"Move the handle, or press the arrow keys, to compare. {kept}"
    return tag("figure", tag("div", stage, class_="mat"), tag("figcaption", caption), class_="compare")


def _kept(after: Embedded, result: np.ndarray) -> str:
    """Return how much of the result is in the page."""
    kind = "without loss (PNG)" if after.ending == ".png" else "as JPEG of quality 95"
    if (after.height, after.width) == result.shape[:2]:
        return f"The result is in this page {kind}."
    return f"The result is in this page {kind}, shrunk to {after.width} × {after.height} pixels."


def _figure(record: Mapping[str, Any], label: str, image: np.ndarray, profile: bytes | None) -> Html:
    """Return a picture of the row, with its file's name where the record has one."""
    file = record.get(label, {}).get("file", "")
    height, width = image.shape[:2]
    small = embedded(image, THUMBNAIL, profile=profile)
    named = [tag("code", PurePath(file).name)] if file else []
    about = tag("figcaption", tag("strong", label), *named, tag("span", f"{width} × {height}"))
    alt = f"{label}: {PurePath(file).name}" if file else label
    return tag("figure", small.tag(alt, loading="lazy"), about)
