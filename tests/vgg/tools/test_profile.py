"""The ICC profile of a picture: found in PNG, JPEG and WebP, put into PNG and JPEG, and left out if damaged."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from image_files import STORED, encoded, exif, icc, jpeg_with, png_of, tiff
from vgg.tools.image import read_image, read_picture, write_image


def app2(payload: bytes) -> bytes:
    return b"\xff\xe2" + struct.pack(">H", len(payload) + 2) + payload


def parts(profile: bytes, length: int) -> list[bytes]:
    """The segments of a JPEG file that carry a profile."""
    pieces = [profile[i : i + length] for i in range(0, len(profile), length)]
    return [app2(b"ICC_PROFILE\0" + bytes([i + 1, len(pieces)]) + piece) for i, piece in enumerate(pieces)]


def jpeg_of(*segments: bytes) -> bytes:
    jpeg = encoded(".jpg", STORED)
    return jpeg[:20] + b"".join(segments) + jpeg[20:]  # after the start and a JFIF segment of 18 bytes


def iccp(profile: bytes, name: bytes = b"icc", method: int = 0) -> tuple[bytes, bytes]:
    return b"iCCP", name + bytes([0, method]) + zlib.compress(profile)


def webp_of(profile: bytes) -> bytes:
    simple = encoded(".webp", STORED, cv2.IMWRITE_WEBP_QUALITY, 101)
    size = struct.pack("<I", STORED.shape[1] - 1)[:3] + struct.pack("<I", STORED.shape[0] - 1)[:3]
    chunks = b"VP8X" + struct.pack("<I", 10) + bytes([0x20, 0, 0, 0]) + size
    chunks += b"ICCP" + struct.pack("<I", len(profile)) + profile + bytes(len(profile) % 2)
    chunks += simple[simple.index(b"VP8L") :]
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def profile_in(folder, data: bytes) -> bytes | None:
    (folder / "picture").write_bytes(data)
    return read_picture(folder / "picture").profile


def chunks_of(png: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG file by our own reading, each with its checksum checked."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    position, chunks = 8, []
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        name, content = png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack(">I", png[position + 8 + length : position + 12 + length])
        assert checksum == zlib.crc32(name + content)
        chunks.append((name, content))
        position += 12 + length
    return chunks


def segments_of(jpeg: bytes) -> list[tuple[int, bytes]]:
    """(marker, content) of a JPEG file's segments by our own reading, as far as the compressed data."""
    position, segments = 2, []
    while not segments or segments[-1][0] != 0xDA:
        assert jpeg[position] == 0xFF
        (length,) = struct.unpack(">H", jpeg[position + 2 : position + 4])
        segments.append((jpeg[position + 1], jpeg[position + 4 : position + 2 + length]))
        position += 2 + length
    return segments


@pytest.mark.parametrize("size", [200, 3000, 100_000])
def test_found_in_each_format(tmp_path, size):
    profile = icc(size)
    files = {
        "png": png_of(STORED, (b"gAMA", bytes(4)), iccp(profile)),
        "jpeg": jpeg_of(app2(b"MPF\0junk"), *parts(profile, 30_000)),
        "webp": webp_of(profile),
    }
    for name, data in files.items():
        assert profile_in(tmp_path, data) == profile, name
        assert read_image(tmp_path / "picture").shape == STORED.shape, name


def test_none_in_pictures_without(tmp_path):
    for data in (png_of(STORED), encoded(".jpg", STORED), encoded(".webp", STORED), tiff(STORED)):
        assert profile_in(tmp_path, data) is None


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_exif_orientation_does_not_matter_and_is_not_written(tmp_path, orientation):
    """An upright picture with the profile comes out, and no tag would turn it a second time."""
    profile = icc(3000)
    data = jpeg_with(b"Exif\0\0" + exif(orientation), jpeg_of(*parts(profile, 1000)))
    assert profile_in(tmp_path, data) == profile
    image = read_image(tmp_path / "picture")
    assert image.shape == ((24, 16, 3) if orientation == 6 else (16, 24, 3))
    for name in ("a.png", "a.jpg", "a.webp"):
        write_image(tmp_path / name, image, profile=profile)
        assert b"xif" not in (tmp_path / name).read_bytes().replace(profile, b""), "neither eXIf nor Exif"
        assert read_image(tmp_path / name).shape == image.shape
        assert cv2.imread(str(tmp_path / name)).shape == image.shape, "OpenCV would turn it"


DAMAGES = {
    "grey": icc(300, space=b"GRAY"),
    "cmyk": icc(300, space=b"CMYK"),
    "no profile": icc(300, signature=b"junk"),
    "cut off": icc(300)[:250],
    "header only": icc(128),
    "short": b"RGB acsp",
    "empty": b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_other_and_damaged_profiles_are_ignored(tmp_path, damage):
    profile = DAMAGES[damage]
    for data in (png_of(STORED, iccp(profile)), jpeg_of(*parts(profile, 200)), webp_of(profile)):
        assert profile_in(tmp_path, data) is None


def test_damaged_chunks_and_segments_are_ignored(tmp_path):
    profile = icc(300)
    one, two = parts(profile, 200)
    name, payload = iccp(profile)
    for data in (
        jpeg_of(one),
        jpeg_of(two),
        png_of(STORED, (name, payload[:-30])),
        png_of(STORED, (name, payload[:50] + b"?" + payload[51:])),
    ):
        assert profile_in(tmp_path, data) is None


def test_zeros_after_the_profile_are_cut_off(tmp_path):
    assert profile_in(tmp_path, webp_of(icc(300) + bytes(3))) == icc(300)


@pytest.mark.parametrize("depth", [8, 16])
def test_png_has_it_behind_the_header(tmp_path, depth):
    profile = icc(5000)
    write_image(tmp_path / "a.png", STORED, depth, profile)
    chunks = chunks_of((tmp_path / "a.png").read_bytes())
    assert [name for name, _ in chunks][:2] == [b"IHDR", b"iCCP"] and [name for name, _ in chunks].count(b"iCCP") == 1
    assert chunks[-1] == (b"IEND", b"")
    name, _, rest = chunks[1][1].partition(b"\0")
    assert 1 <= len(name) <= 79 and name.decode("ascii").isprintable()
    assert rest[0] == 0 and zlib.decompress(rest[1:]) == profile
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), STORED)
    write_image(tmp_path / "b.png", STORED, depth, profile)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("size", [200, 65_519, 65_520, 100_000])
def test_jpeg_has_it_in_parts(tmp_path, size):
    profile = icc(size)
    write_image(tmp_path / "a.jpg", STORED, profile=profile)
    data = (tmp_path / "a.jpg").read_bytes()
    segments = segments_of(data)
    count = 1 if size <= 65_519 else 2
    assert [marker for marker, _ in segments][: count + 2] == [0xE0, *count * [0xE2], 0xDB], "JFIF is the first"
    found = [content for marker, content in segments if marker == 0xE2]
    assert [content[:14] for content in found] == [b"ICC_PROFILE\0" + bytes([i + 1, count]) for i in range(count)]
    assert b"".join(content[14:] for content in found) == profile
    assert read_picture(tmp_path / "a.jpg").profile == profile
    write_image(tmp_path / "b.jpg", STORED)
    np.testing.assert_array_equal(read_image(tmp_path / "a.jpg"), read_image(tmp_path / "b.jpg"))


def test_other_formats_go_without(tmp_path):
    for ending in ("tif", "webp", "bmp"):
        write_image(tmp_path / f"a.{ending}", STORED, profile=icc(300))
        write_image(tmp_path / f"b.{ending}", STORED)
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
