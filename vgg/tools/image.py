"""Read, resize and write pictures.

An image is an array (height, width, 3), RGB, in [0, 255]: uint8 as read, uint8 or float afterwards. A picture is a file
of one. `vgg.tools.metadata` reads and writes what stands beside the pixels. OpenCV decodes and encodes the pixels, as
Pillow knows no 16 bits a colour; of AVIF and HEIC Pillow does. What both leave to their user is here: pictures that lie
on their side, JPEG files that are cut off, and in `vgg.tools.transparency` what one can see through.
"""

import hashlib
import math
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np

from vgg.errors import InputError
from vgg.layers import SMALLEST_SIDE
from vgg.tools.files import check_place, open_file, unreadable, write_whole
from vgg.tools.metadata import Header, Tags, exif_bytes, open_picture, read_header, with_profile, with_tags
from vgg.tools.transparency import continued, on_white

Depth = Literal[8, 16]

READABLE = ("JPEG", "PNG", "WebP", "TIFF", "BMP", "GIF", "AVIF", "HEIC")
_STARTS = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "WebP": rb"RIFF....WEBP",
    "TIFF": rb"(II\*\0(?!....CR)|MM\0\*)",  # CR: a camera's raw photo, of which OpenCV would read the preview
    "BMP": rb"BM....\0\0\0\0",
    "GIF": rb"GIF8[79]a",
    "AVIF": rb"....ftyp(avi[fs]|mi[af]1.{4}(....){0,8}?avi[fs])",  # the kind may stand behind a more general one
    "HEIC": rb"....ftyp(hei|hev|mif|msf)",
    "a video": rb"....(ftyp|moov|mdat|wide)|\x1a\x45\xdf\xa3|RIFF....AVI ",
    "a PDF document": rb"%PDF",
    "a text file": rb"[\t\n\f\r\x20-\x7e\x80-\xff]+\Z",
    "empty": rb"\Z",
}
_BY_PILLOW = ("AVIF", "HEIC")
#: Memory that decoding takes at most, in bytes a pixel: four channels of 16 bits, the image, and its upright copy.
_BYTES_A_PIXEL = 8 + 3 + 3
_MORE_BY_PILLOW = 16  # its decoders keep three copies more, and the brightness and colours they are computed from
_MOST_PIXELS = 2**30  # OpenCV decodes no more
_ROWS = 64  # brought to 8 bits at a time: between, the numbers are float32
_ADDRESS = re.compile(r"(https?|ftp):/")

_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)
_WEBP = (cv2.IMWRITE_WEBP_QUALITY, 101)  # above 100 is OpenCV's way to say lossless
_OPTIONS = {".png": (), ".jpg": _JPEG, ".jpeg": _JPEG, ".webp": _WEBP, ".tif": (), ".tiff": (), ".bmp": ()}
#: The endings of the files that we can write; all are lossless but ".jpg" and ".jpeg".
WRITABLE = tuple(_OPTIONS)
_WRITABLE_DEEP = (".png", ".tif", ".tiff")  # those with room for 16 bits
#: Those with room for alpha.
TRANSPARENT = (".png", ".webp", ".tif", ".tiff")
#: Pixels that a side may have at most, where the format or its library has a limit of its own.
LARGEST_SIDE = {".webp": 16383, ".jpg": 65500, ".jpeg": 65500}

# In compressed JPEG data 0xFF is always followed by 0x00 or by a restart marker, D0 … D7.
_JPEG_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
_JPEG_END = b"\xd9"
_TURNED = (5, 6, 7, 8)  # the Exif orientations of a picture that lies on its side
# TIFF tags, TIFF 6.0 §8.
_SUBFILE_TYPE, _BITS, _PHOTOMETRIC, _SAMPLES, _PLANAR, _EXTRA_SAMPLES = 254, 258, 262, 277, 284, 338
_LAB = (8, 9, 10)  # CIELab, and as ICC and ITU write it


# Reading.


class Picture(NamedTuple):
    """A picture's file, read once for all that is wanted of it."""

    image: np.ndarray  # see `read_picture`
    alpha: np.ndarray | None  # (H, W) uint8, upright; None if nothing is transparent
    profile: bytes | None  # ICC, of a file that is no TIFF; None if there is none for RGB, or if it is damaged
    exif: Tags  # see `vgg.tools.metadata`
    length: int  # of the file, in bytes
    sha256: str  # of the file


def read_image(path: Path | str, most_bytes: float = math.inf) -> np.ndarray:
    """Return the picture as uint8 (height, width, 3), RGB in [0, 255], upright, transparency laid on white.

    16-bit pictures are scaled to 8 bits; of several frames or pages the first is taken; colour profiles are
    ignored. A picture that needs more than `most_bytes` of memory is refused before it is decoded. Raises InputError if
    the file is missing, unreadable, not a picture, damaged, cut off, too large or of a rare kind.
    """
    picture = read_picture(path, most_bytes, is_continued=False)
    return picture.image if picture.alpha is None else on_white(picture.image, picture.alpha)


