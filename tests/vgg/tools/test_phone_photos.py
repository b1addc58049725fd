"""AVIF and HEIC, which Pillow decodes: upright, with alpha, with their size looked at first."""

import importlib.util
import io
import sys

import numpy as np
import PIL.Image
import pytest

from image_files import STORED, refusal
from vgg.errors import InputError
from vgg.tools.image import read_image, read_picture, read_size

KINDS = [
    pytest.param("AVIF", marks=pytest.mark.skipif(not importlib.util.find_spec("PIL._avif"), reason="no AVIF here")),
    pytest.param("HEIC", marks=pytest.mark.skipif(not importlib.util.find_spec("pillow_heif"), reason="optional")),
]


def photo(kind: str, pixels: np.ndarray, orientation: int = 1) -> bytes:
    tags, stream = PIL.Image.Exif(), io.BytesIO()
    tags.update({0x0112: orientation, 0x010F: "Acme"})
    large = PIL.Image.fromarray(pixels.repeat(4, axis=0).repeat(4, axis=1))  # so that the flat parts survive
    if kind == "AVIF":
        large.save(stream, "AVIF", quality=100, subsampling="4:4:4", exif=tags)
    else:
        import pillow_heif

        file = pillow_heif.from_pillow(large)
        file.save(stream, quality=100, chroma=444, exif=tags.tobytes())
    return stream.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_colours_alpha_and_camera(tmp_path, kind):
    path = tmp_path / "photo.jpg"  # the contents count
    path.write_bytes(photo(kind, STORED))
    picture = read_picture(path)
    assert np.abs(picture.image[::4, ::4].astype(int) - STORED).max() <= 8
    assert picture.alpha is None and picture.exif == {0x010F: "Acme"}
    alpha = np.zeros((16, 24), np.uint8)
    alpha[:, :8] = 255
    path.write_bytes(photo(kind, np.dstack([STORED, alpha])))
    found = read_picture(path).alpha
    assert np.abs(found[::4, ::4].astype(int) - alpha).max() <= 2
    assert np.all(read_image(path)[:, 40:] >= 253), "on white"


@pytest.mark.parametrize("kind", KINDS)
def test_upright_once(tmp_path, kind):
    path = tmp_path / "a"
    path.write_bytes(photo(kind, STORED, 6))
    turned = np.rot90(STORED, -1)
    assert read_size(path) == (96, 64)
    assert np.abs(read_image(path)[::4, ::4].astype(int) - turned).max() <= 8


@pytest.mark.parametrize("kind", KINDS)
def test_refused_before_it_is_decoded_or_when_damaged(tmp_path, monkeypatch, kind):
    data = photo(kind, STORED)
    (tmp_path / "a").write_bytes(data)
    with monkeypatch.context() as patch:
        patch.setattr("vgg.tools.image._pillow_pixels", lambda *_: pytest.fail("decoded"))
        with pytest.raises(InputError, match="has 96 × 64 pixels, which need"):
            read_image(tmp_path / "a", 96 * 64 * 29)
    for length in (24, 60, len(data) // 2, len(data) - 40):
        assert "cut off" in refusal(tmp_path, data[:length])


def test_readers_that_are_missing_are_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    for brand in (b"heic", b"mif1\0\0\0\0mif1heic"):
        line = refusal(tmp_path, b"\0\0\0\x18ftyp" + brand)
        assert line.endswith(" is a HEIC photo; install its reader with `make heic`, or save it as JPEG")
    monkeypatch.setattr("vgg.tools.image.find_spec", lambda _: None)
    for brand in (b"avif", b"mif1\0\0\0\0mif1miafavif"):
        assert "is an AVIF picture, which this Pillow cannot read" in refusal(tmp_path, b"\0\0\0\x18ftyp" + brand)
