"""Read, resize and write pictures.

An image is an array (height, width, 3), RGB, in [0, 255]: uint8 as read, uint8 or float afterwards. A picture is a file
of one. Pillow reads what stands before the pixels: size, orientation (Exif 2.3) and the colour profile, which says
which colours the RGB numbers mean (ICC.1:2022). We copy profiles and do not compute with them. OpenCV decodes and
encodes the pixels, as Pillow knows no 16 bits a colour. What both leave to their user is here: transparency, pictures
that lie on their side, JPEG files that are cut off.
"""

import hashlib
import io
import math
import os
import re
import struct
import warnings
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
import PIL.Image
import PIL.ImageFile
import PIL.TiffImagePlugin

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
_BYTES_A_PIXEL = 8 + 3 + 3
_MOST_PIXELS = 2**30  # OpenCV decodes no more
_ROWS = 64  # made opaque at a time: between, the numbers are float32

_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)
_WEBP = (cv2.IMWRITE_WEBP_QUALITY, 101)  # above 100 is OpenCV's way to say lossless
_OPTIONS = {".png": (), ".jpg": _JPEG, ".jpeg": _JPEG, ".webp": _WEBP, ".tif": (), ".tiff": (), ".bmp": ()}
#: The endings of the files that we can write; all are lossless but ".jpg" and ".jpeg".
WRITABLE = tuple(_OPTIONS)
_WRITABLE_DEEP = (".png", ".tif", ".tiff")  # those with room for 16 bits
#: Pixels that a side may have at most, where the format or its library has a limit of its own.
LARGEST_SIDE = {".webp": 16383, ".jpg": 65500, ".jpeg": 65500}

# In compressed JPEG data 0xFF is always followed by 0x00 or by a restart marker, D0 … D7.
_JPEG_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
_JPEG_END = b"\xd9"
_TURNED = (5, 6, 7, 8)  # the Exif orientations of a picture that lies on its side
# TIFF tags, TIFF 6.0 §8. Exif data is itself a small TIFF file.
_SUBFILE_TYPE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _ORIENTATION = 254, 256, 257, 258, 262, 274
_SAMPLES, _PLANAR, _EXTRA_SAMPLES = 277, 284, 338
_LAB = (8, 9, 10)  # CIELab, and as ICC and ITU write it
_PROFILE_HEADER = 128  # bytes, ICC.1 §7.2
_PROFILE_PART = 65519  # bytes of a profile in one JPEG segment, of which there are 255 at most

PIL.Image.MAX_IMAGE_PIXELS = None  # `read_picture` has a limit of its own
PIL.ImageFile.LOAD_TRUNCATED_IMAGES = True  # damaged texts and the like do not matter; OpenCV judges the pixels
warnings.filterwarnings("ignore", module="PIL")  # it warns of damaged metadata, which are ignored


# Reading.


class Picture(NamedTuple):
    """A picture's file, read once for all that is wanted of it."""

    image: np.ndarray  # see `read_image`
    profile: bytes | None  # ICC, of a PNG, JPEG or WebP file; None if there is none for RGB, or if it is damaged
    length: int  # of the file, in bytes
    sha256: str  # of the file


class _Header(NamedTuple):
    """What a picture says of itself before its pixels."""

    width: int  # in pixels, as stored
    height: int
    orientation: int  # 1 … 8 as in Exif; any other number means upright
    info: Mapping[str, Any]  # what else Pillow found
    tags: Mapping[int, Any]  # of a TIFF


def read_image(path: Path | str, most_bytes: float = math.inf) -> np.ndarray:
    """Return the picture as uint8 (height, width, 3), RGB in [0, 255], upright, transparency laid on white.

    16-bit pictures are scaled to 8 bits; of several frames or pages the first is taken; colour profiles are
    ignored. A picture that needs more than `most_bytes` of memory is refused before it is decoded.

    Raises:
        InputError: the file is missing, unreadable, not a picture, damaged, cut off, too large or of a rare kind.
    """
    return read_picture(path, most_bytes).image


def read_picture(path: Path | str, most_bytes: float = math.inf) -> Picture:
    """Return what `read_image` does, and what else the file tells."""
    data, kind = _read(path)
    header = _header(data, kind, path)
    needed = _BYTES_A_PIXEL * header.width * header.height
    most_bytes = min(most_bytes, _BYTES_A_PIXEL * _MOST_PIXELS)
    if needed > most_bytes:
        raise InputError(
            f"{path} has {header.width} × {header.height} pixels, which need {needed / 1e9:.1f} GB to be read, "
            f"expected {most_bytes / 1e9:.1f} GB at most on this machine; save a smaller version of it"
        )
    if kind == "JPEG" and not _has_jpeg_end(data):
        raise InputError(f"{path} is cut off, a JPEG picture without its end; copy or download it again")
    pixels = _opencv_pixels(data, kind, header, path)
    extra = header.tags.get(_EXTRA_SAMPLES, (0,))[0]
    # A TIFF's colours come multiplied by alpha: as they are in the file, or at 8 bits by libtiff.
    is_premultiplied = extra == 1 or (extra == 2 and pixels.itemsize == 1)
    image = np.empty((*pixels.shape[:2], 3), np.uint8)
    for top in range(0, len(pixels), _ROWS):
        image[top : top + _ROWS] = _opaque_rgb(pixels[top : top + _ROWS], is_premultiplied)
    image = image if kind == "TIFF" else _turn_upright(image, header.orientation)  # a TIFF is turned by OpenCV
    digest = hashlib.sha256(data, usedforsecurity=False).hexdigest()
    return Picture(image, _rgb_profile(header.info.get("icc_profile") or b""), len(data), digest)


