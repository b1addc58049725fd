"""A contact sheet: labelled pictures side by side on white, to compare results at a glance."""

from collections.abc import Sequence

import cv2
import numpy as np

from vgg.image.codec import to_uint8
from vgg.image.file import resize_to

_WHITE, _DARK_GREY = 255, (64, 64, 64)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_SIZE = 0.75  # whatever the row height is, a label should be legible
_MARGIN = 24  # pixels; wider than the gap between picture and label, so that the eye joins those two
_LABEL_GAP = 12


def contact_sheet(
    pictures: Sequence[tuple[str, np.ndarray]], columns: int | None = None, height: int = 360
) -> np.ndarray:
    """The pictures in rows of `columns` (all in one row if None), each above its label.

    Args:
        pictures: (label, picture) in reading order; a picture is (·, ·, 3), RGB, uint8 or float in [0, 255].
            OpenCV 4 knows ASCII labels only.
        columns: pictures per row; a column is as wide as its widest picture or label.
        height: of every picture, in pixels.

    Returns:
        uint8 (height of the sheet, width of the sheet, 3), RGB.
    """
    columns = columns or len(pictures)
    cells = [_cell(label, picture, height) for label, picture in pictures]
    cell_height = cells[0].shape[0]
    widths = [max(cell.shape[1] for cell in cells[column::columns]) for column in range(min(columns, len(cells)))]
    rows = -(-len(cells) // columns)
    sheet = _white(rows * (cell_height + _MARGIN) + _MARGIN, sum(widths) + (len(widths) + 1) * _MARGIN)
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        top = _MARGIN + row * (cell_height + _MARGIN)
        left = _MARGIN + sum(widths[:column]) + column * _MARGIN + (widths[column] - cell.shape[1]) // 2
        sheet[top : top + cell_height, left : left + cell.shape[1]] = cell
    return sheet


def _cell(label: str, picture: np.ndarray, height: int) -> np.ndarray:
    """One picture scaled to `height` with its label centred below, as wide as the wider of the two."""
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    (text_width, _), _ = cv2.getTextSize(label, _FONT, _FONT_SIZE, 1)
    # Measured on one text for all, so that every label of a row stands on the same line.
    (_, ascent), descent = cv2.getTextSize("Hg", _FONT, _FONT_SIZE, 1)
    cell = _white(height + _LABEL_GAP + ascent + descent, max(width, text_width))
    left = (cell.shape[1] - width) // 2
    cell[:height, left : left + width] = resize_to(to_uint8(picture), height, width)
    start = ((cell.shape[1] - text_width) // 2, height + _LABEL_GAP + ascent)
    cv2.putText(cell, label, start, _FONT, _FONT_SIZE, _DARK_GREY, 1, cv2.LINE_AA)
    return cell


def _white(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), _WHITE, np.uint8)
