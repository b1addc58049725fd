"""A contact sheet: labelled images side by side on white, to compare results at a glance."""

import math
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from vgg.tools.image import resize_to, to_uint8

_WHITE, _DARK_GREY = 255, (64, 64, 64)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_TITLE_SIZE = 0.6
_MARGIN = 24  # pixels; wider than the gap between image and label, so that the eye joins those two
_LABEL_GAP = 12


def contact_sheet(
    images: Iterable[tuple[str, np.ndarray]],
    columns: int | None = None,
    height: int = 360,
    title: Sequence[str] = (),
    font_size: float = 0.75,
) -> np.ndarray:
    """Return the images in rows of `columns` (all in one row if None), each above its label.

    Args:
        images: (label, image) in reading order; an image is (·, ·, 3), RGB, uint8 or float in [0, 255]. They
            are made small one by one, so a generator keeps the memory free.
        columns: images per row; a column is as wide as its widest image or label.
        height: of every image, in pixels.
        title: lines above everything; a long line widens the sheet.
        font_size: of the labels, in OpenCV's unit of about 22 pixels; 0.4 is the smallest that is legible.

    Returns:
        uint8 (height of the sheet, width of the sheet, 3), RGB.
    """
    cells = [_cell(label, image, height, font_size) for label, image in images]
    columns = columns or len(cells)
    cell_height = cells[0].shape[0]
    widths = [max(cell.shape[1] for cell in cells[column::columns]) for column in range(min(columns, len(cells)))]
    rows = math.ceil(len(cells) / columns)
    sheet = _white(rows * (cell_height + _MARGIN) + _MARGIN, sum(widths) + (len(widths) + 1) * _MARGIN)
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        top = _MARGIN + row * (cell_height + _MARGIN)
        left = _MARGIN + sum(widths[:column]) + column * _MARGIN + (widths[column] - cell.shape[1]) // 2
        sheet[top : top + cell_height, left : left + cell.shape[1]] = cell
    return stacked([*(_line(text) for text in title), sheet]) if title else sheet


def stacked(sheets: Sequence[np.ndarray]) -> np.ndarray:
    """Return sheets, uint8 (·, ·, 3), one below the other, filled up with white to the width of the widest."""
    width = max(sheet.shape[1] for sheet in sheets)
    return np.concatenate(
        [np.pad(sheet, ((0, 0), (0, width - sheet.shape[1]), (0, 0)), constant_values=_WHITE) for sheet in sheets]
    )


def _line(text: str) -> np.ndarray:
    """Return a line of the title with the sheet's margin around it."""
    (width, ascent), descent = cv2.getTextSize(_ascii(text), _FONT, _TITLE_SIZE, 1)
    line = _white(_LABEL_GAP + ascent + descent, width + 2 * _MARGIN)
    cv2.putText(line, _ascii(text), (_MARGIN, _LABEL_GAP + ascent), _FONT, _TITLE_SIZE, _DARK_GREY, 1, cv2.LINE_AA)
    return line


def _cell(label: str, image: np.ndarray, height: int, font_size: float) -> np.ndarray:
    """Return one image scaled to `height`, its label centred below, as wide as the wider of the two."""
    width = max(1, round(image.shape[1] * height / image.shape[0]))
    (text_width, _), _ = cv2.getTextSize(_ascii(label), _FONT, font_size, 1)
    # Measured on one text for all, so that every label of a row stands on the same line.
    (_, ascent), descent = cv2.getTextSize("Hg", _FONT, font_size, 1)
    cell = _white(height + _LABEL_GAP + ascent + descent, max(width, text_width))
    left = (cell.shape[1] - width) // 2
    cell[:height, left : left + width] = resize_to(to_uint8(image), height, width)
    start = ((cell.shape[1] - text_width) // 2, height + _LABEL_GAP + ascent)
    cv2.putText(cell, _ascii(label), start, _FONT, font_size, _DARK_GREY, 1, cv2.LINE_AA)
    return cell


def _ascii(text: str) -> str:
    """Replace what OpenCV 4 cannot draw by `?`; OpenCV 5 could draw more, but not the same on every machine."""
    return text.encode("ascii", "replace").decode()


def _white(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), _WHITE, np.uint8)
