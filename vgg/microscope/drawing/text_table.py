"""Tables of plain text, the same on a terminal, in a pipe and in a file."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], alignment: str) -> str:
    """The rows as lines whose columns stand below each other, two spaces apart.

    Args:
        rows: cells; a row without any becomes an empty line, to set groups apart.
        alignment: one character per column, `<` for words or `>` for numbers.
    """
    widths = [max((len(row[column]) for row in rows if row), default=0) for column in range(len(alignment))]
    lines = []
    for row in rows:
        cells = zip(row, alignment, widths, strict=bool(row))
        lines.append("  ".join(f"{cell:{side}{width}}" for cell, side, width in cells).rstrip())
    return "\n".join(lines)
