"""Pictures from and to files. The files are put together here byte by byte, so that OpenCV is not its own judge."""

import base64
import os
import signal
import struct
import subprocess
import sys
import unicodedata
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from transfer.image import MINIMUM_SIDE, check_output, read_image, resize, resize_to, write_image
from transfer.sheet import contact_sheet
from vgg.errors import InputError

OPENCV = tuple(int(part) for part in cv2.__version__.split(".")[:2])

# Blocks of 8 × 8, which JPEG keeps apart; no rotation or mirroring leaves them as they are.
BLOCKS = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[255, 255, 255], [60, 60, 60], [200, 200, 40]]], np.uint8)
STORED = BLOCKS.repeat(8, axis=0).repeat(8, axis=1)  # (16, 24, 3)

# A 16 × 8 CMYK JPEG (Adobe, inverted) of two flat halves: CMYK (0, 255, 255, 0) and (51, 0, 0, 51).
CMYK_JPEG = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkKCgoKCgYICwwL"
    "CgwJCgoK/8AAFAgACAAQBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAoICf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAOBEMA"
    "TQBZAEsAAD8A38H/AB/2/iMz/D/EZv/Z"
)
# Two frames of 3 × 2: the first red, green, blue over blue, green, red; the second flat grey.
GIF = base64.b64decode(
    "R0lGODdhAwACAIEAAP8AAAD/AAAA/wAAACwAAAAAAwACAAAICQABBBAgIACAgAAh+QQBAAABACwAAAAAAwACAIEJCQkAAAAAAAAAAAAIBgABCBwY"
    "EAA7"
)


# Files by hand.


def tiff(pixels: np.ndarray, order: str = "<", **more: int) -> bytes:
    """An uncompressed TIFF of one strip; `more` are further tags, or other values for those here."""
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    tags = {
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "bits": pixels.itemsize * 8,
        "compression": 1,
        "photometric": 2 if samples > 2 else 1,
        "strip": 0,
        "samples": samples,
        "rows": pixels.shape[0],
        "length": pixels.nbytes,
        **more,
    }
    numbers = {
        "subfile": 254,
        "width": 256,
        "height": 257,
        "bits": 258,
        "compression": 259,
        "photometric": 262,
        "strip": 273,
        "orientation": 274,
        "samples": 277,
        "rows": 278,
        "length": 279,
        "planar": 284,
        "extra": 338,
        "format": 339,
    }
    bits_at = 8 + 2 + 12 * len(tags) + 4
    tags["strip"] = bits_at + 2 * samples
    entries = b""
    for name in sorted(tags, key=numbers.get):
        if name in ("bits", "format") and samples > 2:  # one for each sample, all the same; too many for the entry
            assert name == "bits"
            entries += struct.pack(order + "HHII", numbers[name], 3, samples, bits_at)
        elif name in ("length", "subfile"):
            entries += struct.pack(order + "HHII", numbers[name], 4, 1, tags[name])
        else:
            entries += struct.pack(order + "HHIHH", numbers[name], 3, 1, tags[name], 0)
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(tags))
    bits = struct.pack(f"{order}{samples}H", *[tags["bits"]] * samples)
    return header + entries + bytes(4) + bits + pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()


def exif(orientation: int, order: str = ">") -> bytes:
    start = b"MM\0*" if order == ">" else b"II*\0"
    # A text tag first, as in a camera's file; its value lies outside the entry.
    entries = struct.pack(order + "HHII", 0x010F, 2, 6, 38) + struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return start + struct.pack(order + "IH", 8, 2) + entries + bytes(4) + b"Nikon\0"


def png_chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def png(rows: list[bytes], width: int, depth: int, colour_type: int, *chunks: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))  # filter 0 before each row
    parts = [(b"IHDR", header), *chunks, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)


