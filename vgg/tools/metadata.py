"""What a picture's file says beside its pixels: size, orientation, colour profile, date, camera and location.

The last three and the orientation are Exif 2.3 data, a small TIFF file within the picture. The colour profile says
which colours the RGB numbers mean (ICC.1:2022). We copy profiles and do not compute with them.

Pillow finds all of this but in two formats: of a PNG it decodes the pixels to reach what stands behind them, and of
TIFF it opens fewer varieties than OpenCV.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

import PIL.Image
import PIL.ImageFile
import PIL.TiffImagePlugin

#: Tags of TIFF 6.0 §8 and Exif 2.3, and their values; below the tags of a directory within, they stand in one more.
Tags = Mapping[int, Any]

# The classes are named here because `PIL.Image.open` has a limit of its own, which only a global variable changes.
_OPENERS = {
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "WebP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "HEIC": ("pillow_heif", "HeifImageFile"),
}

_WIDTH, _HEIGHT, _ORIENTATION, _EXTRA_SAMPLES, _STRAIGHT_ALPHA = 256, 257, 274, 338, 2
_EXIF_DIRECTORY, _GPS_DIRECTORY = 34665, 34853
_KEPT = (271, 272, 306)  # the camera's maker and model, and when the file was changed
#: When the picture was taken and saved, with the time zones and the fractions of seconds; the lens.
_KEPT_WITHIN = (36867, 36868, 36880, 36881, 36882, 37520, 37521, 37522, 42035, 42036)
_MOST_EXIF = 60_000  # bytes; a JPEG segment ends at 65,533
_PROFILE_HEADER = 128  # bytes, ICC.1 §7.2
_PROFILE_PART = 65519  # bytes of a profile in one JPEG segment, of which there are 255 at most


class Header(NamedTuple):
    """What a picture says of itself beside its pixels."""

    width: int  # in pixels, as stored
    height: int
    orientation: int  # 1 … 8 as in Exif; any other number means upright
    exif: Tags  # when it was taken, by which camera and where: see `without_location`
    profile: bytes | None = None  # ICC; None if there is none for RGB, or if it is damaged
    transparent_grey: int | None = None  # of a grey PNG: the level, as OpenCV decodes it, that means transparent
    tags: Tags = MappingProxyType({})  # of a TIFF


# Reading.


def read_header(data: bytes, kind: str) -> Header:
    """Return what the bytes of a picture say, before it is decoded; `kind` is one of `vgg.tools.image.READABLE`.

    Any error may be raised if the bytes are damaged, and ImportError if the reader of a HEIC photo is not installed.
    """
    if kind == "PNG":
        return _png_header(data)
    if kind == "TIFF":
        tags = PIL.TiffImagePlugin.ImageFileDirectory_v2(data[:8])
        stream = io.BytesIO(data)
        stream.seek(tags.next)
        with _without_warnings():
            tags.load(stream)
        return Header(tags[_WIDTH], tags[_HEIGHT], *_exif(data), tags=tags)
    with open_picture(data, kind) as picture:
        info = picture.info
        return Header(*picture.size, *_exif(info.get("exif") or b""), _rgb_profile(info.get("icc_profile") or b""))


def open_picture(data: bytes, kind: str) -> PIL.ImageFile.ImageFile:
    """Return Pillow's object of a picture that is not decoded yet; raises what `read_header` does."""
    module, name = _OPENERS[kind]
    with _without_warnings():
        return getattr(import_module(module), name)(io.BytesIO(data))


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep Pillow from warning of damaged metadata, which we ignore."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _png_header(data: bytes) -> Header:
    chunks: dict[bytes, bytes] = {}  # by their names, without the pixels
    position = 8
    while position + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        if name != b"IDAT":
            chunks.setdefault(name, data[position + 8 : position + 8 + length])
        position += 12 + length
    width, height, bits, colours = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    grey = None
    if colours == 0 and b"tRNS" in chunks:
        # OpenCV stretches 1, 2 and 4 bits to 0 … 255.
        grey = int.from_bytes(chunks[b"tRNS"][:2], "big") * (255 // (2**bits - 1) if bits < 8 else 1)
    profile = b""
    with suppress(zlib.error):  # a name, the method 0, a zlib stream (PNG, 11.3.2.3)
        stream = chunks.get(b"iCCP", b"").partition(b"\0")[2][1:]
        profile = zlib.decompressobj().decompress(stream, 255 * _PROFILE_PART)
    return Header(width, height, *_exif(chunks.get(b"eXIf", b"")), _rgb_profile(profile), transparent_grey=grey)


def _exif(data: bytes) -> tuple[int, Tags]:
    """Return the orientation and the tags that a result may keep; damaged data count as none."""
    exif, kept, within, place = PIL.Image.Exif(), {}, {}, {}
    with suppress(Exception), _without_warnings():  # bytes that look well formed may fail in any way
        exif.load(data)
        kept = {tag: exif[tag] for tag in _KEPT if tag in exif}
        below = exif.get_ifd(_EXIF_DIRECTORY)
        within = {tag: below[tag] for tag in _KEPT_WITHIN if tag in below}
        place = exif.get_ifd(_GPS_DIRECTORY)
    directories = {_EXIF_DIRECTORY: within, _GPS_DIRECTORY: dict(place)}
    kept |= {tag: directory for tag, directory in directories.items() if directory}
    try:
        is_usable = len(_directory(kept)) <= _MOST_EXIF
    except Exception:  # as above
        is_usable = False
    return exif.get(_ORIENTATION, 1), kept if is_usable else {}


def without_location(exif: Tags) -> Tags:
    """Return the tags without those that say where the picture was taken."""
    return {tag: value for tag, value in exif.items() if tag != _GPS_DIRECTORY}


def _rgb_profile(profile: bytes) -> bytes | None:
    if profile[16:20] != b"RGB " or profile[36:40] != b"acsp":
        return None
    size = int.from_bytes(profile[:4], "big")
    # Some files fill up the profile with zeros, which PNG readers would take for damage.
    return profile[:size] if _PROFILE_HEADER < size <= min(len(profile), 255 * _PROFILE_PART) else None


# Writing.


def exif_bytes(exif: Tags) -> bytes:
    """Return Exif data with these tags, of a picture that is upright."""
    return b"II*\0" + struct.pack("<I", 8) + _directory({**exif, _ORIENTATION: 1}, 8)


def with_profile(data: bytes, ending: str, profile: bytes) -> bytes:
    """Put a profile into a PNG or JPEG file as OpenCV writes it, which itself (5.0) fails at JPEG's parts of 64 kB."""
    if ending == ".png":  # a chunk behind the header, see `_png_header`
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


def with_tags(tiff: bytes, exif: Tags, has_alpha: bool) -> bytes:
    """Put tags into a TIFF file as OpenCV writes it, which knows none of these: a larger directory at its end.

    With `has_alpha` one says that the fourth channel is alpha, by which the colours are not multiplied.
    """
    tiff += bytes(len(tiff) % 2)  # a directory begins at an even place
    more = {**exif, _ORIENTATION: 1} if exif else {}
    added = _directory(more | ({_EXTRA_SAMPLES: _STRAIGHT_ALPHA} if has_alpha else {}), len(tiff))
    old_place = int.from_bytes(tiff[4:8], "little")
    entries = sorted((*_entries(tiff, old_place), *_entries(added, 0)), key=lambda entry: entry[1::-1])
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return tiff[:4] + struct.pack("<I", len(tiff) + len(added)) + tiff[8:] + added + directory


def _directory(tags: Tags, place: int = 0) -> bytes:
    """Return a directory of TIFF, little-endian, that will stand at `place` in its file, and its values behind it."""
    directory = PIL.TiffImagePlugin.ImageFileDirectory_v2(b"II*\0" + bytes(4))
    for tag, value in tags.items():
        directory[tag] = value
    return directory.tobytes(place)


def _entries(data: bytes, place: int) -> list[bytes]:
    """Return the entries of the directory at `place`, each of 12 bytes."""
    count = int.from_bytes(data[place : place + 2], "little")
    return [data[start : start + 12] for start in range(place + 2, place + 2 + 12 * count, 12)]
