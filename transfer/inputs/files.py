"""Which files a run begins with, as the user named them; nothing is read here."""

from dataclasses import dataclass

SAMPLE = "sample"  # the word that stands for a picture drawn by code


@dataclass(frozen=True)
class Files:
    """Paths of pictures, or `SAMPLE` for content and style."""

    content: str
    style: str
    init: str | None = None  # the start image, if the recipe's `init` is "picture"

    def named(self) -> list[str]:
        """Return those that are really files."""
        return [name for name in (self.content, self.style, self.init) if name not in (SAMPLE, None)]
