"""Which files a run begins with, as the user named them, and what a region is called; nothing is read here.

A region is called after its colour in a label picture: `white`, a grey level such as `128`, or `#3a7f00`. Or it has a
picture of its own, such as `face.png`, which is white inside.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from vgg.errors import InputError

SAMPLE = "sample"  # the word that stands for one of the two pictures below
#: A lake town and a night sky, 1280×960, drawn by code of ours: so the first run needs no file of the user's.
SAMPLE_SCENE, SAMPLE_PAINTING = (Path(__file__).parent / "samples" / name for name in ("scene.jpg", "painting.jpg"))
KEEP = "keep"  # the word that stands for no style: the region keeps the content
LARGEST_SHARE = 1e6  # of a style picture in a blend


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
    #: (colour of a region or picture of it, its own style picture, `KEEP`, or a strength such as "0.2")
    region_styles: tuple[tuple[str, str], ...] = ()

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
        masks = (*self.content_masks, *self.style_masks)
        names = (self.content, *self.styles, self.init, *masks, *self._own_styles())
        return [name for name in names if name not in (SAMPLE, None)]

    @property
    def region_masks(self) -> tuple[str, ...]:
        """Return the pictures that are of one region each, in their order."""
        return tuple(name for name, _ in self.region_styles if is_mask(name))

    @property
    def content_masks(self) -> tuple[str, ...]:
        """Return the pictures that say where the regions of the content picture are."""
        return self.region_masks if self.content_mask is None else (self.content_mask, *self.region_masks)

    def _own_styles(self) -> list[str]:
        return [word for _, word in self.region_styles if word != KEEP and strength_of(word) is None]


def is_mask(name: str) -> bool:
    """Return whether a region is named by a picture of it, which has an ending, and not by a colour."""
    return bool(Path(name).suffix)


def strength_of(word: str) -> float | None:
    """Return the strength that a region shall have, such as 0.2, or None if the word is not a number."""
    try:
        return float(word)
    except ValueError:
        return None


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
    raise InputError(
        f"{name!r} is no colour of a region, expected one of {', '.join(NAMES)}, 0 to 255, #rrggbb, or a picture's name"
    )


def name_of(color: Color) -> str:
    """Return the shortest name of a colour."""
    names = {value: name for name, value in NAMES.items()}
    grey_or_hex = str(color[0]) if len(set(color)) == 1 else "#" + bytes(color).hex()
    return names.get(color, grey_or_hex)


# What goes together.


def require_usable(files: Files) -> None:
    """Raise InputError unless there are as many files of one kind as of another, and each region can be understood."""
    styles, masks = files.styles, files.style_masks
    regions = [name for name, _ in files.region_styles if not is_mask(name)]
    if files.region_masks and (files.content_mask is not None or masks or regions):
        raise InputError(
            f"--region {files.region_masks[0]} is a picture of one region, and a colour or a mask of several regions "
            "is given, too; use the one or the other"
        )
    for name, word in files.region_styles:
        if (strength := strength_of(word)) is not None and not 0 <= strength <= 1:
            raise InputError(f"--region {name} has the strength {strength:g}, expected a number from 0 to 1")
    if not files.region_masks and (files.content_mask is None) != (not masks and not regions):
        raise InputError(
            "--content-mask, which says where the regions are, and --style-mask or --region, which say what style each "
            "gets, need each other; name the other one, too"
        )
    if masks and len(masks) != len(styles):
        raise InputError(f"--style-mask given {len(masks)} times, expected once for each style: {len(styles)} in all")
    if masks and len(set(styles)) < len(styles):
        raise InputError("a style picture is there twice, expected each once where --style-mask is given")
    if len({color_of(name) for name in regions}) < len(regions):
        raise InputError("--region names a colour twice, expected each once")
    if len(set(files.region_masks)) < len(files.region_masks):
        raise InputError("--region names a picture twice, expected each once")
    shares, text = files.blend, ":".join(f"{share:g}" for share in files.blend)
    in_range = all(0 <= share <= LARGEST_SHARE for share in shares) and sum(shares) > 0
    if shares and not (in_range and len(shares) == len(styles)):
        raise InputError(
            f"--style-blend is {text!r}, expected a number for each style picture, {len(styles)} in all, from 0 to "
            f"{LARGEST_SHARE:g} and not all of them 0"
        )