def png_of(pixels: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    """Grey (H, W), grey and alpha (H, W, 2), RGB or RGBA, in 8 or 16 bits."""
    colour_type = 0 if pixels.ndim == 2 else {2: 4, 3: 2, 4: 6}[pixels.shape[2]]
    rows = [row.astype(pixels.dtype.newbyteorder(">")).tobytes() for row in pixels]
    return png(rows, pixels.shape[1], pixels.itemsize * 8, colour_type, *chunks)


def encoded(ending: str, rgb: np.ndarray, *options: int) -> bytes:
    return cv2.imencode(ending, rgb[..., ::-1], options)[1].tobytes()


def jpeg_with(segment: bytes, jpeg: bytes) -> bytes:
    """`jpeg` with an APP1 segment as its first."""
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


def webp_with(exif_data: bytes, rgb: np.ndarray) -> bytes:
    simple = encoded(".webp", rgb, cv2.IMWRITE_WEBP_QUALITY, 101)
    size = struct.pack("<I", rgb.shape[1] - 1)[:3] + struct.pack("<I", rgb.shape[0] - 1)[:3]
    chunks = b"VP8X" + struct.pack("<I", 10) + bytes([8, 0, 0, 0]) + size
    chunks += simple[simple.index(b"VP8L") :]
    chunks += b"odd " + struct.pack("<I", 5) + b"12345\0"  # padded to an even length
    chunks += b"EXIF" + struct.pack("<I", len(exif_data)) + exif_data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def read_bytes(folder: Path, data: bytes) -> np.ndarray:
    path = folder / "picture"  # the contents count, not the ending
    path.write_bytes(data)
    image = read_image(path)
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    return image


def refusal(folder: Path, data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read_bytes(folder, data)
    assert_one_line(caught.value)
    return str(caught.value)


def assert_one_line(error: InputError) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 400


# Orientation.


def upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """What Exif 2.3 asks the viewer to do with the stored picture."""
    return {
        1: stored,
        2: np.fliplr(stored),
        3: np.rot90(stored, 2),
        4: np.flipud(stored),
        5: stored.transpose(1, 0, 2),
        6: np.rot90(stored, -1),  # a quarter turn clockwise
        7: np.rot90(stored.transpose(1, 0, 2), 2),
        8: np.rot90(stored, 1),
    }[orientation]


def test_orientations_differ():
    pictures = [upright(STORED, orientation).tobytes() for orientation in range(1, 9)]
    assert len(set(pictures)) == 8


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", "<>")
def test_jpeg_is_turned_upright(tmp_path, orientation, order):
    full_colour = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    jpeg = encoded(".jpg", STORED, cv2.IMWRITE_JPEG_QUALITY, 100, *full_colour)
    image = read_bytes(tmp_path, jpeg_with(b"Exif\0\0" + exif(orientation, order), jpeg))
    np.testing.assert_allclose(image, upright(STORED, orientation), atol=3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_lossless_formats_are_turned_upright(tmp_path, orientation):
    files = {
        "png": png_of(STORED, (b"eXIf", exif(orientation))),
        "webp": webp_with(exif(orientation), STORED),
        "webp, prefixed": webp_with(b"Exif\0\0" + exif(orientation), STORED),
        "tiff": tiff(STORED, orientation=orientation),
        "tiff, big-endian": tiff(STORED, ">", orientation=orientation),
    }
    for name, data in files.items():
        np.testing.assert_array_equal(read_bytes(tmp_path, data), upright(STORED, orientation), err_msg=name)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_transparent_picture_is_turned_upright(tmp_path, orientation):
    alpha = np.zeros((16, 24, 1), np.uint8)
    alpha[:8] = 255
    on_white = STORED.copy()
    on_white[8:] = 255
    rgba = np.dstack([STORED, alpha])
    for data in (png_of(rgba, (b"eXIf", exif(orientation))), tiff(rgba, extra=2, orientation=orientation)):
        np.testing.assert_array_equal(read_bytes(tmp_path, data), upright(on_white, orientation))


@pytest.mark.parametrize(
    "damage", [exif(0), exif(9), b"", b"MM\0*", exif(6)[:20], b"junk" * 9, b"MM\0*\xff\xff\xff\xff"]
)
def test_damaged_exif_is_ignored(tmp_path, damage):
    np.testing.assert_array_equal(read_bytes(tmp_path, png_of(STORED, (b"eXIf", damage))), STORED)


# Kinds of pixels.


@pytest.mark.parametrize("ending", [".png", ".webp", ".tif", ".bmp"])
def test_colours_come_in_rgb_order(tmp_path, ending):
    options = (cv2.IMWRITE_WEBP_QUALITY, 101) if ending == ".webp" else ()
    np.testing.assert_array_equal(read_bytes(tmp_path, encoded(ending, STORED, *options)), STORED)


def test_grey_becomes_rgb(tmp_path):
    grey = np.arange(16 * 24, dtype=np.uint8).reshape(16, 24)
    for data in (png_of(grey), tiff(grey), tiff(255 - grey, photometric=0)):
        np.testing.assert_array_equal(read_bytes(tmp_path, data), np.dstack([grey] * 3))


def test_16_bits_are_rounded_to_8(tmp_path):
    # 65535 is 255, so that a step is 257 wide; dropping the low byte would give 0 for 129.
    levels = np.array([[0, 128, 129, 25700, 25700 + 129, 65535]], np.uint16)
    expected = [[0, 0, 1, 100, 101, 255]]
    for data in (png_of(levels), tiff(levels), tiff(levels, ">"), png_of(np.dstack([levels] * 3))):
        np.testing.assert_array_equal(read_bytes(tmp_path, data)[..., 1], expected)


def test_transparency_is_laid_on_white(tmp_path):
    # 128/255 of red: 255, 255 − 128 = 127. A fifth of (100, 50, 0): 20 + 204, 10 + 204, 204.
    rgba = np.array([[[255, 0, 0, 128], [100, 50, 0, 51], [9, 9, 9, 0], [1, 2, 3, 255]]], np.uint8)
    expected = [[[255, 127, 127], [224, 214, 204], [255, 255, 255], [1, 2, 3]]]
    wide = rgba.astype(np.uint16) * 257
    for data in (png_of(rgba), png_of(wide), tiff(wide, extra=2)):
        np.testing.assert_array_equal(read_bytes(tmp_path, data), expected)
    # libtiff itself rounds colour × alpha first.
    assert np.abs(read_bytes(tmp_path, tiff(rgba, extra=2)).astype(int) - expected).max() <= 1


def test_premultiplied_tiff(tmp_path):
    rgba = np.array([[[128, 0, 0, 128], [20, 10, 0, 51], [0, 0, 0, 0], [1, 2, 3, 255]]], np.uint8)
    expected = [[[255, 127, 127], [224, 214, 204], [255, 255, 255], [1, 2, 3]]]
    for data in (tiff(rgba, extra=1), tiff(rgba.astype(np.uint16) * 257, extra=1)):
        np.testing.assert_array_equal(read_bytes(tmp_path, data), expected)


def test_grey_with_alpha(tmp_path):
    grey_alpha = np.array([[[100, 51], [7, 0], [7, 255]]], np.uint8)  # a fifth of 100 on white: 20 + 204
    for data in (png_of(grey_alpha), png_of(grey_alpha.astype(np.uint16) * 257)):
        np.testing.assert_array_equal(read_bytes(tmp_path, data)[0, :, 0], [224, 255, 7])


def test_palette(tmp_path):
    palette = (b"PLTE", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255]))
    rows = [bytes([0, 1, 2])]
    np.testing.assert_array_equal(
        read_bytes(tmp_path, png(rows, 3, 8, 3, palette)), [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
    )
    see_through = (b"tRNS", bytes([0, 51]))  # the first entry wholly, the second to four fifths
    np.testing.assert_array_equal(
        read_bytes(tmp_path, png(rows, 3, 8, 3, palette, see_through)), [[[255] * 3, [204, 255, 204], [0, 0, 255]]]
    )


@pytest.mark.parametrize(
    "row, depth, key, expected",
    [
        (bytes([10, 20, 30]), 8, 20, [10, 255, 30]),
        (bytes([0b00011000]), 2, 1, [0, 255, 170]),  # levels 0, 1, 2 of 0 … 3
        (struct.pack(">3H", 0, 257 * 9, 65535), 16, 257 * 9, [0, 255, 255]),
    ],
)
def test_grey_level_that_means_transparent(tmp_path, row, depth, key, expected):
    data = png([row], 3, depth, 0, (b"tRNS", struct.pack(">H", key)))
    np.testing.assert_array_equal(read_bytes(tmp_path, data)[0, :, 0], expected)


def test_cmyk(tmp_path):
    image = read_bytes(tmp_path, CMYK_JPEG).astype(int)
    assert np.abs(image[:, :6] - [255, 0, 0]).max() <= 4
    assert np.abs(image[:, 10:] - [163, 204, 204]).max() <= 4  # (1 − C)(1 − K): 0.8 · 0.8 · 255, 0.8 · 255
    cmyk = np.array([[[0, 255, 255, 0], [51, 0, 0, 51]]], np.uint8)
    image = read_bytes(tmp_path, tiff(cmyk, photometric=5)).astype(int)
    assert np.abs(image - [[[255, 0, 0], [163, 204, 204]]]).max() <= 1


@pytest.mark.skipif(OPENCV < (4, 12), reason="this OpenCV reads no GIF")
def test_first_frame_of_a_gif(tmp_path):
    red, green, blue = [255, 0, 0], [0, 255, 0], [0, 0, 255]
    np.testing.assert_array_equal(read_bytes(tmp_path, GIF), [[red, green, blue], [blue, green, red]])


@pytest.mark.parametrize("name", ["with space.png", "Grüße 東京 🎨.png", "no_ending", "'quoted'.jpg"])
def test_any_file_name(tmp_path, name):
    path = tmp_path / unicodedata.normalize("NFC", name)
    path.write_bytes(png_of(STORED))
    np.testing.assert_array_equal(read_image(path), STORED)
    np.testing.assert_array_equal(read_image(str(path)), STORED)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1)])
