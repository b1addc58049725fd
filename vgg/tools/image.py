"""Read, resize and write pictures.

An image is an array (height, width, 3), RGB, in [0, 255]: uint8 as read, uint8 or float afterwards. A picture is a file
of one. OpenCV decodes and encodes; what it leaves to its user is here: the kind, size and orientation from the header
(ITU-T T.81, PNG, RFC 9649, TIFF 6.0, Exif 2.3), transparency, 16 bits, JPEG files that are cut off, and the colour
profile, which says which colours the RGB numbers mean (ICC.1:2022). We copy profiles and do not compute with them.

To read one more kind: add its first bytes to `_STARTS`, its name to `READABLE`, and its size to `_header`.
"""

import hashlib
import math
import os
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np

from vgg.errors import InputError
from vgg.layers import SMALLEST_SIDE
from vgg.tools.files import atomic_write, check_place, open_file

Depth = Literal[8, 16]

READABLE = ("JPEG", "PNG", "WebP", "TIFF", "BMP", "GIF")
_STARTS = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "WebP": rb"RIFF....WEBP",
    "TIFF": rb"(II\*\0(?!....CR)|MM\0\*)",  # CR: a camera's raw photo, of which OpenCV would read the preview
    "BMP": rb"BM....\0\0\0\0",
    "GIF": rb"GIF8[79]a",
    "an AVIF picture": rb"....ftypavi[fs]",
    "a HEIC photo": rb"....ftyp(hei|hev|mif|msf)",
    "a video": rb"....(ftyp|moov|mdat|wide)|\x1a\x45\xdf\xa3|RIFF....AVI ",
    "a PDF document": rb"%PDF",
    "a text file": rb"[\t\n\f\r\x20-\x7e\x80-\xff]+\Z",
    "empty": rb"\Z",
}
#: Memory that decoding takes at most, in bytes a pixel: four channels of 16 bits, the image, and its upright copy.
BYTES_A_PIXEL = 8 + 3 + 3
_MOST_PIXELS = 2**30  # OpenCV decodes no more
_ROWS = 64  # made opaque at a time: between, the numbers are float32

_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)
_WEBP = (cv2.IMWRITE_WEBP_QUALITY, 101)  # above 100 is OpenCV's way to say lossless
_OPTIONS = {".png": (), ".jpg": _JPEG, ".jpeg": _JPEG, ".webp": _WEBP, ".tif": (), ".tiff": (), ".bmp": ()}
#: The endings of the files that we can write; all are lossless but ".jpg" and ".jpeg".
WRITABLE = tuple(_OPTIONS)
#: Those with room for 16 bits.
WRITABLE_DEEP = (".png", ".tif", ".tiff")
#: Pixels that a side may have at most, where the format or its library has a limit of its own.
LARGEST_SIDE = {".webp": 16383, ".jpg": 65500, ".jpeg": 65500}

# In compressed JPEG data 0xFF is always followed by 0x00 or by a restart marker, D0 … D7.
_JPEG_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
_JPEG_END, _JPEG_APP1 = 0xD9, 0xE1
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TURNED = (5, 6, 7, 8)  # the Exif orientations of a picture that lies on its side
# TIFF tags, TIFF 6.0 §8. EXIF is itself a small TIFF file.
_SUBFILE_TYPE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _ORIENTATION = 254, 256, 257, 258, 262, 274
_SAMPLES, _PLANAR, _EXTRA_SAMPLES = 277, 284, 338
_LAB = (8, 9, 10)  # CIELab, and as ICC and ITU write it
_PROFILE_HEADER = 128  # bytes, ICC.1 §7.2
_PROFILE_PART = 65519  # bytes of a profile in one JPEG segment, of which there are 255 at most


# Reading.


class Picture(NamedTuple):
    """A picture's file, read once for all that is wanted of it."""

    image: np.ndarray  # see `read_image`
    profile: bytes | None  # see `read_profile`
    length: int  # of the file, in bytes
    sha256: str  # of the file