def read_size(path: Path | str) -> tuple[int, int]:
    """Return the height and width of what `read_image` returns, without decoding it; raises InputError as that does."""
    width, height, orientation, *_ = _header(*_read(path), path)
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


def _header(data: bytes, kind: str, path: Path | str) -> _Header:
    stream = io.BytesIO(data)
    try:
        if kind == "TIFF":  # of which Pillow opens fewer varieties than OpenCV
            tags = PIL.TiffImagePlugin.ImageFileDirectory_v2(data[:8])
            stream.seek(tags.next)
            tags.load(stream)
            return _Header(tags[_WIDTH], tags[_HEIGHT], tags.get(_ORIENTATION, 1), {}, tags)
        with PIL.Image.open(stream, formats=[kind]) as picture:
            if kind == "PNG" and "exif" not in picture.info and b"eXIf" in data:
                picture.load()  # as far as what stands behind the pixels
            return _Header(*picture.size, _orientation(picture.info.get("exif", b"")), picture.info, {})
    except Exception as error:  # bytes that look well formed may fail in any way
        raise InputError(f"{path} is a {kind} picture whose header is damaged or cut off; copy it again") from error


def _orientation(exif: bytes) -> int:
    tags = PIL.Image.Exif()
    with suppress(Exception):  # damaged data count as none
        tags.load(exif)
    return tags.get(_ORIENTATION, 1)


def _has_jpeg_end(data: bytes) -> bool:
    """Return whether the picture itself ends, not only a thumbnail in one of its segments."""
    position = 2
    while match := _JPEG_MARKER.search(data, position):
        if match[1] == _JPEG_END:
            return True
        position = match.end() + int.from_bytes(data[match.end() : match.end() + 2], "big")
    return False


def _rgb_profile(profile: bytes) -> bytes | None:
    if profile[16:20] != b"RGB " or profile[36:40] != b"acsp":
        return None
    size = int.from_bytes(profile[:4], "big")
    # Some files fill up the profile with zeros, which PNG readers would take for damage.
    return profile[:size] if _PROFILE_HEADER < size <= min(len(profile), 255 * _PROFILE_PART) else None


def _opencv_pixels(data: bytes, kind: str, header: _Header, path: Path | str) -> np.ndarray:
    """Decode to uint8 or uint16: grey (H, W), BGR (H, W, 3) or BGRA (H, W, 4), not turned upright unless a TIFF."""
    pixels = None
    if not _is_odd_tiff(header.tags):
        with suppress(cv2.error, MemoryError):
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"{path} is a {kind} picture that we cannot decode, as it is damaged, cut off or of a rare variety (more "
            "than 16 bits, CIELab, a raw photo …); copy it again, or save it as PNG in an image editor"
        )
    transparent = header.info.get("transparency")
    if kind == "PNG" and pixels.ndim == 2 and transparent is not None:  # a grey level, which OpenCV ignores
        bits = data[24]
        stretch = 255 // (2**bits - 1) if bits < 8 else 1  # OpenCV stretches 1, 2 and 4 bits to 0 … 255
        pixels[pixels == transparent * stretch] = np.iinfo(pixels.dtype).max
    return pixels


def _is_odd_tiff(tags: Mapping[int, Any]) -> bool:
    """Return whether OpenCV would decode a TIFF with these tags to wrong colours without an error."""
    samples, colours = tags.get(_SAMPLES, 1), tags.get(_PHOTOMETRIC)
    is_preview = tags.get(_SUBFILE_TYPE, 0) & 1 == 1  # as in a camera's raw photo
    has_planes = samples > 1 and tags.get(_PLANAR) == 2
    is_deep_negative = samples == 1 and tags.get(_BITS) == (16,) and colours == 0
    return is_preview or samples == 2 or has_planes or is_deep_negative or colours in _LAB


def _opaque_rgb(pixels: np.ndarray, is_premultiplied: bool) -> np.ndarray:
    """Return uint8 RGB (H, W, 3) from OpenCV's grey, BGR or BGRA in 8 or 16 bits."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    to_rgb = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}[channels]
    rgb = cv2.cvtColor(pixels, to_rgb)
    white = np.iinfo(pixels.dtype).max
    if channels == 4:
        alpha = pixels[..., 3:].astype(np.float32) / white
        rgb = (rgb if is_premultiplied else rgb * alpha) + white * (1 - alpha)
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
    """Return the image (height, width, 3) with at most `longer_side` pixels on its longer side, in its proportions.

    It is never enlarged, and returned as it is when it is already small enough.

    Raises:
        InputError: a side would be shorter than `SMALLEST_SIDE`, as with a very long and narrow image.
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
    """Return the image, uint8 or float32 (·, ·, 3), at exactly this size in pixels, stretched if necessary.

    A side that shrinks averages areas. One that grows is bicubic: a float image may then exceed its range a little.
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

    Refused are what `check_place` refuses; an ending that we cannot write, or one without room for `depth` bits; and
    one of the `inputs`.
    """
    path = Path(path)
    check_place(path)
    endings, bits = (_WRITABLE_DEEP, " for a depth of 16") if depth == 16 else (WRITABLE, "")
    if path.suffix.lower() not in endings:
        raise InputError(
            f"the output {path} ends in {path.suffix!r}, expected one of {', '.join(endings)}{bits}; change its ending"
        )
    if path.exists() and any(os.path.exists(file) and path.samefile(file) for file in inputs):
        raise InputError(f"the output {path} is also an input, which it would overwrite; choose another name")


def write_image(path: Path | str, image: np.ndarray, depth: Depth = 8, profile: bytes | None = None) -> None:
    """Write a picture in the format its ending names, whole or not at all; the parent folder is created.

    `image`, `depth` and `profile` are those of `encode`.

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
        depth: bits of each number in the file; 16 only with the endings in `_WRITABLE_DEEP`.
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