def test_any_shape(tmp_path, shape):
    assert read_bytes(tmp_path, png_of(np.full((*shape, 3), 7, np.uint8))).shape == (*shape, 3)


# Refusals.


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"", "is empty"),
        (b"A holiday in Rome\n", "is a text file"),
        ("Ein Gruß\r\n".encode("latin-1"), "is a text file"),
        (b"\n<!DOCTYPE html><html>", "is a web page"),
        (b'<?xml version="1.0"?>\n<svg>', "is an SVG drawing"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"\0\0\0\x18ftypheic", "is a HEIC photo"),
        (b"\0\0\0\x18ftypavif", "is an AVIF picture"),
        (b"\0\0\0\x18ftypisom", "is a video"),
        (b"\x1a\x45\xdf\xa3webm", "is a video"),
        (b"#?RADIANCE\n", "is a high dynamic range"),
        (b"PK\x03\x04", "is a zip or gzip archive"),
        (b"MATLAB 5.0 MAT-file", "is a MATLAB"),
        (bytes(range(8)), "is of an unknown kind (it begins with the bytes 00 01 02 03 04 05 06 07)"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, data, kind):
    message = refusal(tmp_path, data)
    assert kind in message
    assert "JPEG, PNG, WebP, TIFF, BMP, GIF" in message