def read_image(path: Path | str, most_bytes: float = math.inf) -> np.ndarray:
    """Return the picture as uint8 (height, width, 3), RGB in [0, 255], upright, transparency laid on white.

    16-bit pictures are scaled to 8 bits; of several frames or pages the first is taken; colour profiles are
    ignored, see `read_profile`. A picture that needs more than `most_bytes` of memory is refused before it is decoded.

    Raises:
        InputError: the file is missing, unreadable, not a picture, damaged, cut off, too large or of a rare kind.
    """
    return _decoded(*_read(path), path, most_bytes)


def read_profile(path: Path | str) -> bytes | None:
    """Return the ICC profile that says which colours the RGB numbers of a PNG, JPEG or WebP file mean.

    None if there is none, if it is damaged, or if it is not for RGB.

    Raises:
        InputError: the file is missing, unreadable, or not a picture.
    """
    return _profile_in(_read(path)[0])


def read_picture(path: Path | str, most_bytes: float = math.inf) -> Picture:
    """Return what `read_image` and `read_profile` do, and what the file can be recognised by; it is read once."""
    data, kind = _read(path)
    digest = hashlib.sha256(data, usedforsecurity=False).hexdigest()
    return Picture(_decoded(data, kind, path, most_bytes), _profile_in(data), len(data), digest)


def _decoded(data: bytes, kind: str, path: Path | str, most_bytes: float) -> np.ndarray:
    width, height, orientation = _header(data, kind, path)
    needed, most_bytes = BYTES_A_PIXEL * width * height, min(most_bytes, BYTES_A_PIXEL * _MOST_PIXELS)
    if needed > most_bytes:
        raise InputError(
            f"{path} has {width} × {height} pixels, which need {needed / 1e9:.1f} GB to be read, expected "
            f"{most_bytes / 1e9:.1f} GB at most on this machine; save a smaller version of it"
        )
    if kind == "JPEG" and not any(marker == _JPEG_END for marker, _ in _jpeg_segments(data)):
        raise InputError(f"{path} is cut off, a JPEG picture without its end; copy or download it again")
    pixels = _opencv_pixels(data, kind, path)
    extra = _tiff_tags(data).get(_EXTRA_SAMPLES)
    # A TIFF's colours come multiplied by alpha: as they are in the file, or at 8 bits by libtiff.
    premultiplied = extra == 1 or (extra == 2 and pixels.itemsize == 1)
    image = np.empty((*pixels.shape[:2], 3), np.uint8)
    for top in range(0, len(pixels), _ROWS):
        image[top : top + _ROWS] = _opaque_rgb(pixels[top : top + _ROWS], premultiplied)
    return image if kind == "TIFF" else _turn_upright(image, orientation)  # a TIFF is turned by OpenCV


def _profile_in(file: bytes) -> bytes | None:
    data = np.frombuffer(file, np.uint8)
    try:  # a JPEG is decoded at an eighth of its size
        _, kinds, blocks = cv2.imdecodeWithMetadata(data, cv2.IMREAD_REDUCED_GRAYSCALE_8)
    except cv2.error:
        return None
    profile = dict(zip(kinds, blocks, strict=True)).get(cv2.IMAGE_METADATA_ICCP, data[:0]).tobytes()
    if profile[16:20] != b"RGB " or profile[36:40] != b"acsp":
        return None
    size = int.from_bytes(profile[:4], "big")
    # Some files fill up the profile with zeros, which PNG readers would take for damage.
    return profile[:size] if _PROFILE_HEADER < size <= min(len(profile), 255 * _PROFILE_PART) else None


def read_size(path: Path | str) -> tuple[int, int]:
    """Return the height and width of what `read_image` returns, without decoding it; raises InputError as that does."""
    width, height, orientation = _header(*_read(path), path)
    return (width, height) if orientation in _TURNED else (height, width)


def kind_of(start: bytes) -> str:
    """Return one of `READABLE`, or in words what a file whose first kilobyte is `start` seems to be."""
    kinds = (kind for kind, pattern in _STARTS.items() if re.match(pattern, start, re.DOTALL))
    return next(kinds, "not a picture that this program reads")