def read_picture(path: Path | str, most_bytes: float = math.inf, is_continued: bool = True) -> Picture:
    """Return an image as `read_image` does, and what else the file tells.

    What is transparent has the colours of what is visible around it, see `continued`; or those that stand in the file.
    """
    data, kind = _read(path)
    header = _header(data, kind, path)
    bytes_a_pixel = _BYTES_A_PIXEL + (_MORE_BY_PILLOW if kind in _BY_PILLOW else 0)
    needed = bytes_a_pixel * header.width * header.height
    most_bytes = min(most_bytes, bytes_a_pixel * _MOST_PIXELS)
    if needed > most_bytes:
        raise InputError(
            f"{path} has {header.width} × {header.height} pixels, which need {needed / 1e9:.1f} GB to be read, "
            f"expected {most_bytes / 1e9:.1f} GB at most on this machine; save a smaller version of it"
        )
    if kind == "JPEG" and not _has_jpeg_end(data):
        raise InputError(f"{path} is cut off, a JPEG picture without its end; copy or download it again")
    image, alpha = _image_and_alpha(data, kind, header, path)
    if alpha is not None and is_continued:
        image = continued(image, alpha)
    if kind != "TIFF":  # which OpenCV turns
        image, alpha = (part if part is None else _turn_upright(part, header.orientation) for part in (image, alpha))
    digest = hashlib.sha256(data, usedforsecurity=False).hexdigest()
    return Picture(image, alpha, header.profile, header.exif, len(data), digest)


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
        if _ADDRESS.match(str(path)):
            raise InputError(f"{path} is an address, expected a file; download it first") from None
        raise unreadable(path, error) from error


def _header(data: bytes, kind: str, path: Path | str) -> Header:
    if kind == "AVIF" and find_spec("PIL._avif") is None:
        raise InputError(f"{path} is an AVIF picture, which this Pillow cannot read; update it, or save it as JPEG")
    try:
        return read_header(data, kind)
    except ImportError:
        raise InputError(f"{path} is a HEIC photo; install its reader with `make heic`, or save it as JPEG") from None
    except Exception as error:  # bytes that look well formed may fail in any way
        raise InputError(f"{path} is {_called(kind)} whose header is damaged or cut off; copy it again") from error


def _called(kind: str) -> str:
    return f"{'an' if kind == 'AVIF' else 'a'} {kind} picture"


def _has_jpeg_end(data: bytes) -> bool:
    """Return whether the picture itself ends, not only a thumbnail in one of its segments."""
    position = 2
    while match := _JPEG_MARKER.search(data, position):
        if match[1] == _JPEG_END:
            return True
        position = match.end() + int.from_bytes(data[match.end() : match.end() + 2], "big")
    return False


def _image_and_alpha(data: bytes, kind: str, header: Header, path: Path | str) -> tuple[np.ndarray, np.ndarray | None]:
    """Decode to uint8 RGB (H, W, 3) and alpha (H, W), None if all is opaque; not turned upright unless a TIFF."""
    pixels = _decoded(data, kind, header, path)
    if pixels.ndim == 2 and header.transparent_grey is not None:  # which OpenCV ignores
        white = pixels.dtype.type(np.iinfo(pixels.dtype).max)
        alpha = (pixels != header.transparent_grey) * white
        pixels = cv2.merge([pixels, pixels, pixels, alpha])
    extra = header.tags.get(_EXTRA_SAMPLES, (0,))[0]
    # A TIFF's colours come multiplied by alpha: as they are in the file, or at 8 bits by libtiff.
    is_premultiplied = extra == 1 or (extra == 2 and pixels.itemsize == 1)
    image, alpha = np.empty((*pixels.shape[:2], 3), np.uint8), np.full(pixels.shape[:2], 255, np.uint8)
    for top in range(0, len(pixels), _ROWS):
        rows = slice(top, top + _ROWS)
        image[rows] = _rgb(pixels[rows], is_premultiplied)
        if pixels.ndim == 3 and pixels.shape[2] == 4:
            alpha[rows] = _to_8_bits(pixels[rows, :, 3])
    return image, alpha if alpha.min() < 255 else None


def _decoded(data: bytes, kind: str, header: Header, path: Path | str) -> np.ndarray:
    """Decode to uint8 or uint16: grey (H, W), BGR (H, W, 3) or BGRA (H, W, 4), not turned upright unless a TIFF."""
    pixels = None
    if kind in _BY_PILLOW:
        with suppress(Exception):  # their libraries have errors of their own
            pixels = _pillow_pixels(data, kind)
    elif not _is_odd_tiff(header.tags):
        with suppress(cv2.error, MemoryError):
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"{path} is {_called(kind)} that we cannot decode, as it is damaged, cut off or of a rare variety (more "
            "than 16 bits, CIELab, a raw photo …); copy it again, or save it as PNG in an image editor"
        )
    return pixels


def _pillow_pixels(data: bytes, kind: str) -> np.ndarray:
    """Decode to uint8 BGR (H, W, 3) or BGRA (H, W, 4)."""
    with open_picture(data, kind) as picture:
        mode = "RGBA" if picture.has_transparency_data else "RGB"
        pixels = np.asarray(picture if picture.mode == mode else picture.convert(mode))
    return cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA if mode == "RGBA" else cv2.COLOR_RGB2BGR)


