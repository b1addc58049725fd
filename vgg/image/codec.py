"""The bytes of a picture file → RGB pixels, and back, by OpenCV.

OpenCV's blue-green-red order exists in this file only. Around the two calls stands what OpenCV leaves to its
user: transparency, 16 bits and EXIF orientation; colour profiles are in `vgg.image.profile`. Its libraries print
remarks about odd files to file descriptor 2; `vgg.console.quiet` keeps them off the terminal while a command runs.
"""

import math
from typing import Literal

import cv2
import numpy as np

from vgg.errors import InputError
from vgg.image import kind as picture_kind
from vgg.image.profile import with_profile

Depth = Literal[8, 16]

#: Memory that decoding takes at most: four channels of 16 bits, the image, and its upright copy.
BYTES_A_PIXEL = 8 + 3 + 3
#: Rows that are made opaque at a time: between, the numbers are float32.
_ROWS = 64

_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)
_WEBP = (cv2.IMWRITE_WEBP_QUALITY, 101)  # above 100 is OpenCV's way to say lossless
_OPTIONS = {".png": (), ".jpg": _JPEG, ".jpeg": _JPEG, ".webp": _WEBP, ".tif": (), ".tiff": (), ".bmp": ()}

#: The endings of the files we can write.
WRITABLE = tuple(_OPTIONS)
#: Those with room for 16 bits.
WRITABLE_DEEP = (".png", ".tif", ".tiff")
#: Pixels that a side may have at most, where the format or its library has a limit of its own.
LARGEST_SIDE = {".webp": 16383, ".jpg": 65500, ".jpeg": 65500}


def decode(data: bytes, kind: str, name: str, most_bytes: float = math.inf) -> np.ndarray:
    """Return a file's pixels as uint8 (height, width, 3), RGB in [0, 255], upright, transparency laid on white.

    Args:
        data: the whole file.
        kind: its format, one of `kind.READABLE`.
        name: what error messages call the file.
        most_bytes: the memory that may be taken; a small file can hold very many pixels.

    Raises:
        InputError: the data are cut off, damaged, too large or of a variety we cannot decode correctly.
    """
    width, height = picture_kind.size_of(data, kind)
    needed = BYTES_A_PIXEL * width * height
    if needed > most_bytes:
        raise InputError(
            f"{name} has {width} × {height} pixels, which need {needed / 1e9:.1f} GB to be read, expected "
            f"{most_bytes / 1e9:.1f} GB at most on this machine; save a smaller version of it"
        )
    if kind == "JPEG" and not picture_kind.jpeg_is_whole(data):
        raise InputError(f"{name} is cut off, a JPEG picture without its end; copy or download it again")
    obstacle = picture_kind.tiff_obstacle(data) if kind == "TIFF" else None
    if obstacle:
        raise InputError(f"{name} is a TIFF picture whose {obstacle}, which we do not read; save it as PNG")
    pixels = _opencv_pixels(data, kind, name)
    if kind == "PNG" and pixels.ndim == 2:
        key = picture_kind.png_grey_key(data)
        if key is not None:
            pixels[pixels == key] = np.iinfo(pixels.dtype).max
    premultiplied = kind == "TIFF" and picture_kind.tiff_is_premultiplied(data, pixels.itemsize * 8)
    image = np.empty((*pixels.shape[:2], 3), np.uint8)
    for top in range(0, len(pixels), _ROWS):
        image[top : top + _ROWS] = _opaque_rgb(pixels[top : top + _ROWS], premultiplied)
    return _turn_upright(image, picture_kind.exif_orientation(data, kind))


def encode(image: np.ndarray, ending: str, depth: Depth = 8, profile: bytes | None = None) -> bytes:
    """Return the bytes of a file with this ending; the same picture always gives the same bytes.

    There is no EXIF data in it, so no orientation either: our pictures are upright.

    Args:
        image: (height, width, 3), RGB, uint8 or float in [0, 255].
        ending: one of `WRITABLE`; all are lossless but ".jpg" and ".jpeg", which have quality 95.
        depth: bits of each number in the file; 16 only with the endings in `WRITABLE_DEEP`.
        profile: an ICC profile for the file; only PNG and JPEG get it.

    Raises:
        InputError: the format has no room for a picture of this size.
    """
    bgr = cv2.cvtColor(to_depth(image, depth), cv2.COLOR_RGB2BGR)
    try:
        done, data = cv2.imencode(ending, bgr, _OPTIONS[ending])
    except cv2.error:  # OpenCV until 4.11 raises, later ones return False
        done = False
    if not done:
        height, width = bgr.shape[:2]
        raise InputError(f"a picture of {width} × {height} pixels is too large for a {ending} file; write a .tif")
    return with_profile(data.tobytes(), profile)


def to_depth(image: np.ndarray, depth: Depth) -> np.ndarray:
    """Return any array in [0, 255] as the integers of a file: uint8, or uint16 with 255 as 65535."""
    if depth == 8:
        return to_uint8(image)
    # Before they are rounded, so that what lies between two of 256 levels arrives.
    return np.rint(np.clip(image, 0, 255) * np.float32(65535 / 255)).astype(np.uint16)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Round any array to the nearest integers and clip it to [0, 255]; return a uint8 array as it is."""
    return image if image.dtype == np.uint8 else np.rint(np.clip(image, 0, 255)).astype(np.uint8)


def _opencv_pixels(data: bytes, kind: str, name: str) -> np.ndarray:
    """Decode to uint8 or uint16: grey (H, W), BGR (H, W, 3) or BGRA (H, W, 4)."""
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError) as error:
        raise InputError(
            f"{name} claims to have too many pixels to decode, expected less than 2^30; save a smaller version of it"
        ) from error
    if pixels is None:
        raise InputError(
            f"{name} is a {kind} picture that OpenCV {cv2.__version__} cannot decode, as it is damaged, "
            "cut off or of a rare variety; copy it again, or save it as PNG in an image editor"
        )
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"{name} has {pixels.dtype} samples (high dynamic range?), expected 8 or 16 bits without "
            "sign; save it as PNG in an image editor"
        )
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
    if orientation in picture_kind.TURNED:
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
