"""Which files a run begins with, as the user named them, and what a region is called; nothing is read here.

A region is called after its colour in a label picture: `white`, a grey level such as `128`, or `#3a7f00`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from vgg.errors import InputError

SAMPLE = "sample"  # the word that stands for one of the two pictures below
#: A lake town and a night sky, 1280×960, drawn by code of ours: so the first run needs no file of the user's.
SAMPLE_SCENE, SAMPLE_PAINTING = (Path(__file__).parent / "samples" / name for name in ("scene.jpg", "painting.jpg"))
KEEP = "keep"  # the word that stands for no style: the region keeps the content


@dataclass(frozen=True)
class Files:
    """Paths of pictures, or `SAMPLE` for content and style, and how the styles are shared out."""

    content: str
    style: str
    init: str | None = None  # the start image, if the recipe's `init` is "picture"
    more_styles: tuple[str, ...] = ()
    blend: tuple[float, ...] = ()  # how much of each style; empty: the same of each
    content_mask: str | None = None  # a label picture: one colour for each region
    style_masks: tuple[str, ...] = ()  # the same of each style picture
    region_styles: tuple[tuple[str, str], ...] = ()  # (name of a region, its own style picture or `KEEP`)

    @property
    def styles(self) -> tuple[str, ...]:
        """Return the style pictures that are not for one region."""
        return (self.style, *self.more_styles)

    @property
    def shares(self) -> dict[str, float]:
        """Return the style pictures that are not for one region, each once, and their shares, which add up to 1.

        The same picture twice is one with both shares: a blend of it with itself is the run of that picture.
        """
        summed: dict[str, float] = {}
        for name, weight in zip(self.styles, self.blend or (1.0,) * len(self.styles), strict=True):
            summed[name] = summed.get(name, 0.0) + weight
        return {name: weight / sum(summed.values()) for name, weight in summed.items()}

    @property
    def style_pictures(self) -> tuple[str, ...]:
        """Return all style pictures that are read: those of `shares`, then the regions' own ones, each once."""
        return tuple(dict.fromkeys((*self.shares, *self._own_styles())))

    def named(self) -> list[str]:
        """Return those that are really files."""
        names = (self.content, *self.styles, self.init, self.content_mask, *self.style_masks, *self._own_styles())
        return [name for name in names if name not in (SAMPLE, None)]

    def _own_styles(self) -> list[str]:
        return [file for _, file in self.region_styles if file != KEEP]


Color = tuple[int, int, int]  # RGB
NAMES: dict[str, Color] = {
    "black": (0, 0, 0), "white": (255, 255, 255), "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255),
    "yellow": (255, 255, 0), "cyan": (0, 255, 255), "magenta": (255, 0, 255),
}  # fmt: skip


def color_of(name: str) -> Color:
    """Return the colour that `name` stands for; raises InputError if it stands for none."""
    text = name.strip().lower()
    if text in NAMES:
        return NAMES[text]
    if re.fullmatch("#[0-9a-f]{6}", text):
        return tuple(bytes.fromhex(text[1:]))
    if text.isdecimal() and int(text) <= 255:
        return (int(text),) * 3
    raise InputError(f"{name!r} is no colour of a region, expected one of {', '.join(NAMES)}, 0 to 255, or #rrggbb")


def name_of(color: Color) -> str:
    """Return the shortest name of a colour."""
    names = {value: name for name, value in NAMES.items()}
    grey_or_hex = str(color[0]) if len(set(color)) == 1 else "#" + bytes(color).hex()
    return names.get(color, grey_or_hex)
