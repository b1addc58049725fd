"""Picture files put together byte by byte, so that OpenCV is not its own judge; and how the tests read them."""

import base64
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from vgg.errors import InputError
from vgg.tools.image import read_image, read_size

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


def icc(size: int, space: bytes = b"RGB ", signature: bytes = b"acsp") -> bytes:
    """A profile of `size` bytes, a multiple of 4, without a tag and then noise, which zlib cannot make smaller."""
    white = bytes.fromhex("0000f6d6000100000000d32d")  # D50, which libpng wants to see
    header = struct.pack(">I", size) + bytes(4) + b"\4\x30\0\0mntr" + space + b"XYZ " + bytes(12) + signature
    noise = np.random.default_rng(size).integers(0, 256, max(size - 132, 0), np.uint8).tobytes()
    return (header.ljust(68, b"\0") + white).ljust(132, b"\0")[:size] + noise


def read_bytes(folder: Path, data: bytes) -> np.ndarray:
    path = folder / "picture"  # the contents count, not the ending
    path.write_bytes(data)
    image = read_image(path)
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert read_size(path) == image.shape[:2]
    return image


def refusal(folder: Path, data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read_bytes(folder, data)
    assert_one_line(caught.value)
    return str(caught.value)


def assert_one_line(error: InputError) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 600  # a name of 255 letters is in some, in a folder that is named twice
