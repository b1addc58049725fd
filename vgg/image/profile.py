"""Colour profiles: which colours a picture's RGB numbers mean, taken from one file and put into another.

A phone's photo has numbers of the colour space Display P3, say, and an ICC profile (ICC.1:2022, Annex B says where in
a file it stands) that describes it. A picture made from these numbers needs the same profile, or it looks paler than
the photo. We do not compute with profiles, and copy them as they are.

    PNG     one chunk iCCP: a name, 0, the compression method 0, and the profile as a zlib stream (PNG, 11.3.2.3)
    JPEG    segments APP2 of "ICC_PROFILE", 0, the part's number from 1, the number of parts, the part (ICC.1, B.4)
    WebP    one chunk ICCP: the profile (WebP container specification, "Color Profile")
"""

import struct
import zlib

from vgg.image.kind import jpeg_segments, kind_of, png_chunks, webp_chunks

_HEADER = 128  # bytes at a profile's beginning, ICC.1 §7.2
_JPEG_APP0, _JPEG_APP2 = b"\xff\xe0", b"\xff\xe2"
_JPEG_NAME = b"ICC_PROFILE\0"
_JPEG_PART = 65519  # bytes: a segment's largest length, 65535, without the length itself, the name and two numbers
_LARGEST = 255 * _JPEG_PART  # as the parts are counted in one byte; real profiles have 0.5 kB to 2 MB
_PNG_NAME = b"ICC profile"
_PNG_HEADER_END = 33  # eight bytes of signature, and the first chunk, IHDR, of 25


def profile_of(data: bytes, kind: str) -> bytes | None:
    """Return the ICC profile in a file, or None if it has none, a damaged one, or one that is not for RGB.

    Args:
        data: the whole file.
        kind: its format, one of `kind.READABLE`; profiles in other formats than PNG, JPEG and WebP are not looked for.
    """
    find = {"PNG": _in_png, "JPEG": _in_jpeg, "WebP": _in_webp}.get(kind)
    profile = find(data) if find else None
    if profile is None or profile[16:20] != b"RGB " or profile[36:40] != b"acsp":
        return None
    size = int.from_bytes(profile[:4], "big")
    # Some files fill up the profile with zeros, which PNG readers would take for damage.
    return profile[:size] if _HEADER < size <= min(len(profile), _LARGEST) else None


def with_profile(data: bytes, profile: bytes | None) -> bytes:
    """Return a PNG or JPEG file with `profile` put in; a file of another kind, or for None, as it is.

    Args:
        data: a whole file that has no profile yet, as OpenCV writes it.
        profile: as `profile_of` returns it.
    """
    kind = kind_of(data[:1024])
    if profile is None or kind not in ("PNG", "JPEG"):
        return data
    place, block = _png_chunk(profile) if kind == "PNG" else _jpeg_parts(data, profile)
    return data[:place] + block + data[place:]


def _in_png(data: bytes) -> bytes | None:
    for name, payload in png_chunks(data):
        if name == b"iCCP":
            _, _, method_and_stream = payload.partition(b"\0")
            return _unpacked(method_and_stream[1:]) if method_and_stream[:1] == b"\0" else None
    return None


def _unpacked(stream: bytes) -> bytes | None:
    """Return what a zlib stream holds; None if it is damaged or, perhaps in malice, far longer than any profile."""
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(stream, _LARGEST)
    except zlib.error:
        return None
    return profile if unpacker.eof else None


def _in_jpeg(data: bytes) -> bytes | None:
    """Return the parts put together, in the order of their numbers; None unless each of them is there once."""
    begin = len(_JPEG_NAME)
    found = [
        (payload[begin], payload[begin + 1], payload[begin + 2 :])
        for marker, payload in jpeg_segments(data)
        if marker == _JPEG_APP2[1:] and payload.startswith(_JPEG_NAME) and len(payload) >= begin + 2
    ]
    parts = sorted(found)
    if [(number, count) for number, count, _ in parts] != [(i + 1, len(parts)) for i in range(len(parts))]:
        return None
    return b"".join(part for _, _, part in parts) or None


def _in_webp(data: bytes) -> bytes | None:
    return next((payload for name, payload in webp_chunks(data) if name == b"ICCP"), None)


def _png_chunk(profile: bytes) -> tuple[int, bytes]:
    """Return where in a PNG file the chunk goes, which is before the palette and the pixels, and the chunk."""
    content = b"iCCP" + _PNG_NAME + b"\0\0" + zlib.compress(profile, 9)
    return _PNG_HEADER_END, struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))


def _jpeg_parts(data: bytes, profile: bytes) -> tuple[int, bytes]:
    """Return where in a JPEG file the segments go, and the segments."""
    place = 2  # after the start-of-image marker, and after the JFIF segment APP0, which must be first
    if data[2:4] == _JPEG_APP0:
        place = 4 + int.from_bytes(data[4:6], "big")
    parts = [profile[i : i + _JPEG_PART] for i in range(0, len(profile), _JPEG_PART)]
    block = b""
    for number, part in enumerate(parts, 1):
        content = _JPEG_NAME + bytes([number, len(parts)]) + part
        block += _JPEG_APP2 + struct.pack(">H", len(content) + 2) + content
    return place, block
