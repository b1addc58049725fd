"""Images to files and to sizes: what arrives, what an interruption leaves, what is checked before a long run."""

import os
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest

from image_files import BLOCKS, STORED, assert_one_line
from vgg.errors import InputError
from vgg.layers import SMALLEST_SIDE
from vgg.tools.image import LARGEST_SIDE, check_output, encode, read_image, resize, resize_to, to_depth, write_image


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif", "a.tiff", "a.bmp", "A.PNG", "new/er/grüße 🎨.png"])
def test_lossless_round_trip(tmp_path, name):
    write_image(tmp_path / name, STORED)
    np.testing.assert_array_equal(read_image(tmp_path / name), STORED)
    assert [path.name for path in (tmp_path / name).parent.iterdir()] == [Path(name).name]


def test_formats_are_what_their_endings_say(tmp_path):
    starts = {
        "png": b"\x89PNG",
        "jpg": b"\xff\xd8\xff",
        "jpeg": b"\xff\xd8\xff",
        "webp": b"RIFF",
        "tif": b"II*\0",
        "tiff": b"II*\0",
        "bmp": b"BM",
    }
    for ending, start in starts.items():
        write_image(str(tmp_path / f"a.{ending}"), STORED)
        assert (tmp_path / f"a.{ending}").read_bytes().startswith(start)


def test_jpeg_quality_is_95(tmp_path):
    write_image(tmp_path / "a.jpg", STORED)
    data = (tmp_path / "a.jpg").read_bytes()
    table = data[data.index(b"\xff\xdb") + 5 :][:64]
    # ITU-T T.81, Annex K: the first luminance step is 16; libjpeg at quality q > 50 scales by (200 − 2q) / 100.
    assert table[0] == round(16 * (200 - 2 * 95) / 100)
    # Zigzag order leaves the table's last step last: 99 in the annex.
    assert table[63] == (99 * 10 + 50) // 100


def test_floats_are_rounded_and_clipped(tmp_path):
    floats = np.array([[[-7.0, 0.4, 0.6], [254.6, 255.0, 300.0]]])
    for dtype in (np.float32, np.float64):
        write_image(tmp_path / "a.png", floats.astype(dtype))
        np.testing.assert_array_equal(read_image(tmp_path / "a.png"), [[[0, 0, 1], [255, 255, 255]]])


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif", "bmp"])
def test_same_picture_same_bytes(tmp_path, ending):
    write_image(tmp_path / f"a.{ending}", STORED)
    write_image(tmp_path / f"b.{ending}", STORED.astype(np.float32))
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_full_disk_leaves_the_older_file(tmp_path):
    resource = pytest.importorskip("resource")  # POSIX only
    write_image(tmp_path / "a.png", STORED)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # the write fails after 1000 bytes
    try:
        with pytest.raises(InputError, match=r"a\.png cannot be written") as caught:
            write_image(tmp_path / "a.png", noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert_one_line(caught.value)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), STORED)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_interruption_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        write_image(tmp_path / "a.png", STORED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_picture_too_large_for_its_format(tmp_path, name):
    with pytest.raises(InputError, match="70000 × 16 pixels is too large") as caught:
        write_image(tmp_path / name, np.zeros((16, 70000, 3), np.uint8))
    assert_one_line(caught.value)
    assert list(tmp_path.iterdir()) == []


# Checking the output before a run.


def test_check_output_accepts_and_creates_nothing(tmp_path, monkeypatch):
    (tmp_path / "in.jpg").write_bytes(b"")
    (tmp_path / "old.png").write_bytes(b"kept")
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "a.png", tmp_path / "new" / "er" / "a.JPG", tmp_path / "old.png", "a.webp"):
        check_output(path, [tmp_path / "in.jpg", tmp_path / "missing.jpg"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jpg", "old.png"]
    assert (tmp_path / "old.png").read_bytes() == b"kept"


@pytest.mark.parametrize(
    "name, words",
    [
        ("a.gif", r"'\.gif', expected one of \.png, \.jpg, \.jpeg, \.webp, \.tif, \.tiff, \.bmp"),
        ("a", "expected one of"),
        ("folder", "is a folder"),
        ("in.jpg", "also an input"),
        ("link.jpg", "also an input"),
        ("folder/../in.jpg", "also an input"),
        ("in.jpg/a.png", r"in\.jpg \(Not a directory\)"),
        ("in.jpg/new/a.png", r"in\.jpg \(Not a directory\)"),
        ("a" * 252 + ".png", "too long"),
    ],
)
def test_check_output_refuses(tmp_path, name, words):
    (tmp_path / "folder").mkdir()
    (tmp_path / "in.jpg").write_bytes(b"")
    (tmp_path / "in.jpg").chmod(0o755)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "in.jpg")
    with pytest.raises(InputError, match=words) as caught:
        check_output(tmp_path / name, [tmp_path / "other.jpg", str(tmp_path / "in.jpg")])
    assert_one_line(caught.value)


def test_check_output_write_protected(tmp_path, monkeypatch):
    (tmp_path / "old.png").write_bytes(b"")
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)  # root is allowed everything
    with pytest.raises(InputError, match="write-protected"):
        check_output(tmp_path / "old.png")


