"""What a picture's file tells before it is decoded: its kind, whether it is whole, and its orientation.

OpenCV decodes the pixels, but with `IMREAD_UNCHANGED`, the only mode that keeps transparency, it leaves out the
EXIF orientation, and it may decode a JPEG that was cut off to a half grey picture without an error. Both are found
here instead.

Formats: JPEG (ITU-T T.81, Annex B), PNG (ISO/IEC 15948, §5), WebP (RFC 9649), TIFF 6.0, Exif 2.3.
"""

import re
import struct
from collections.abc import Iterator

#: The EXIF orientations of a picture that lies on its side.
TURNED = (5, 6, 7, 8)

READABLE = ("JPEG", "PNG", "WebP", "TIFF", "BMP", "GIF")

# First match wins: a raw photo is also a TIFF, an SVG drawing is also a text.
_STARTS = (
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"RIFF....WEBP", "WebP"),
    (rb"II\*\0....CR|....ftypcrx|FUJIFILMCCD-RAW|IIRO|IIU\0", "a camera's raw photo"),
    (rb"II\*\0|MM\0\*", "TIFF"),
    (rb"BM....\0\0\0\0", "BMP"),
    (rb"GIF8[79]a", "GIF"),
    (rb"....ftypavi[fs]", "an AVIF picture"),
    (rb"....ftyp(hei|hev|mif|msf)", "a HEIC photo"),
    (rb"....(ftyp|moov|mdat|wide)|\x1a\x45\xdf\xa3|RIFF....AVI ", "a video"),
    (rb"%PDF|%!PS", "a PDF or PostScript document"),
    (rb"8BPS", "a Photoshop document"),
    (rb"\0\0\0\x0cjP |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (rb"\0\0\0\x0cJXL |\xff\x0a", "a JPEG XL picture"),
    (rb"\x76\x2f\x31\x01|#\?RADIANCE|#\?RGBE|P[Ff]\s", "a high dynamic range (EXR, HDR, PFM) picture"),
    (rb"P[1-6]\s", "a PNM picture"),
    (rb"II\+\0|MM\0\+", "a BigTIFF file"),
    (rb"MATLAB|\x89HDF", "a MATLAB or HDF5 file"),
    (rb"PK\x03\x04|\x1f\x8b", "a zip or gzip archive"),
    (rb"(\xef\xbb\xbf)?\s*(?i:<!doctype html|<html)", "a web page (HTML)"),
    (rb"[^\0]*<svg", "an SVG drawing"),
    (rb"[\t\n\f\r\x20-\x7e\x80-\xff]+\Z", "a text file"),
    (rb"\Z", "empty"),
)
# In compressed JPEG data 0xFF is always followed by 0x00 or by a restart marker, D0 … D7.
_JPEG_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
_JPEG_END = b"\xd9"
_JPEG_FRAMES = tuple(bytes([marker]) for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC))
_EXIF_BLOCKS = (b"\xe1", b"eXIf", b"EXIF")  # as JPEG, PNG and WebP call them

# TIFF tags, TIFF 6.0 §8. EXIF is itself a small TIFF file.
_SUBFILE_TYPE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _ORIENTATION = 254, 256, 257, 258, 262, 274
_SAMPLES, _PLANAR, _EXTRA_SAMPLES = 277, 284, 338
_LAB = (8, 9, 10)  # CIELab, and as ICC and ITU write it
_SHORT, _LONG = 3, 4


def kind_of(start: bytes) -> str:
    """Return one of `READABLE`, or in words what a file whose first kilobyte is `start` seems to be."""
    for pattern, kind in _STARTS:
        if re.match(pattern, start, re.DOTALL):
            return kind
    return f"of an unknown kind (it begins with the bytes {start[:8].hex(' ')})"


def size_of(data: bytes, kind: str) -> tuple[int, int]:
    """Return the width and height in a file's header, of a GIF the canvas's; numbers of no meaning if it is damaged."""
    if kind == "PNG":
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if kind == "JPEG":
        frames = (payload for marker, payload in jpeg_segments(data) if marker in _JPEG_FRAMES)
        header = next(frames, b"")
        return int.from_bytes(header[3:5], "big"), int.from_bytes(header[1:3], "big")
    if kind == "TIFF":
        tags = _tiff_tags(data)
        sides = tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0)
        return sides[::-1] if tags.get(_ORIENTATION) in TURNED else sides  # as OpenCV turns it
    if kind == "WebP":
        name, header = next(webp_chunks(data), (b"", b""))
        if name == b"VP8X":
            return 1 + int.from_bytes(header[4:7], "little"), 1 + int.from_bytes(header[7:10], "little")
        if name == b"VP8L":  # 14 bits each, less 1
            both = int.from_bytes(header[1:5], "little")
            return 1 + (both & 0x3FFF), 1 + (both >> 14 & 0x3FFF)
        both = int.from_bytes(header[6:10], "little")  # 14 bits each, and 2 between them
        return both & 0x3FFF, both >> 16 & 0x3FFF
    start, length = (18, 4) if kind == "BMP" else (6, 2)
    sides = (data[start : start + length], data[start + length : start + 2 * length])
    width, height = (int.from_bytes(side, "little", signed=kind == "BMP") for side in sides)
    return width, abs(height)  # a BMP counts rows from the top if its height is negative


