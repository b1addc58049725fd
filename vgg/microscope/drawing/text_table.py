"""Tables of plain text, the same on a terminal, in a pipe and in a file."""

from collections.abc import Sequence

from vgg.console.terminal import printable


def aligned(rows: Sequence[Sequence[str]], alignment: str) -> str:
    r"""Return the rows as lines whose columns stand below each other, two spaces apart.

    Args:
        rows: cells; a row without any becomes an empty line, to set groups apart. A line break within a cell is shown
            as its escape, `\n`.
        alignment: one character per column, `<` for words or `>` for numbers.
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max((len(row[column]) for row in rows if row), default=0) for column in range(len(alignment))]
    lines = []
    for row in rows:
        cells = zip(row, alignment, widths, strict=bool(row))
        lines.append("  ".join(f"{cell:{side}{width}}" for cell, side, width in cells).rstrip())
    return "\n".join(lines)