def _read(path: Path | str) -> tuple[bytes, str]:
    """Return the whole file and which kind of picture it is."""
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder, expected a picture; name the file inside it")
    try:
        with open_file(path) as file:
            start = file.read(1024)
            kind = kind_of(start)
            if kind not in READABLE:  # before reading on: a video can have gigabytes
                kinds = ", ".join(READABLE)
                raise InputError(f"{path} is {kind}, expected a picture ({kinds}); save it in one of these formats")
            return start + file.read(), kind
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check its name and permissions") from error


def _header(data: bytes, kind: str, path: Path | str) -> tuple[int, int, int]:
    """Return the width and height as stored, of a GIF the canvas's, and the Exif orientation, 1 … 8 if it is sound."""
    width = height = 0
    exif = b""
    try:
        if kind == "JPEG":
            for marker, payload in _jpeg_segments(data):
                if marker in _JPEG_FRAMES and not width:
                    height, width = struct.unpack_from(">HH", payload, 1)
                exif = exif or (payload if marker == _JPEG_APP1 and payload.startswith(b"Exif") else b"")
        elif kind == "PNG":
            width, height = struct.unpack_from(">II", data, 16)
            exif = dict(_chunks(data, ">I4s", 8)).get(b"eXIf", b"")
        elif kind == "WebP":
            width, height = _webp_size(*next(_chunks(data, "<4sI", 12)))
            exif = dict(_chunks(data, "<4sI", 12)).get(b"EXIF", b"")
        elif kind == "TIFF":
            width, height, exif = _tiff_tags(data).get(_WIDTH, 0), _tiff_tags(data).get(_HEIGHT, 0), data
        elif kind == "BMP":  # it counts rows from the top if its height is negative; the oldest have short numbers
            width, height = struct.unpack_from("<HH" if data[14] == 12 else "<ii", data, 18)
        else:
            width, height = struct.unpack_from("<HH", data, 6)
    except (struct.error, IndexError, StopIteration):
        width = 0
    if not width or not height:
        raise InputError(f"{path} is a {kind} picture without a size, as it is damaged or cut off; copy it again")
    return width, abs(height), _tiff_tags(exif.removeprefix(b"Exif\0\0")).get(_ORIENTATION, 1)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (marker, payload) of each segment as far as the picture's end; skip the compressed data between them."""
    position = 2
    while match := _JPEG_MARKER.search(data, position):
        length = int.from_bytes(data[match.end() : match.end() + 2], "big")
        yield match[1][0], data[match.end() + 2 : match.end() + length]
        if match[1][0] == _JPEG_END:
            return  # what follows is not the picture: a phone's video clip, a second view
        position = match.end() + length


def _chunks(data: bytes, layout: str, position: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, payload) of each chunk from `position` on; its length and name are laid out as in PNG or WebP."""
    while position + 8 <= len(data):
        first, second = struct.unpack_from(layout, data, position)
        length, name = (first, second) if layout == ">I4s" else (second, first)
        yield name, data[position + 8 : position + 8 + length]
        position += 12 + length if layout == ">I4s" else 8 + length + length % 2  # a checksum, or padding


def _webp_size(name: bytes, header: bytes) -> tuple[int, int]:
    """Return the width and height that a WebP's first chunk tells (RFC 9649, 2.5 to 2.7)."""
    if name == b"VP8X":
        return 1 + int.from_bytes(header[4:7], "little"), 1 + int.from_bytes(header[7:10], "little")
    if name == b"VP8L":  # 14 bits each, less 1
        (both,) = struct.unpack_from("<I", header, 1)
        return 1 + (both & 0x3FFF), 1 + (both >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", header, 6)  # 14 bits each, and two bits of a scale
    return width & 0x3FFF, height & 0x3FFF


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
        if kind in (3, 4):  # SHORT and LONG
            (tags[tag],) = struct.unpack_from(order + ("H" if kind == 3 else "I"), entries, position + 8)
    return tags


def _is_odd_tiff(tags: dict[int, int]) -> bool:
    """Return whether OpenCV would decode a TIFF with these tags to wrong colours without an error."""
    samples, colours = tags.get(_SAMPLES, 1), tags.get(_PHOTOMETRIC)
    is_preview = tags.get(_SUBFILE_TYPE, 0) & 1 == 1  # as in a camera's raw photo
    has_planes = samples > 1 and tags.get(_PLANAR) == 2
    is_deep_negative = samples == 1 and tags.get(_BITS) == 16 and colours == 0
    return is_preview or samples == 2 or has_planes or is_deep_negative or colours in _LAB


def _opencv_pixels(data: bytes, kind: str, path: Path | str) -> np.ndarray:
    """Decode to uint8 or uint16: grey (H, W), BGR (H, W, 3) or BGRA (H, W, 4), not turned upright unless a TIFF."""
    pixels = None
    if not _is_odd_tiff(_tiff_tags(data)):
        with suppress(cv2.error, MemoryError):
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"{path} is a {kind} picture that we cannot decode, as it is damaged, cut off or of a rare variety (more "
            "than 16 bits, CIELab, a raw photo …); copy it again, or save it as PNG in an image editor"
        )
    transparent = dict(_chunks(data, ">I4s", 8)).get(b"tRNS") if kind == "PNG" and pixels.ndim == 2 else None
    if transparent:  # a grey level, which OpenCV ignores; it stretches 1, 2 and 4 bits to 0 … 255
        stretch = 255 // (2 ** data[24] - 1) if data[24] < 8 else 1
        pixels[pixels == int.from_bytes(transparent[:2], "big") * stretch] = np.iinfo(pixels.dtype).max
    return pixels


