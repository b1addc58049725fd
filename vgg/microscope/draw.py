"""How the microscope shows numbers: as images, as bars, and as text."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from vgg.errors import InputError
from vgg.tools.console import printable
from vgg.tools.image import read_image, resize

MIDDLE_GREY = 127.5

#: The two colours of bars: blue and orange, which almost everybody can tell apart (Okabe & Ito 2008).
COLOURS = ((0, 114, 178), (230, 159, 0))
LEFT, RIGHT, TOP, BOTTOM = 100, 80, 24, 24  # pixels around the bars, for names, numbers, legend and scale
BAR, GAP, LENGTH = 12, 8, 700  # pixels: a bar's height, the gap between rows, the bar of a 1


def read_small(path: Path, size: int) -> np.ndarray:
    """Return the picture as uint8 (H, W, 3) RGB, with at most `size` pixels on its longer side.

    Raise InputError if the file is not a picture that we can use, or if it is too narrow at this size.
    """
    image = read_image(path)
    try:
        return resize(image, size)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def grey(values: np.ndarray) -> np.ndarray:
    """Return (H, W) as uint8 (H, W, 3): the smallest value black, the largest white; all black if they are equal."""
    low, high = float(values.min()), float(values.max())
    levels = (values - low) * (255 / (high - low) if high > low else 0.0)
    return np.repeat(np.rint(levels).astype(np.uint8)[..., None], 3, axis=2)


def around_grey(values: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Return (H, W, 3) RGB differences as uint8: 0 becomes middle grey, the largest magnitude black or white.

    `share` of the magnitudes fit into that range and the few larger ones are clipped. Otherwise a pattern with a
    single bright point would be grey everywhere else.
    """
    largest = float(np.quantile(np.abs(values), share)) or float(np.abs(values).max())
    levels = MIDDLE_GREY + values * (MIDDLE_GREY / largest if largest else 0.0)
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


def pixelated(image: np.ndarray, height: int) -> np.ndarray:
    """Return the image with every pixel repeated so that it is about `height` high, never less than it was.

    Enlarging it smoothly would show shapes that the numbers do not have.
    """
    times = max(1, round(height / image.shape[0]))
    return image.repeat(times, axis=0).repeat(times, axis=1)


def bar_chart(rows: Sequence[tuple[str, Sequence[float]]], legend: Sequence[str]) -> np.ndarray:
    """Return a row of bars for each name, one bar for each quantity, as uint8 (H, W, 3), RGB, on white.

    `rows` are (name, values from 0 to 1), top to bottom; `legend` says what the values are, at most two.
    """
    row_height = BAR * len(legend) + GAP
    bottom = TOP + row_height * len(rows)
    chart = np.full((bottom + BOTTOM, LEFT + LENGTH + RIGHT, 3), 255, np.uint8)

    def text(words: str, x: int, y: int) -> None:
        cv2.putText(chart, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (64, 64, 64), 1, cv2.LINE_AA)

    for tenth in range(0, 11, 2):
        x = LEFT + LENGTH * tenth // 10
        cv2.line(chart, (x, TOP), (x, bottom), (220, 220, 220), 1)
        text(f"{tenth / 10:.1f}", x - 10, bottom + 16)
    for number, name in enumerate(legend):
        x = LEFT + number * LENGTH // 2
        cv2.rectangle(chart, (x, 4), (x + BAR, 4 + BAR), COLOURS[number], cv2.FILLED)
        text(name, x + BAR + 6, 15)
    for row, (name, values) in enumerate(rows):
        top = TOP + row * row_height + GAP // 2
        text(name, 24, top + BAR * len(values) // 2 + 5)
        for number, value in enumerate(values):
            y, end = top + number * BAR, LEFT + round(LENGTH * value)
            cv2.rectangle(chart, (LEFT, y), (end, y + BAR - 2), COLOURS[number], cv2.FILLED)
            text(f"{value:.3f}", end + 6, y + BAR - 1)
    return chart


def text_table(rows: Sequence[Sequence[str]], alignment: str) -> str:
    r"""Return the rows as lines whose columns stand below each other, two spaces apart.

    A row without cells becomes an empty line, to set groups apart. A line break within a cell is shown as its escape,
    `\n`. `alignment` has one character per column, `<` for words or `>` for numbers.
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max((len(row[column]) for row in rows if row), default=0) for column in range(len(alignment))]
    lines = []
    for row in rows:
        cells = zip(row, alignment, widths, strict=bool(row))
        lines.append("  ".join(f"{cell:{side}{width}}" for cell, side, width in cells).rstrip())
    return "\n".join(lines)