def _is_odd_tiff(tags: Tags) -> bool:
    """Return whether OpenCV would decode a TIFF with these tags to wrong colours without an error."""
    samples, colours = tags.get(_SAMPLES, 1), tags.get(_PHOTOMETRIC)
    is_preview = tags.get(_SUBFILE_TYPE, 0) & 1 == 1  # as in a camera's raw photo
    has_planes = samples > 1 and tags.get(_PLANAR) == 2
    is_deep_negative = samples == 1 and tags.get(_BITS) == (16,) and colours == 0
    return is_preview or samples == 2 or has_planes or is_deep_negative or colours in _LAB


def _rgb(pixels: np.ndarray, is_premultiplied: bool) -> np.ndarray:
    """Return uint8 RGB (H, W, 3) from OpenCV's grey, BGR or BGRA in 8 or 16 bits, not multiplied by alpha."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    to_rgb = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}[channels]
    rgb = cv2.cvtColor(pixels, to_rgb)
    if channels == 4 and is_premultiplied:
        share = pixels[..., 3:] / np.float32(np.iinfo(pixels.dtype).max)
        rgb = np.where(share > 0, rgb / np.maximum(share, 1e-6), 0) * np.float32(255 / np.iinfo(pixels.dtype).max)
        return to_uint8(rgb)
    return _to_8_bits(rgb)


def _to_8_bits(levels: np.ndarray) -> np.ndarray:
    """Return uint8 from uint8 or uint16."""
    return levels if levels.dtype == np.uint8 else to_uint8(levels * np.float32(255 / 65535))


def _turn_upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Undo the camera's rotation and mirroring of (H, W) or (H, W, 3); see `Header.orientation`."""
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

    It is never enlarged, and returned as it is when it is already small enough. Raises InputError if a side would be
    shorter than `SMALLEST_SIDE`, as with a very long and narrow image.
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


def write_image(
    path: Path | str, image: np.ndarray, depth: Depth = 8, profile: bytes | None = None, exif: Tags | None = None
) -> None:
    """Write a picture in the format its ending names, whole or not at all; the parent folder is created.

    `image`, `depth`, `profile` and `exif` are those of `encode`. Raises InputError if the ending is unknown or has no
    room for the depth, the picture is too large for the format, or the disk full or write-protected.
    """
    path = Path(path)
    check_output(path, depth=depth)
    write_whole(path, encode(image, path.suffix.lower(), depth, profile, exif))


def encode(
    image: np.ndarray, ending: str, depth: Depth = 8, profile: bytes | None = None, exif: Tags | None = None
) -> bytes:
    """Return the bytes of a file with this ending; the same image always gives the same bytes.

    Args:
        image: (height, width, 3), RGB, uint8 or float in [0, 255], which is rounded and clipped; of the endings in
            `TRANSPARENT` also (height, width, 4), RGB and alpha.
        ending: one of `WRITABLE`; all are lossless but ".jpg" and ".jpeg", which have quality 95.
        depth: bits of each number in the file; 16 only with the endings in `_WRITABLE_DEEP`.
        profile: an ICC profile, which PNG and JPEG get and other formats do not.
        exif: what is said of the picture beside its orientation, which is upright; BMP does without.

    Raises InputError if the format has no room for a picture of this size.
    """
    has_alpha, is_tiff = image.shape[2] == 4, ending in (".tif", ".tiff")
    bgr = cv2.cvtColor(to_depth(image, depth), cv2.COLOR_RGBA2BGRA if has_alpha else cv2.COLOR_RGB2BGR)
    if exif and not is_tiff and ending != ".bmp":
        kinds, texts = [cv2.IMAGE_METADATA_EXIF], [np.frombuffer(exif_bytes(exif), np.uint8)]
        is_encoded, encoded = cv2.imencodeWithMetadata(ending, bgr, kinds, texts, _OPTIONS[ending])
    else:
        is_encoded, encoded = cv2.imencode(ending, bgr, _OPTIONS[ending])
    if not is_encoded:
        height, width = bgr.shape[:2]
        raise InputError(f"a picture of {width} × {height} pixels is too large for a {ending} file; write a .tif")
    data = encoded.tobytes()
    if is_tiff and (exif or has_alpha):
        data = with_tags(data, exif or {}, has_alpha)
    return data if profile is None else with_profile(data, ending, profile)


def to_depth(image: np.ndarray, depth: Depth) -> np.ndarray:
    """Return any array in [0, 255] as the integers of a file: uint8, or uint16 with 255 as 65535."""
    if depth == 8:
        return to_uint8(image)
    # Before they are rounded, so that what lies between two of 256 levels arrives.
    return np.rint(np.clip(image, 0, 255) * np.float32(65535 / 255)).astype(np.uint16)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Round any array to the nearest integers and clip it to [0, 255]; return a uint8 array as it is."""
    return image if image.dtype == np.uint8 else np.rint(np.clip(image, 0, 255)).astype(np.uint8)