def _opaque_rgb(pixels: np.ndarray, premultiplied: bool) -> np.ndarray:
    """Return uint8 RGB (H, W, 3) from OpenCV's grey, BGR or BGRA in 8 or 16 bits."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    to_rgb = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}[channels]
    rgb = cv2.cvtColor(pixels, to_rgb)
    white = np.iinfo(pixels.dtype).max
    if channels == 4:
        alpha = pixels[..., 3:].astype(np.float32) / white
        rgb = (rgb if premultiplied else rgb * alpha) + white * (1 - alpha)
    return rgb if rgb.dtype == np.uint8 else to_uint8(rgb * np.float32(255 / white))


def _turn_upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Undo the camera's rotation and mirroring; `orientation` is 1 … 8 as in Exif, any other number means upright."""
    if orientation in _TURNED:
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


# Resizing.


def resize(image: np.ndarray, longer_side: int) -> np.ndarray:
    """Return the picture with `longer_side` pixels on its longer side, in the same proportions; never enlarge it.

    Args:
        image: (height, width, 3); it is returned as it is when it is already small enough.
        longer_side: in pixels.

    Raises:
        InputError: a side would be shorter than `SMALLEST_SIDE`, as with a very long and narrow picture.
    """
    height, width = image.shape[:2]
    scale = min(1.0, longer_side / max(height, width))
    new_height, new_width = round(height * scale), round(width * scale)
    if min(new_height, new_width) < SMALLEST_SIDE:
        raise InputError(
            f"a picture of {width} × {height} pixels would be used at {new_width} × {new_height}, expected at least "
            f"{SMALLEST_SIDE} on both sides; crop it, or choose a larger picture or size"
        )
    return resize_to(image, new_height, new_width)