def jpeg_is_whole(data: bytes) -> bool:
    """Return whether a JPEG file is complete up to its end-of-image marker."""
    return any(marker == _JPEG_END for marker, _ in jpeg_segments(data))


def exif_orientation(data: bytes, kind: str) -> int:
    """Return tag 0x0112 of Exif 2.3, 1 … 8 unless the file is odd; 1, upright, if a JPEG, PNG or WebP has none.

    Always 1 for the other kinds: BMP and GIF have no EXIF, and OpenCV applies TIFF's own orientation by itself.
    """
    blocks = {"JPEG": jpeg_segments, "PNG": png_chunks, "WebP": webp_chunks}
    if kind not in blocks:
        return 1
    for name, payload in blocks[kind](data):
        if name in _EXIF_BLOCKS:
            tags = _tiff_tags(payload.removeprefix(b"Exif\0\0"))
            if _ORIENTATION in tags:
                return tags[_ORIENTATION]
    return 1


def tiff_obstacle(data: bytes) -> str | None:
    """Return what makes OpenCV decode this TIFF file to wrong colours without an error, or None."""
    tags = _tiff_tags(data)
    samples = tags.get(_SAMPLES, 1)
    if tags.get(_SUBFILE_TYPE, 0) & 1:
        return "first picture is only a preview, as in a camera's raw photo"
    if samples == 2:
        return "pixels are grey with transparency"
    if samples > 1 and tags.get(_PLANAR) == 2:
        return "colour planes are stored one after the other"
    if tags.get(_PHOTOMETRIC) in _LAB:
        return "colours are CIELab, not RGB"
    if samples == 1 and tags.get(_BITS) == 16 and tags.get(_PHOTOMETRIC) == 0:
        return "16-bit grey levels count from white to black"
    return None


def tiff_is_premultiplied(data: bytes, bits: int) -> bool:
    """Return whether OpenCV returns this TIFF's colours already multiplied by alpha (libtiff does so at 8 bits)."""
    extra = _tiff_tags(data).get(_EXTRA_SAMPLES)
    return extra == 1 or (extra == 2 and bits == 8)


def png_grey_key(data: bytes) -> int | None:
    """Return the grey level that means "transparent" in a grey PNG without alpha, which OpenCV ignores."""
    bit_depth = data[24]
    for name, payload in png_chunks(data):
        if name == b"tRNS":
            # OpenCV stretches 1, 2 and 4 bits to the range 0 … 255.
            stretch = 255 // (2**bit_depth - 1) if bit_depth < 8 else 1
            return int.from_bytes(payload[:2], "big") * stretch
    return None


def jpeg_segments(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (marker, payload) of each segment; skip the compressed data between them."""
    position = 2
    while found := _JPEG_MARKER.search(data, position):
        length = int.from_bytes(data[found.end() : found.end() + 2], "big")
        yield found[1], data[found.end() + 2 : found.end() + length]
        if found[1] == _JPEG_END:
            return  # what follows is not the picture: a phone's video clip, a second view
        position = found.end() + length


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, data) of each chunk."""
    position = 8
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        yield name, data[position + 8 : position + 8 + length]
        position += 12 + length


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, data) of each chunk."""
    position = 12
    while position + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, position)
        yield name, data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2


def _tiff_tags(data: bytes) -> dict[int, int]:
    """Return the first value of each SHORT or LONG tag in the first directory itself; {} if `data` is not a TIFF."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    tags: dict[int, int] = {}
    if order is None or len(data) < 8:
        return tags
    (directory,) = struct.unpack_from(order + "I", data, 4)
    length = 12 * int.from_bytes(data[directory : directory + 2], "little" if order == "<" else "big")
    entries = data[directory + 2 : directory + 2 + length]
    for position in range(0, len(entries) - 11, 12):
        tag, kind = struct.unpack_from(order + "HH", entries, position)
        if kind in (_SHORT, _LONG):
            (tags[tag],) = struct.unpack_from(order + ("H" if kind == _SHORT else "I"), entries, position + 8)
    return tags
