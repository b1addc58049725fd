"""Web pages of one file each: templates filled in, with the pictures inside.

Jinja escapes all that goes into them, so nothing in a file name or a record can become a tag.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jinja2 import ChainableUndefined, Environment, FileSystemLoader, Undefined
from markupsafe import Markup

from vgg.tools.image import encode, shrunk, to_uint8
from vgg.tools.progress import duration

FOLDER = Path(__file__).parent
#: Longer side in pixels of the largest image in a page; more is seen on no screen, and a page should open at once.
LARGEST = 2048
#: Control characters that neither HTML nor SVG may hold, and halves of letters, as file names that are not UTF-8 have.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Embedded(NamedTuple):
    """An image as text, so that a page has it inside it."""

    uri: str
    height: int  # in pixels
    width: int
    lossless: bool


def embedded(
    image: np.ndarray, longer_side: int = LARGEST, lossless: bool = False, profile: bytes | None = None
) -> Embedded:
    """Return an image (H, W, 3), RGB in [0, 255], for a page: as PNG if `lossless`, else as JPEG of quality 95.

    One with more pixels than `longer_side` is shrunk; none is enlarged. `profile` is the ICC profile of its colours.
    """
    image = thumbnail(image, longer_side)
    kind = "png" if lossless else "jpeg"
    return Embedded(data_uri(kind, encode(image, f".{kind}", profile=profile)), *image.shape[:2], lossless)


def thumbnail(image: np.ndarray, longer_side: int) -> np.ndarray:
    """Return the image (H, W, 3) as uint8, shrunk to `longer_side` pixels if it has more; each side keeps one."""
    return to_uint8(shrunk(image, longer_side))


def data_uri(kind: str, data: bytes, medium: str = "image") -> str:
    """Return a picture's bytes as an address that holds them; `kind` is such as png, jpeg or svg+xml."""
    return f"data:{medium}/{kind};base64,{base64.b64encode(data).decode()}"


def writable(text: str) -> str:
    """Return the text with � for the characters that no web page can hold."""
    return _UNWRITABLE.sub("\ufffd", text)


def filled(template: Path, filters: Mapping[str, Callable], script: str = "", **values: Any) -> str:  # noqa: ANN401
    """Return the page that the template makes of the values; `script` is JavaScript, which runs when it is there.

    The template may extend `base.html` and use the `filters`, and those that show durations and images.
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, FOLDER]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=ChainableUndefined,
        finalize=lambda value: value if isinstance(value, (Markup, Undefined)) else writable(str(value)),
    )
    environment.filters |= {"duration": duration, "embedded": embedded, **filters}
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    source = f"'sha256-{digest}'" if script else "'none'"
    return environment.get_template(template.name).render(script=Markup(script), script_source=source, **values)