def test_missing_file_and_folder(tmp_path):
    for path, words in ((tmp_path / "none.jpg", "No such file"), (tmp_path, "is a folder")):
        with pytest.raises(InputError, match=words) as caught:
            read_image(path)
        assert_one_line(caught.value)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs POSIX users")
def test_forbidden_file(tmp_path):
    path = tmp_path / "mine.png"
    path.write_bytes(png_of(STORED))
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # to root nothing is forbidden
    try:
        with pytest.raises(InputError, match="Permission denied"):
            read_image(path)
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("options", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_RST_INTERVAL, 1)])
def test_truncated_jpeg_is_refused_wherever_it_ends(tmp_path, options):
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    plain = encoded(".jpg", noise, *options)
    # The thumbnail in EXIF is a whole JPEG: its end must not be taken for the picture's.
    jpeg = jpeg_with(b"Exif\0\0" + exif(1) + encoded(".jpg", noise[:8, :8]), plain)
    np.testing.assert_array_equal(read_bytes(tmp_path, jpeg), read_bytes(tmp_path, plain))
    for length in range(3, len(jpeg), 7):
        refusal(tmp_path, jpeg[:length])
    for lost in range(1, 30):
        assert "without its end" in refusal(tmp_path, jpeg[:-lost])


def test_jpeg_with_zeros_for_its_second_half_is_refused(tmp_path):
    # As an interrupted copy may leave it; every OpenCV returns half a picture.
    coarse = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    jpeg = encoded(".jpg", cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC))
    half = len(jpeg) // 2
    assert cv2.imdecode(np.frombuffer(jpeg[:half] + bytes(half), np.uint8), cv2.IMREAD_COLOR) is not None
    assert "without its end" in refusal(tmp_path, jpeg[:half] + bytes(half))


def test_what_follows_a_jpeg_does_not_matter(tmp_path):
    jpeg = encoded(".jpg", STORED)
    second_view = jpeg_with(b"Exif\0\0" + exif(6), jpeg)
    for more in (b"a phone's video clip", second_view, b"\0\0" + second_view[2:]):
        np.testing.assert_array_equal(read_bytes(tmp_path, jpeg + more), read_bytes(tmp_path, jpeg))


