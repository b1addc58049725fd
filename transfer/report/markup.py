"""HTML and SVG as text, put together so that nothing in a file name or a record can become a tag.

`tag` escapes every child that is not `Html` already, and every value of an attribute.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
VOID = ("img", "input", "meta")  # HTML elements without an end tag
#: Control characters that no HTML may hold, and halves of letters, as file names that are not UTF-8 have them.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | int | float | bool | None) -> Html:
    """Return an element with its children in it.

    `class_` and `aria_label` become `class` and `aria-label`; True is an attribute without a value, and one that is
    None or False is left out.
    """
    words = [name]
    for key, value in attributes.items():
        key = key.rstrip("_").replace("_", "-")
        if value is True:
            words.append(key)
        elif value is not None and value is not False:
            words.append(f'{key}="{escaped(value)}"')
    start = f"<{' '.join(words)}>"
    return Html(start if name in VOID else f"{start}{joined(children)}</{name}>")


def joined(children: Iterable[str]) -> Html:
    """Return the children one after the other; those that are not HTML are escaped."""
    return Html("".join(child if isinstance(child, Html) else escaped(child) for child in children))


def escaped(value: str | int | float) -> str:
    """Return text that HTML shows as it is, also inside quotes; characters it cannot show become �."""
    return html.escape(_UNWRITABLE.sub("\ufffd", str(value)))


def table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), class_: str | None = None) -> Html:
    """Return a table; the first cell of each row is the row's head."""
    lines = (tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest)) for first, *rest in rows)
    body = tag("tbody", *lines)
    if head:
        body = joined([tag("thead", tag("tr", *(tag("th", name, scope="col") for name in head))), body])
    return tag("table", body, class_=class_)


def section(title: str, *children: str) -> Html:
    """Return a section of the page with its heading; one without anything in it is left out."""
    return tag("section", tag("h2", title), *children) if any(children) else Html()


def document(title: str, *body: str, own_style: str = "", script: str = "") -> str:
    """Return the whole page.

    Args:
        title: shown in the browser's tab.
        body: what is inside `<main>`.
        own_style: CSS of this page, after that of all pages.
        script: JavaScript, which runs when the page is there.
    """
    style = (FOLDER / "style.css").read_text(encoding="utf-8") + own_style
    # Everything is forbidden but the images inside the page, this style and this script.
    sources = ["default-src 'none'", "img-src data:", f"style-src {_source(style)}", f"script-src {_source(script)}"]
    policy = "; ".join([*sources, "base-uri 'none'", "form-action 'none'"])
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Html(style)),
    )
    scripts = [tag("script", Html(script))] if script else []
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', tag('main', *body), *scripts), lang='en')}\n"


def _source(text: str) -> str:
    """Return how a content security policy names an inline style or script; `'none'` if there is none."""
    if not text:
        return "'none'"
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
