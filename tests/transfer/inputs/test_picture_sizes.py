"""The sizes that pictures are brought to, for every recipe, from what is known of each program."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from image_files import assert_one_line, png_of
from transfer import inputs as pictures
from transfer.files import Files
from transfer.inputs import load
from transfer.other_programs import RECIPES
from vgg.errors import InputError


def saved(path: Path, height: int, width: int) -> str:
    """The name of a picture that is dark on the left and light on the right."""
    pixels = np.broadcast_to(np.linspace(0, 255, width).astype(np.uint8)[:, None], (height, width, 3))
    path.write_bytes(png_of(np.ascontiguousarray(pixels)))
    return str(path)


def loaded(folder: Path, recipe, content: tuple[int, int], style: tuple[int, int]):
    return load(Files(saved(folder / "content.png", *content), saved(folder / "style.png", *style)), recipe)


class Sizes(NamedTuple):
    """(height, width) of content and style as a program uses them at 64 pixels."""

    content: tuple[int, int]
    style: tuple[int, int]


#: Of a content picture of 120 × 160 and a style picture of 100 × 250 pixels (height × width), larger than wanted.
FROM_LARGE = {
    "default": Sizes((48, 64), (26, 64)),
    "gatys2016": Sizes((48, 64), (26, 64)),
    "gatys2016-literal": Sizes((48, 64), (26, 64)),
    "neural-style": Sizes((48, 64), (26, 64)),
    "neural-style-tf": Sizes((48, 64), (48, 64)),
    "anishathalye": Sizes((48, 64), (26, 64)),
    "leongatys": Sizes((64, 85), (64, 160)),
    "coursera": Sizes((48, 64), (48, 64)),
    "pytorch-tutorial": Sizes((64, 85), (64, 85)),
    "tensorflow-tutorial": Sizes((48, 64), (26, 64)),
    "spst": Sizes((64, 85), (64, 160)),
    "crowsonkb": Sizes((48, 64), (26, 64)),
    "nnst": Sizes((48, 64), (26, 64)),
}
#: Of a content picture of 40 × 24 and a style picture of 20 × 30 pixels, smaller than wanted.
FROM_SMALL = {
    "default": Sizes((40, 24), (20, 30)),
    "gatys2016": Sizes((40, 24), (20, 30)),
    "gatys2016-literal": Sizes((40, 24), (20, 30)),
    "neural-style": Sizes((64, 38), (43, 64)),
    "neural-style-tf": Sizes((40, 24), (40, 24)),
    "anishathalye": Sizes((40, 24), (16, 24)),
    "leongatys": Sizes((107, 64), (64, 96)),
    "coursera": Sizes((40, 24), (40, 24)),
    "pytorch-tutorial": Sizes((107, 64), (107, 64)),
    "tensorflow-tutorial": Sizes((64, 38), (43, 64)),
    "spst": Sizes((40, 24), (20, 30)),
    "crowsonkb": Sizes((64, 38), (43, 64)),
    "nnst": Sizes((40, 24), (20, 30)),
}


def test_every_recipe_is_written_down_here():
    assert list(FROM_LARGE) == list(FROM_SMALL) == list(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize(
    "content, style, expected", [((120, 160), (100, 250), FROM_LARGE), ((40, 24), (20, 30), FROM_SMALL)]
)
def test_sizes_are_the_systems_own(tmp_path, name, content, style, expected):
    found = loaded(tmp_path, replace(RECIPES[name], size=64), content, style)
    for image, size in zip((found.content_image, found.style_image), expected[name], strict=True):
        assert image.shape == (*size, 3) and image.dtype == np.uint8
        columns = image.mean(axis=(0, 2))
        assert columns[0] < 15 and columns[-1] > 240 and np.all(np.diff(columns) >= 0), "the whole picture, upright"


@pytest.mark.parametrize("name", RECIPES)
def test_who_is_told_that_a_picture_stays_small(tmp_path, name):
    """What is enlarged needs no remark; nor does a style picture that takes the content picture's size."""
    remarks = loaded(tmp_path, replace(RECIPES[name], size=64), (40, 24), (20, 30)).remarks
    kept = "the {} picture has only {} pixels and is used as it is, not enlarged"
    expected = []
    if FROM_SMALL[name].content == (40, 24):
        expected.append(kept.format("content", "24×40"))
    if FROM_SMALL[name].style == (20, 30):
        expected.append(kept.format("style", "30×20"))
    assert list(remarks) == expected


def test_tiny_style_picture_is_enlarged_to_the_content_picture(tmp_path):
    """Even one that the network could not look at by itself."""
    found = loaded(tmp_path, replace(RECIPES["coursera"], size=64), (48, 64), (2, 3))
    assert found.style_image.shape == (48, 64, 3)


def test_stretched_one_way_and_shrunk_the_other_areas_are_averaged(tmp_path):
    """Of 640 columns of random greys, tens become one; picking single pixels would not give their means."""
    greys = np.random.default_rng(6).integers(0, 256, 640)
    columns = np.broadcast_to(greys[:, None], (20, 640, 3)).astype(np.uint8)
    (tmp_path / "columns.png").write_bytes(png_of(columns))
    files = Files(saved(tmp_path / "content.png", 48, 64), str(tmp_path / "columns.png"))
    image = load(files, replace(RECIPES["neural-style-tf"], size=64)).style_image
    assert image.shape == (48, 64, 3)
    assert np.abs(image - greys.reshape(64, 10).mean(axis=1)[:, None]).max() <= 1


#: Recipe, sizes of content and style, which is refused, at which size, and what the message expects.
REFUSED = {
    "narrow": ("default", (640, 20), (40, 40), "content", "2 × 64", "at least 16 "),
    "narrow, enlarged": ("neural-style", (30, 2), (40, 40), "content", "4 × 64", "at least 16 "),
    "small, not enlarged": ("default", (40, 40), (10, 10), "style", "10 × 10", "at least 16 "),
    "narrow at the content's width": ("anishathalye", (48, 64), (20, 400), "style", "64 × 3", "at least 16 "),
    "long at the shorter side": ("leongatys", (2, 600), (40, 40), "content", "19200 × 64", "at most 1 million"),
    "long style at the shorter side": ("leongatys", (48, 64), (600, 2), "style", "64 × 19200", "at most 1 million"),
    "long at the content's width": ("anishathalye", (48, 64), (900, 3), "style", "64 × 19200", "at most 1 million"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line(tmp_path, monkeypatch, case):
    name, content, style, kind, size, expected = REFUSED[case]
    monkeypatch.setattr(pictures, "LARGEST_PIXELS", 1_000_000)
    height, width = content if kind == "content" else style
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, replace(RECIPES[name], size=64), content, style)
    assert_one_line(caught.value)
    message = str(caught.value)
    for part in (f"{kind}.png", f"{width} × {height} pixels", f"used at {size}, expected {expected}", "crop it"):
        assert part in message


def test_a_large_picture_that_only_shrinks_is_not_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "LARGEST_PIXELS", 1000)
    found = loaded(tmp_path, replace(RECIPES["default"], size=64), (96, 128), (96, 128))
    assert found.content_image.shape == (48, 64, 3)


def test_no_picture_is_enlarged_beyond_what_is_useful(tmp_path):
    """With the true limit: 16 × 300000 pixels would have 512 × 9600000, and take hundreds of gigabytes."""
    with pytest.raises(InputError, match="9600000 × 512, expected at most 268 million"):
        loaded(tmp_path, RECIPES["leongatys"], (16, 300_000), (40, 40))