def resize_to(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the picture, uint8 or float32 (·, ·, 3), at exactly this size in pixels, stretched if necessary.

    A side that shrinks averages areas. One that grows is bicubic: a float picture may then exceed its range a little.
    """
    shrunk = min(height, image.shape[0]), min(width, image.shape[1])
    if shrunk != image.shape[:2]:
        image = cv2.resize(image, shrunk[::-1], interpolation=cv2.INTER_AREA)
    if shrunk != (height, width):
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    return image


def shrunk(image: np.ndarray, longer_side: int) -> np.ndarray:
    """Return an array (H, W) or (H, W, C) with at most `longer_side` pixels on its longer side; each side keeps one."""
    scale = min(1.0, longer_side / max(image.shape[:2]))
    return resize_to(image, *(max(1, round(side * scale)) for side in image.shape[:2]))


# Writing.


def check_output(path: Path | str, inputs: Sequence[Path | str] = (), depth: Depth = 8) -> None:
    """Raise InputError unless a picture can be written to `path`, so that a long run does not fail at its end.

    Refused are an ending that we cannot write, or one without room for `depth` bits; one of the `inputs`; and what
    `check_place` refuses.
    """
    path = Path(path)
    endings = WRITABLE_DEEP if depth == 16 else WRITABLE
    if path.name and not os.path.isdir(path) and path.suffix.lower() not in endings:
        bits = " for a depth of 16" if depth == 16 else ""
        raise InputError(
            f"the output {path} ends in {path.suffix!r}, expected one of {', '.join(endings)}{bits}; change its ending"
        )
    if os.path.exists(path) and any(os.path.exists(file) and os.path.samefile(path, file) for file in inputs):
        raise InputError(f"the output {path} is also an input, which it would overwrite; choose another name")
    try:
        check_place(path)
    except InputError as error:
        raise InputError(f"the output {error}") from None


def write_image(path: Path | str, image: np.ndarray, depth: Depth = 8, profile: bytes | None = None) -> None:
    """Write the picture in the format its ending names; the parent folder is created.

    The file appears whole or not at all: an interrupted run leaves an older file of this name as it was. `image`,
    `depth` and `profile` are those of `encode`.

    Raises:
        InputError: the ending is unknown or has no room for the depth, the picture too large for the format, or the
            disk full or write-protected.
    """
    path = Path(path)
    check_output(path, depth=depth)
    data = encode(image, path.suffix.lower(), depth, profile)
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(data)


def encode(image: np.ndarray, ending: str, depth: Depth = 8, profile: bytes | None = None) -> bytes:
    """Return the bytes of a file with this ending; the same image always gives the same bytes.

    There is no EXIF data in it, so no orientation either: our pictures are upright.

    Args:
        image: (height, width, 3), RGB, uint8 or float in [0, 255], which is rounded and clipped.
        ending: one of `WRITABLE`; all are lossless but ".jpg" and ".jpeg", which have quality 95.
        depth: bits of each number in the file; 16 only with the endings in `WRITABLE_DEEP`.
        profile: an ICC profile, which PNG and JPEG get and other formats do not.

    Raises:
        InputError: the format has no room for a picture of this size.
    """
    bgr = cv2.cvtColor(to_depth(image, depth), cv2.COLOR_RGB2BGR)
    is_encoded, data = cv2.imencode(ending, bgr, _OPTIONS[ending])
    if not is_encoded:
        height, width = bgr.shape[:2]
        raise InputError(f"a picture of {width} × {height} pixels is too large for a {ending} file; write a .tif")
    return data.tobytes() if profile is None else _with_profile(data.tobytes(), ending, profile)


def to_depth(image: np.ndarray, depth: Depth) -> np.ndarray:
    """Return any array in [0, 255] as the integers of a file: uint8, or uint16 with 255 as 65535."""
    if depth == 8:
        return to_uint8(image)
    # Before they are rounded, so that what lies between two of 256 levels arrives.
    return np.rint(np.clip(image, 0, 255) * np.float32(65535 / 255)).astype(np.uint16)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Round any array to the nearest integers and clip it to [0, 255]; return a uint8 array as it is."""
    return image if image.dtype == np.uint8 else np.rint(np.clip(image, 0, 255)).astype(np.uint8)


def _with_profile(data: bytes, ending: str, profile: bytes) -> bytes:
    """Put a profile into a PNG or JPEG file as OpenCV writes it, which itself (5.0) fails at JPEG's parts of 64 kB."""
    if ending == ".png":  # a chunk behind the header: a name, the method 0, a zlib stream (PNG, 11.3.2.3)
        place = 33
        chunk = b"iCCPICC profile\0\0" + zlib.compress(profile, 9)
        added = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    elif ending in (".jpg", ".jpeg"):  # segments APP2 behind the JFIF segment (ICC.1, B.4)
        place = 4 + int.from_bytes(data[4:6], "big")
        parts = [profile[start : start + _PROFILE_PART] for start in range(0, len(profile), _PROFILE_PART)]
        added = b"".join(
            struct.pack(">2sH12sBB", b"\xff\xe2", len(part) + 16, b"ICC_PROFILE", number, len(parts)) + part
            for number, part in enumerate(parts, 1)
        )
    else:
        return data
    return data[:place] + added + data[place:]