@pytest.mark.parametrize("ending", [".png", ".webp", ".tif", ".bmp"])
def test_truncated_picture_is_refused(tmp_path, ending):
    data = encoded(ending, np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8))
    for length in (len(data) - 1, len(data) - 9, len(data) * 3 // 4, len(data) // 2, 40):
        assert "cut off" in refusal(tmp_path, data[:length])


def test_truncated_tiff_with_its_directory_in_front(tmp_path):
    data = tiff(STORED)
    for length in (len(data) - 1, len(data) * 3 // 4, 200, 9):
        refusal(tmp_path, data[:length])


def test_damaged_png_is_refused(tmp_path):
    data = bytearray(png_of(np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)))
    data[len(data) // 2] ^= 1
    assert "damaged" in refusal(tmp_path, bytes(data))


def test_gigantic_pictures_are_refused(tmp_path):
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(99)))
    assert "too many pixels" in refusal(tmp_path, bomb + png_chunk(b"IEND", b""))
    jpeg = encoded(".jpg", STORED)
    frame = jpeg.index(b"\xff\xc0") + 5
    assert "too many pixels" in refusal(tmp_path, jpeg[:frame] + struct.pack(">HH", 65000, 65000) + jpeg[frame + 4 :])


@pytest.mark.parametrize(
    "data, words",
    [
        (tiff(np.zeros((16, 24), np.float32), format=3), "float32 samples"),
        (tiff(np.zeros((16, 24), np.int16), format=2), "int16 samples"),
        (tiff(np.zeros((16, 24, 2), np.uint8), extra=2), "grey with transparency"),
        (tiff(STORED, planar=2), "planes"),
        (tiff(np.zeros((16, 24), np.uint16), photometric=0), "white to black"),
        (tiff(STORED, subfile=1), "preview"),
        (tiff(STORED, ">", subfile=1), "preview"),
    ],
)
def test_tiffs_that_would_come_out_wrong_are_refused(tmp_path, data, words):
    assert words in refusal(tmp_path, data)


READ_ALL = """
import sys, cv2, numpy
from transfer.image import read_image, write_image
for path in sys.argv[2:]:
    try:
        read_image(path) if sys.argv[1] == "ours" else cv2.imread(path, cv2.IMREAD_UNCHANGED)
    except (ValueError, cv2.error):
        pass
if sys.argv[1] == "ours":
    try:
        write_image(sys.argv[2] + ".jpg", numpy.zeros((16, 70000, 3), numpy.uint8))
    except ValueError:
        pass
    sys.stderr.write("still here")
"""


def test_codecs_print_nothing(tmp_path):
    whole = png_of(STORED)
    odd_profile = png_of(STORED, (b"iCCP", b"x\0\0" + zlib.compress(b"junk")))
    scan = encoded(".jpg", STORED)
    corrupt_jpeg = scan[:-2] + bytes(20) + b"\xff\xd0" + scan[-2:]
    files = []
    for number, data in enumerate(
        [
            whole[:-20],
            odd_profile,
            corrupt_jpeg,
            encoded(".bmp", STORED)[:-9],
            tiff(np.zeros((16, 24), np.float32), format=3)[:-9],
        ]
    ):
        files.append(str(tmp_path / str(number)))
        Path(files[-1]).write_bytes(data)

    def run(whose):
        command = [sys.executable, "-B", "-c", READ_ALL, whose, *files]
        done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, check=True)
        return done.stdout, done.stderr

    assert b"libpng" in run("opencv")[1]  # or this test would prove nothing
    assert run("ours") == (b"", b"still here")


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_reading_works_without_a_terminal(tmp_path):
    (tmp_path / "a.png").write_bytes(png_of(STORED))
    code = f"from transfer.image import read_image; print(read_image({str(tmp_path / 'a.png')!r}).shape)"
    closed = ["sh", "-c", '"$0" -B -c "$1" 2>&-', sys.executable, code]
    done = subprocess.run(closed, cwd=Path(__file__).parents[1], capture_output=True, check=True)
    assert done.stdout == b"(16, 24, 3)\n"


# Resizing.


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
    with pytest.raises(InputError, match=f"{shape[1]} × {shape[0]}.*at least {MINIMUM_SIDE}") as caught:
        resize(np.zeros((*shape, 3), np.uint8), longer_side)
    assert_one_line(caught.value)


def test_resize_to():
    assert resize_to(STORED, 16, 24) is STORED
    for size in ((8, 12), (8, 48), (64, 96)):
        assert resize_to(STORED, *size).shape == (*size, 3)
        assert resize_to(STORED.astype(np.float32), *size).dtype == np.float32
    np.testing.assert_array_equal(resize_to(STORED, 2, 3), BLOCKS)


# Writing.


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
        ("in.jpg/a.png", "in.jpg is no folder"),
        ("in.jpg/new/a.png", "in.jpg is no folder"),
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
    with pytest.raises(InputError, match="no folder that lets us"):
        check_output(tmp_path / "new" / "a.png")


# The contact sheet.


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
