"""The content pictures by tf.data: in order, at their sizes, ahead of who asks, and a bad one does not end them."""

import os
import time
from dataclasses import replace

import numpy as np
import pytest

from image_files import STORED, encoded, exif, jpeg_with, png_of
from transfer.apps.batch import making
from transfer.apps.batch.making import contents
from transfer.cli.outputs import ContentFile
from transfer.recipes import DEFAULT

RECIPE = replace(DEFAULT, size=24)


def test_order_sizes_crop_and_orientation(tmp_path):
    wide = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    (tmp_path / "wide.png").write_bytes(png_of(wide))
    (tmp_path / "small.png").write_bytes(png_of(wide[:18, :20]))
    turned = jpeg_with(b"Exif\0\0" + exif(6), encoded(".jpg", STORED.repeat(2, axis=0).repeat(2, axis=1)))
    (tmp_path / "turned.jpg").write_bytes(turned)
    names = [str(tmp_path / name) for name in ("wide.png", "turned.jpg", "small.png", "wide.png")]
    found = list(contents(names, RECIPE))
    assert [content.name for content in found] == names
    assert [content.image.shape[:2] for content in found] == [(16, 24), (24, 16), (18, 20), (16, 24)]
    assert found[2].remarks == ("the content picture has only 20×18 pixels and is used as it is, not enlarged",)
    (square, *_) = contents(names[:1], replace(RECIPE, crop="square"))
    # 40 × 40 from the middle, made 24 × 24: its mean is that of the middle.
    np.testing.assert_allclose(square.image.mean(axis=(0, 1)), wide[:, 10:50].mean(axis=(0, 1)), atol=0.6)
    assert square.image.shape == (24, 24, 3)


def test_a_bad_picture_is_a_problem_of_its_own(tmp_path):
    (tmp_path / "good.png").write_bytes(png_of(np.zeros((30, 30, 3), np.uint8)))
    (tmp_path / "bad.png").write_text("no picture")
    names = [str(tmp_path / name) for name in ("good.png", "bad.png", "missing.png", "good.png")]
    found = list(contents(names, RECIPE))
    assert [bool(content.problem) for content in found] == [False, True, True, False]
    assert "bad.png is a text file, expected a picture" in found[1].problem
    assert "missing.png does not exist" in found[2].problem


def test_names_that_are_no_text(tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff\xfe.png"
    with open(name, "wb") as file:
        file.write(png_of(np.zeros((30, 30, 3), np.uint8)))
    (content,) = contents([os.fsdecode(name)], RECIPE)
    assert not content.problem and content.image.shape == (24, 24, 3)


def test_pictures_are_read_ahead(monkeypatch):
    """While who asked for the first one works, the next ones are read, but not all of them."""
    read = []

    def note(name, recipe):
        read.append(name)
        return ContentFile(np.zeros((24, 24, 3), np.uint8), inputs={})

    monkeypatch.setattr(making, "read_content", note)
    names = [str(number) for number in range(20)]
    source = contents(names, RECIPE)
    next(source)
    until = time.monotonic() + 5
    while len(read) < 1 + making.AHEAD and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)
    assert 1 + making.AHEAD <= len(read) <= 3 + making.AHEAD
    assert [content.name for content in source] == names[1:]


@pytest.mark.parametrize("count", [0, 1])
def test_few(tmp_path, count):
    (tmp_path / "a.png").write_bytes(png_of(np.zeros((30, 30, 3), np.uint8)))
    assert len(list(contents([str(tmp_path / "a.png")] * count, RECIPE))) == count
