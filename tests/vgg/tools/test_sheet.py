"""The contact sheet: where pictures and labels stand."""

import cv2
import numpy as np
import pytest

from vgg.tools.sheet import contact_sheet, stacked


def find(sheet: np.ndarray, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """top, left, height, width of the area of that colour, which must be a full rectangle."""
    rows, columns = np.nonzero((sheet == colour).all(axis=2))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert len(rows) == height * width
    return rows.min(), columns.min(), height, width


RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def flat(colour: tuple[int, int, int], height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def test_one_row():
    floats = flat(GREEN, 300, 300) - np.float32(0.4)  # as training leaves them, a little out of range
    sheet = contact_sheet([("left", flat(RED, 50, 100)), ("gpq", floats)], height=100)
    assert sheet.dtype == np.uint8
    top, left, height, width = find(sheet, RED)
    other_top, other_left, other_height, other_width = find(sheet, GREEN)
    assert (height, width) == (100, 200)
    assert (other_height, other_width) == (100, 100)
    assert top == other_top == left == other_left - left - width  # the same margin everywhere
    assert (sheet[:top] == 255).all()
    assert (sheet[:, :left] == 255).all()
    assert (sheet[:, -left:] == 255).all()


@pytest.mark.parametrize("label", ["content", "x", "gjpqy"])
def test_label_stands_centred_below_its_picture(label):
    sheet = contact_sheet([(label, flat(RED, 100, 200)), ("", flat(GREEN, 100, 200))], height=100)
    top, left, height, width = find(sheet, RED)
    ink = np.nonzero((sheet < 128).all(axis=2))  # dark grey
    assert len(ink[0]) > 20
    assert ink[0].min() > top + height
    assert ink[0].max() < sheet.shape[0] - 12
    assert abs((ink[1].min() + ink[1].max()) / 2 - (left + width / 2)) < 4
    assert len(np.unique(sheet[top + height :])) > 5  # smooth edges


def test_rows_and_columns():
    sheet = contact_sheet(
        [("a", flat(RED, 40, 40)), ("b", flat(GREEN, 40, 80)), ("c", flat(BLUE, 40, 60))], columns=2, height=80
    )
    red, green, blue = find(sheet, RED), find(sheet, GREEN), find(sheet, BLUE)
    assert red[0] == green[0] < green[0] + 80 < blue[0]
    assert abs((red[1] + red[3] / 2) - (blue[1] + blue[3] / 2)) <= 1  # one below the other
    assert red[1] + red[3] < green[1]


def test_long_label_widens_its_column():
    label = "a label that is much wider than its picture"
    sheet = contact_sheet([(label, flat(RED, 40, 10)), ("b", flat(GREEN, 40, 40))], height=80)
    (text_width, _), _ = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, 0.75, 1)
    assert find(sheet, GREEN)[1] > text_width


def test_more_columns_than_pictures():
    one = contact_sheet([("a", flat(RED, 40, 40))], columns=1)
    np.testing.assert_array_equal(contact_sheet([("a", flat(RED, 40, 40))], columns=5), one)


def test_title_stands_above_and_widens_the_sheet():
    plain = contact_sheet([("a", flat(RED, 40, 40))])
    short, long = (contact_sheet([("a", flat(RED, 40, 40))], title=["first", "second " * n]) for n in (1, 30))
    added = short.shape[0] - plain.shape[0]
    np.testing.assert_array_equal(short[added:, : plain.shape[1]], plain)
    assert (short[:added] < 128).all(axis=2).sum() > 50
    assert short.shape[0] == long.shape[0] and long.shape[1] > 3 * short.shape[1]
    assert (long[:, -12:] == 255).all(), "all of the title is there, and a margin"


def test_font_size_of_the_labels():
    small, large = (contact_sheet([("label", flat(RED, 100, 200))], height=100, font_size=size) for size in (0.4, 0.8))
    assert small.shape[0] < large.shape[0]
    assert (small < 128).all(axis=2).sum() < (large < 128).all(axis=2).sum()


def test_letters_that_opencv_cannot_draw():
    sheets = [contact_sheet([(label, flat(RED, 40, 200))], title=[label]) for label in ("T\u00fcbingen", "T?bingen")]
    np.testing.assert_array_equal(*sheets)


def test_stacked_sheets_keep_to_the_left():
    sheet = stacked([flat(RED, 10, 30), flat(GREEN, 20, 50)])
    assert find(sheet, RED) == (0, 0, 10, 30) and find(sheet, GREEN) == (10, 0, 20, 50)
    assert (sheet[:10, 30:] == 255).all()
