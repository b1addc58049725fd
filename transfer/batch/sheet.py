"""The sheet of a batch: contents from top to bottom, styles from left to right, results where they meet."""

from collections.abc import Mapping, Sequence

import numpy as np

from transfer.batch.orders import Order
from transfer.batch.pairs import short_name
from transfer.batch.table import Row
from transfer.inputs.crop import cropped, read_cropped
from transfer.inputs.files import SAMPLE
from transfer.inputs.sample_painting import painting
from transfer.inputs.sample_scene import scene
from transfer.recipe.choices import Crop, Recipe
from vgg.errors import InputError
from vgg.tools.image import read_image, resize
from vgg.tools.sheet import contact_sheet

#: Pixels of a cell's height, and of the whole sheet's, which a large batch stays below by lower cells.
CELL, LARGEST_SHEET = 200, 6000
#: Contents and styles on the sheet. More of them are left out: nobody could see anything on it.
MOST = 100


def sheet_of(orders: Sequence[Order], rows: Mapping[Order, Row], recipe: Recipe) -> np.ndarray:
    """Return all pictures of a batch with their inputs; uint8 RGB (H, W, 3).

    If most contents have only a few of the styles, as in a long list of pairs, a row is content, style and result.
    """
    contents = list(dict.fromkeys(order.pair.content for order in orders))[:MOST]
    styles = list(dict.fromkeys(order.pair.style for order in orders))[:MOST]
    made = {order.pair: order.outputs.picture for order, row in rows.items() if not row.problem}
    pairs = [order.pair for order in orders][:MOST]
    in_pairs = 2 * len(pairs) < len(contents) * len(styles)
    height = max(24, min(CELL, LARGEST_SHEET // (len(pairs if in_pairs else contents) + 1)))

    def result(content: str, style: str) -> tuple[str, np.ndarray]:
        picture = made.get((content, style))
        return "", blank(height) if picture is None else resize_to_height(read_image(picture), height)

    if in_pairs:
        cells = [
            cell
            for content, style in pairs
            for cell in (
                thumbnail(content, "content", height, recipe.crop),
                thumbnail(style, "style", height, recipe.crop),
                result(content, style),
            )
        ]
        return contact_sheet(cells, 3, height, font_size=0.5)
    cells = [("", blank(height)), *(thumbnail(style, "style", height, recipe.crop) for style in styles)]
    for content in contents:
        cells.append(thumbnail(content, "content", height, recipe.crop))
        cells += [result(content, style) for style in styles]
    return contact_sheet(cells, len(styles) + 1, height, font_size=0.5)


def thumbnail(path: str, kind: str, height: int, crop: Crop) -> tuple[str, np.ndarray]:
    """Return an input with its label, of no less than this height; white if it cannot be read."""
    try:
        if path == SAMPLE:
            draw = scene if kind == "content" else painting
            return SAMPLE, cropped(draw(height, height * 4 // 3), crop)
        return short_name(path, kind), resize_to_height(read_cropped(path, crop), height)
    except InputError:
        return short_name(path, kind), blank(height)


def resize_to_height(image: np.ndarray, height: int) -> np.ndarray:
    """Return the picture (H, W, 3) made smaller, to no less than this height."""
    try:
        return resize(image, round(height * max(image.shape[:2]) / image.shape[0]))
    except InputError:  # long and narrow; the sheet makes it small enough
        return image


def blank(height: int) -> np.ndarray:
    """Return a white square."""
    return np.full((height, height, 3), 255, np.uint8)
