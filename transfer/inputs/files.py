"""Which files a run begins with, as the user named them; nothing is read here."""

from dataclasses import dataclass
from typing import Any

SAMPLE = "sample"  # the word that stands for a picture drawn by code
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
        own = dict.fromkeys(file for _, file in self.region_styles if file != KEEP)
        return (*self.shares, *own)

    def named(self) -> list[str]:
        """Return those that are really files."""
        own = (file for _, file in self.region_styles if file != KEEP)
        names = (self.content, *self.styles, self.init, self.content_mask, *self.style_masks, *own)
        return [name for name in names if name not in (SAMPLE, None)]

    @classmethod
    def of_record(cls, fields: dict[str, Any]) -> "Files":
        """Return the files that a record has as JSON."""
        return cls(**{name: as_tuples(value) for name, value in fields.items()})


def as_tuples(value: Any) -> Any:  # noqa: ANN401  (whatever JSON can hold)
    """Return lists, which JSON makes of tuples, as tuples again."""
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value
