"""The page about a batch: each result in its row and column, linked, or with the reason why there is none."""

from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

from transfer.report.page import Cell, grid_page, link
from web_page import decoded, read_page, require_self_contained

HOSTILE = "<img src=x onerror=alert(1)>\"'&"
LOSSES = {"total": 0.5, "content": 0.3, "style": 0.19, "tv": 0.01, "layers": {}}


def flat(level: int, height: int = 30, width: int = 40) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def page_of(cells: list[list[Cell | None]], **more) -> str:
    rows = [(f"row {i}", flat(10 * i, 400, 300)) for i in range(len(cells))]
    columns = [(f"column {i}", flat(100 + 10 * i)) for i in range(len(cells[0]))]
    return grid_page("my batch", rows, columns, cells, **more)


def test_each_result_is_in_its_place():
    cells = [[Cell(flat(50 * i + 20 * j, 512, 384)) for j in range(3)] for i in range(2)]
    tree = read_page(page_of(cells))
    require_self_contained(tree)
    grid = tree.all("table")[0]
    head, *rows = grid.all("tr")
    assert [cell.text() for cell in head.all("th")[1:]] == ["column 0", "column 1", "column 2"]
    assert [int(decoded(image).mean().round()) for image in head.all("img")] == [100, 110, 120]
    for i, row in enumerate(rows):
        (name,) = row.all("th")
        assert name.text() == f"row {i}" and name["scope"] == "row"
        assert decoded(name.all("img")[0]).shape == (160, 120, 3)
        found = [decoded(cell.all("img")[0]) for cell in row.all("td")]
        assert [image.shape for image in found] == [(256, 192, 3)] * 3
        np.testing.assert_allclose([image.mean() for image in found], [50 * i, 50 * i + 20, 50 * i + 40], atol=1)
        assert [cell.all("img")[0]["alt"] for cell in row.all("td")] == [
            f"row {i} in the style of column {j}" for j in range(3)
        ]


def test_a_small_result_is_not_enlarged():
    tree = read_page(page_of([[Cell(flat(9, 20, 31))]]))
    assert decoded(tree.all("td")[0].all("img")[0]).shape == (20, 31, 3)


def test_losses_seconds_and_links():
    cell = Cell(flat(1), "out/a b.png", "out/a b-report.html", LOSSES, 75.0)
    text = read_page(page_of([[cell]], facts=[("size", "512")], repeat="again & again"))
    found = text.all("td")[0]
    assert [part.text() for part in found.all("p")] == ["loss 0.5", "content 0.3, style 0.19", "1 min 15 s · report"]
    assert [unquote(anchor["href"]) for anchor in found.all("a")] == ["out/a b.png", "out/a b-report.html"]
    assert "again & again" in text.text() and "512" in text.text() and "1 of 1 pictures · 1 min 15 s" in text.text()


def test_what_failed_says_why_and_what_was_not_wanted_is_empty():
    tree = read_page(page_of([[Cell(problem=f"cut off {HOSTILE}"), None, Cell(flat(3))]]))
    failed, unwanted, made = tree.all("td")
    assert failed.text().strip() == f"cut off {HOSTILE}" and not failed.all("img")
    assert unwanted.text().strip() == "–" and len(made.all("img")) == 1
    assert "1 of 2 pictures · 1 with a problem" in tree.text()


def test_names_are_shown_and_never_obeyed():
    rows, columns = [(HOSTILE, flat(1))], [(HOSTILE, None)]
    text = grid_page(HOSTILE, rows, columns, [[Cell(flat(2), HOSTILE, "javascript:alert(1)")]], [(HOSTILE, HOSTILE)])
    tree = read_page(text)
    require_self_contained(tree)
    assert len(tree.all("img")) == 2 and not tree.all("script")
    assert tree.all("h1")[0].text() == HOSTILE
    assert "<img src=x" not in text


def test_a_link_is_relative_and_leads_to_the_very_name():
    for name in ("http://a/b.png", "javascript:alert(1)", "a b/ü#?%.png", "bad\udcff.png", 'q".png'):
        address = link(name)
        parts = urlsplit(address)
        assert not parts.scheme and not parts.netloc and not parts.query and not parts.fragment
        assert unquote(parts.path, errors="surrogateescape") == name
        assert address.isascii() and not set(address) & set("<>\"' ")


def test_rows_and_columns_must_fit():
    with pytest.raises(ValueError):
        grid_page("x", [("a", None)], [("b", None), ("c", None)], [[None]])
    with pytest.raises(ValueError):
        grid_page("x", [("a", None)], [("b", None)], [[None], [None]])
