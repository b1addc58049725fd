"""Reads the variables of a MATLAB 5.0 file: numbers, texts, cells and structs, as nested NumPy arrays.

The rules are those of MathWorks' "MAT-File Format", chapter 1. A file is a 128-byte header and a sequence of elements.
An element is a tag (type, number of bytes) and data padded to 8 bytes. The data of a `miMATRIX` is again a sequence of
elements: flags, dimensions, name, contents.

SciPy's reader is not used because it is compiled code that trusts the file: a flipped byte can crash the whole process
or make it ask for gigabytes. Here nothing gets more room than the bytes that are there.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vgg.errors import WeightsError

HEADER_BYTES = 128
MI_MATRIX, MI_COMPRESSED = 14, 15
#: The numbers that an element holds, by its type: miINT8 … miUINT32, miSINGLE, miDOUBLE, miINT64, miUINT64.
STORED_AS = {1: "<i1", 2: "<u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4", 7: "<f4", 9: "<f8", 12: "<i8", 13: "<u8"}
#: The letters that an element holds, by its type: miINT8 … miUINT16, miUTF8, miUTF16, miUTF32.
ENCODED_AS = {1: "utf-8", 2: "utf-8", 3: "utf-16-le", 4: "utf-16-le", 16: "utf-8", 17: "utf-16-le", 18: "utf-32-le"}
CELL, STRUCT, CHAR = 1, 2, 4  # array classes
#: The other classes, mxDOUBLE … mxUINT64. MATLAB stores whole numbers of any class in as few bytes as they need.
NUMERIC = dict(enumerate(("<f8", "<f4", "<i1", "<u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"), start=6))
CHUNK = 1 << 20  # bytes inflated at a time
LARGEST = 1 << 30  # bytes of one inflated variable; the genuine `layers` has 0.58e9


class Element(NamedTuple):
    """A tag and its data, uint8 (number of bytes,)."""

    type: int
    data: np.ndarray


def load(path: Path) -> dict[str, np.ndarray]:
    """Return the variables of a MATLAB 5.0 file by name.

    Numbers have their dimensions, a text is a string array (1,), or (0,) if it is empty, a cell array has the dtype
    object, and a struct array one field of that dtype for each of its own. Numbers that were not compressed stay in the
    file until they are used. Raises WeightsError if the file is truncated or damaged; the message says where.
    """
    try:
        contents = np.memmap(path, np.uint8, "r")
        if contents[126:128].tobytes() != b"IM":
            raise WeightsError("its header has no little-endian mark")
        variables: dict[str, np.ndarray] = {}
        for element in _elements(contents[HEADER_BYTES:], is_padded=False):
            if element.type == MI_COMPRESSED:
                (element,) = _elements(_inflated(element.data))
            name, variable = _variable(element)
            if name in variables:
                raise WeightsError(f"it holds the variable {name!r} twice")
            variables[name] = variable
        return variables
    except Exception as error:  # bytes that look well formed may fail in any way
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise WeightsError(
            f"{path} is truncated or damaged: {reason} ({path.stat().st_size:,} bytes in all); "
            "delete it and get it again"
        ) from error


def _elements(contents: np.ndarray, is_padded: bool = True) -> Iterator[Element]:
    """Yield the elements that follow each other in `contents`."""
    start, end = 0, len(contents)
    while start < end:
        if end - start < 8:
            raise WeightsError(f"a tag needs 8 bytes, {end - start} are there")
        kind, size = struct.unpack_from("<II", contents, start)
        if kind >> 16:  # up to four bytes of data are packed into the tag itself
            kind, size, data, following = kind & 0xFFFF, kind >> 16, start + 4, start + 8
        else:
            data = start + 8
            following = data + (math.ceil(size / 8) * 8 if is_padded else size)
        if kind not in (*STORED_AS, *ENCODED_AS, MI_MATRIX, MI_COMPRESSED):  # such as the zeros of an unfinished copy
            raise WeightsError(f"an element is of type {kind}, which does not exist")
        if data + size > end:
            raise WeightsError(f"an element needs {size:,} bytes, {end - data:,} are there")
        yield Element(kind, contents[data : data + size])
        start = following


def _inflated(compressed: np.ndarray) -> np.ndarray:
    """Return the variable inside a compressed element; it gets no more room than its own tag promises."""
    (size,) = struct.unpack_from("<I", zlib.decompressobj().decompress(compressed[:1024], 8), 4)
    if size > LARGEST:
        raise WeightsError(f"a compressed variable claims {size:,} bytes")
    stream, inflated, length = zlib.decompressobj(), np.empty(8 + size, np.uint8), 0
    for start in range(0, len(compressed), CHUNK):
        chunk = stream.decompress(compressed[start : start + CHUNK], len(inflated) - length + 1)
        inflated[length : length + len(chunk)] = np.frombuffer(chunk, np.uint8)  # ValueError if it is too long
        length += len(chunk)
    if length < len(inflated) or not stream.eof:  # zlib has compared its checksum by the time it reports the end
        raise WeightsError(f"a compressed variable needs {len(inflated):,} bytes, {length:,} are there")
    return inflated


def _variable(matrix: Element) -> tuple[str, np.ndarray]:
    """Return the name and the value of a `miMATRIX`."""
    if matrix.type != MI_MATRIX:
        raise WeightsError(f"an element is of type {matrix.type} where an array should be")
    if not matrix.data.size:
        return "", np.empty((0, 0))  # an empty place in a cell array
    flags, dimensions, name, *contents = _elements(matrix.data)
    array_class, is_complex = flags.data[0], flags.data[1] & 8
    shape = dimensions.data.view("<i4").tolist()
    # NumPy makes room for the items before anybody looks for them.
    if min(shape) < 0 or math.prod(shape) > matrix.data.size:
        raise WeightsError(f"an array promises the dimensions {shape[:8]} in {matrix.data.size:,} bytes")
    if array_class == CELL:
        value = _items(contents)
    elif array_class == STRUCT:
        width, names, *contents = contents
        (characters,) = width.data.view("<i4").tolist()
        fields = [bytes(field).partition(b"\0")[0].decode("ascii") for field in names.data.reshape(-1, characters)]
        rows = _items(contents).reshape(math.prod(shape), len(fields))
        value = np.array([tuple(row) for row in rows], [(field, object) for field in fields])
    elif array_class == CHAR:
        (letters,) = contents
        text = letters.data.tobytes().decode(ENCODED_AS[letters.type])
        return name.data.tobytes().decode(), np.array([text] if text else [], str)
    elif array_class in NUMERIC and not is_complex:
        (numbers,) = contents
        value = numbers.data.view(STORED_AS[numbers.type]).astype(NUMERIC[array_class], copy=False)
    else:
        raise WeightsError(f"an array is of class {array_class}, unknown to VGG files")
    return name.data.tobytes().decode(), value.reshape(shape, order="F")


def _items(elements: list[Element]) -> np.ndarray:
    """Return the arrays of a cell or struct array, (count,) of the dtype object."""
    items = np.empty(len(elements), object)
    for number, element in enumerate(elements):
        items[number] = _variable(element)[1]
    return items
