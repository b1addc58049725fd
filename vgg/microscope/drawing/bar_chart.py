"""A bar chart of shares from 0 to 1, drawn with OpenCV: a row of bars for each name, one bar for each quantity."""

from collections.abc import Sequence

import cv2
import numpy as np

Colour = tuple[int, int, int]

#: Blue and orange, which almost everybody can tell apart (Okabe & Ito 2008).
COLOURS: tuple[Colour, ...] = ((0, 114, 178), (230, 159, 0))
LEFT, RIGHT, TOP, BOTTOM = 100, 80, 24, 24  # pixels around the bars, for names, numbers, legend and scale
BAR, GAP, LENGTH = 12, 8, 700  # pixels: a bar's height, the gap between rows, the bar of a 1
_DARK, _LIGHT, _FONT = (64, 64, 64), (220, 220, 220), cv2.FONT_HERSHEY_SIMPLEX


def bar_chart(rows: Sequence[tuple[str, Sequence[float]]], legend: Sequence[str]) -> np.ndarray:
    """Return the chart as uint8 (H, W, 3), RGB, on white.

    Args:
        rows: (name, values from 0 to 1), top to bottom.
        legend: what the values of each row are, in order; at most two.
    """
    row_height = BAR * len(legend) + GAP
    bottom = TOP + row_height * len(rows)
    chart = np.full((bottom + BOTTOM, LEFT + LENGTH + RIGHT, 3), 255, np.uint8)
    for tenth in range(0, 11, 2):
        x = LEFT + LENGTH * tenth // 10
        cv2.line(chart, (x, TOP), (x, bottom), _LIGHT, 1)
        _text(chart, f"{tenth / 10:.1f}", x - 10, bottom + 16)
    for number, name in enumerate(legend):
        x = LEFT + number * LENGTH // 2
        cv2.rectangle(chart, (x, 4), (x + BAR, 4 + BAR), COLOURS[number], cv2.FILLED)
        _text(chart, name, x + BAR + 6, 15)
    for row, (name, values) in enumerate(rows):
        top = TOP + row * row_height + GAP // 2
        _text(chart, name, 24, top + BAR * len(values) // 2 + 5)
        for number, value in enumerate(values):
            y, end = top + number * BAR, LEFT + round(LENGTH * value)
            cv2.rectangle(chart, (LEFT, y), (end, y + BAR - 2), COLOURS[number], cv2.FILLED)
            _text(chart, f"{value:.3f}", end + 6, y + BAR - 1)
    return chart


def _text(chart: np.ndarray, text: str, x: int, y: int) -> None:
    cv2.putText(chart, text, (x, y), _FONT, 0.42, _DARK, 1, cv2.LINE_AA)