# 16 bits: more than 256 levels arrive in the file.


#: 12 288 different numbers from a little below 0 to a little above 255.
RAMP = np.linspace(-3, 258, 64 * 64 * 3, dtype=np.float32).reshape(64, 64, 3)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "A.TIFF"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_ramp_arrives_in_16_bits(tmp_path, name, dtype):
    write_image(tmp_path / name, RAMP.astype(dtype), depth=16)
    stored = cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert stored.dtype == np.uint16
    exact = np.clip(RAMP.astype(np.float64), 0, 255) / 255 * 65535
    # Of two numbers that are equally near, to the rounding of float32, either will do.
    assert np.abs(stored - exact).max() < 0.505 and (stored != np.round(exact)).mean() < 0.002
    assert len(np.unique(stored)) > 11_000 and stored.min() == 0 and stored.max() == 65535


def test_8_bits_are_the_same_levels(tmp_path):
    assert to_depth(STORED, 8) is STORED
    np.testing.assert_array_equal(to_depth(STORED, 16), STORED.astype(np.uint16) * 257)
    write_image(tmp_path / "a.png", STORED, depth=16)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), STORED)


@pytest.mark.parametrize("ending", [".jpg", ".JPEG", ".webp", ".bmp"])
def test_formats_of_8_bits_are_refused(tmp_path, ending):
    for write in (lambda path: check_output(path, depth=16), lambda path: write_image(path, STORED, depth=16)):
        with pytest.raises(
            InputError, match=r"ends in '.*', expected one of \.png, \.tif, \.tiff for a depth of 16"
        ) as caught:
            write(tmp_path / f"a{ending}")
        assert_one_line(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", LARGEST_SIDE)
def test_the_largest_side_of_a_format(ending):
    side = LARGEST_SIDE[ending]
    assert encode(np.zeros((1, side, 3), np.uint8), ending)
    with pytest.raises(InputError, match="too large"):
        encode(np.zeros((1, side + 1, 3), np.uint8), ending)


# Resizing: shape kept, never enlarged, areas averaged.


def test_longer_side_and_shape():
    for shape, size in (((600, 800), (384, 512)), ((800, 600), (512, 384)), ((1023, 1023), (512, 512))):
        assert resize(np.zeros((*shape, 3), np.uint8), 512).shape == (*size, 3)


def test_never_enlarged():
    assert resize(STORED, 24) is STORED
    assert resize(STORED, 4000) is STORED


def test_shrinking_averages_areas():
    fine = np.indices((64, 64)).sum(axis=0)[..., None] % 2 * np.uint8(200)  # a chessboard of single pixels
    image = resize(np.repeat(fine, 3, axis=2).astype(np.uint8), 32)
    np.testing.assert_array_equal(image, np.full((32, 32, 3), 100))


@pytest.mark.parametrize("shape, longer_side", [((3000, 20), 512), ((10, 10), 512), ((600, 800), 15), ((20, 20), 0)])
def test_too_narrow_after_resizing(shape, longer_side):
    with pytest.raises(InputError, match=f"{shape[1]} × {shape[0]}.*at least {SMALLEST_SIDE}") as caught:
        resize(np.zeros((*shape, 3), np.uint8), longer_side)
    assert_one_line(caught.value)


def test_resize_to():
    assert resize_to(STORED, 16, 24) is STORED
    for size in ((8, 12), (8, 48), (64, 96)):
        assert resize_to(STORED, *size).shape == (*size, 3)
        assert resize_to(STORED.astype(np.float32), *size).dtype == np.float32
    np.testing.assert_array_equal(resize_to(STORED, 2, 3), BLOCKS)
