"""Loads variables of a MATLAB 5.0 file with SciPy, after a check of the file's structure.

SciPy's reader is compiled code that trusts the file: a flipped byte can crash the whole process or make it ask for
gigabytes. So every element is checked first, by the rules of MathWorks' "MAT-File Format", chapter 1. A file is a
128-byte header and a sequence of elements; an element is a tag (type, number of bytes) and data padded to 8 bytes;
the data of a `miMATRIX` is again a sequence of elements: flags, dimensions, name, contents.
"""

import math
import mmap
import re
import struct
import warnings
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import scipy.io

from vgg.errors import WeightsError

HEADER_BYTES = 128
#: Bytes for each number of each numeric type: miINT8 … miUINT32, miSINGLE, miDOUBLE, miINT64, miUINT64.
NUMBER_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8}
TEXT_TYPES = {1, 2, 3, 4, 16, 17, 18}  # miINT8 … miUINT16 and miUTF8, miUTF16, miUTF32
MI_INT8, MI_INT32, MI_UINT32, MI_MATRIX, MI_COMPRESSED = 1, 5, 6, 14, 15
TYPES = {*NUMBER_BYTES, *TEXT_TYPES, MI_MATRIX, MI_COMPRESSED}
CELL, STRUCT, CHAR, NUMERIC = 1, 2, 4, range(6, 16)  # array classes
FIELD_NAME = re.compile(rb"[A-Za-z]\w*\0")  # SciPy reads each name up to its closing zero, wherever that is
MOST_FIELDS = 1000  # in one struct; the genuine file has 10
DEEPEST = 16  # levels of cells and structs; the genuine file has 5
CHUNK = 1 << 20  # bytes inflated at a time
LARGEST = 1 << 30  # bytes of one inflated variable; the genuine `layers` has 0.58e9


class Element(NamedTuple):
    """A tag and where its data lies."""

    type: int
    start: int
    size: int


def load(path: Path, names: Collection[str]) -> dict[str, Any]:
    """Return the variables called `names` of the MATLAB 5.0 file `path`, as `scipy.io.loadmat` does.

    Raises:
        WeightsError: the file is truncated or damaged; the message says where.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as contents:
            if contents[126:128] != b"IM":
                raise WeightsError("its header has no little-endian mark")
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # of some damage SciPy only warns
                return scipy.io.loadmat(_checked(file, contents), variable_names=tuple(names))
    except Exception as error:  # whatever SciPy was led to raise by bytes that look well formed
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise WeightsError(
            f"{path} is truncated or damaged: {reason} ({path.stat().st_size:,} bytes in all); "
            "delete it and get it again"
        ) from error


def _checked(file: BinaryIO, contents: mmap.mmap) -> mmap.mmap:
    """Check every variable and return the file, with its compressed variables inflated."""
    elements = list(_elements(contents, HEADER_BYTES, len(contents), padded=False))
    if any(element.type == MI_COMPRESSED for element in elements):
        contents = _inflated(file, elements)
        elements = list(_elements(contents, HEADER_BYTES, len(contents), padded=False))
    for element in elements:
        _check_matrix(contents, element, 0)
    return contents


def _inflated(file: BinaryIO, elements: list[Element]) -> mmap.mmap:
    """Return the same file without compression, in memory; no variable gets more room than its own tag promises."""
    sizes = []
    for element in elements:
        file.seek(element.start)
        tag = zlib.decompressobj().decompress(file.read(1024), 8)
        sizes.append(8 + struct.unpack("<II", tag)[1])
        if sizes[-1] > LARGEST:
            raise WeightsError(f"a compressed variable claims {sizes[-1]:,} bytes")
    inflated = mmap.mmap(-1, HEADER_BYTES + sum(sizes))
    file.seek(0)
    inflated.write(file.read(HEADER_BYTES))
    for element, missing in zip(elements, sizes, strict=True):
        stream, end = zlib.decompressobj(), element.start + element.size
        for start in range(element.start, end, CHUNK):
            file.seek(start)
            chunk = stream.decompress(file.read(min(CHUNK, end - start)), missing + 1)
            missing -= len(chunk)
            if missing < 0:
                break
            inflated.write(chunk)
        if missing or not stream.eof:  # zlib has compared its checksum by the time it reports the end
            raise WeightsError(f"a compressed variable is {missing:,} bytes short of what it promises")
    inflated.seek(0)
    return inflated


def _elements(contents: mmap.mmap, start: int, end: int, padded: bool = True) -> Iterator[Element]:
    """Yield the elements that follow each other between the bytes `start` and `end`."""
    while start < end:
        if end - start < 8:
            raise WeightsError(f"it ends inside a tag at byte {start:,}")
        kind, size = struct.unpack_from("<II", contents, start)
        if kind >> 16:  # up to four bytes of data are packed into the tag itself
            kind, size, data, following = kind & 0xFFFF, kind >> 16, start + 4, start + 8
            if size > 4:
                raise WeightsError(f"a short element at byte {start:,} claims {size} bytes")
        else:
            data = start + 8
            following = data + (size + 7) // 8 * 8 if padded else data + size
        if kind not in TYPES:  # such as the zeros of a file that was never written to its end
            raise WeightsError(f"the element at byte {start:,} is of type {kind}, which does not exist")
        if data + size > end:
            raise WeightsError(f"the element at byte {start:,} needs {size:,} bytes, {end - data:,} are there")
        yield Element(kind, data, size)
        start = following


def _check_matrix(contents: mmap.mmap, matrix: Element, depth: int) -> None:
    """Check that a `miMATRIX` holds what its class, dimensions and field names say."""
    if matrix.type != MI_MATRIX or depth > DEEPEST:
        raise WeightsError(f"an element of type {matrix.type} at byte {matrix.start:,} where an array should be")
    if matrix.size == 0:
        return  # an empty place in a cell array
    flags, dimensions, name, *rest = _elements(contents, matrix.start, matrix.start + matrix.size)
    if (flags.type, flags.size, dimensions.type, name.type) != (MI_UINT32, 8, MI_INT32, MI_INT8):
        raise WeightsError(f"the array at byte {matrix.start:,} has a damaged header")
    array_class, is_complex = contents[flags.start], contents[flags.start + 1] & 8
    lengths = struct.unpack_from(f"<{dimensions.size // 4}i", contents, dimensions.start)
    if len(lengths) < 2 or len(lengths) > 32 or min(lengths) < 0 or dimensions.size % 4:
        raise WeightsError(f"the array at byte {matrix.start:,} has the dimensions {lengths[:8]}")
    count = math.prod(lengths)
    if count > matrix.size:  # SciPy makes room for the items before it looks for them
        raise WeightsError(f"the array at byte {matrix.start:,} promises {count:,} items in {matrix.size:,} bytes")
    if array_class in (CELL, STRUCT):
        if array_class == STRUCT:
            width, names, *rest = rest
            if (width.type, width.size, names.type) != (MI_INT32, 4, MI_INT8):
                raise WeightsError(f"the struct at byte {matrix.start:,} has damaged field names")
            (characters,) = struct.unpack_from("<i", contents, width.start)
            if not 0 < characters <= 64 or names.size % characters:
                raise WeightsError(f"the struct at byte {matrix.start:,} has damaged field names")
            fields = range(names.start, names.start + names.size, characters)
            if len(fields) > MOST_FIELDS or not all(FIELD_NAME.match(contents, at, at + characters) for at in fields):
                raise WeightsError(f"the struct at byte {matrix.start:,} has damaged field names")
            count *= len(fields)
        for child in rest:
            _check_matrix(contents, child, depth + 1)
        fits = len(rest) == count
    elif array_class == CHAR:
        fits = len(rest) == 1 and rest[0].type in TEXT_TYPES and rest[0].size <= 4 * count
    elif array_class in NUMERIC:
        fits = len(rest) == 1 and not is_complex and rest[0].size == count * NUMBER_BYTES.get(rest[0].type, -1)
    else:
        raise WeightsError(f"the array at byte {matrix.start:,} is of class {array_class}, unknown to VGG files")
    if not fits:
        raise WeightsError(f"the array at byte {matrix.start:,} does not hold the {count:,} items it promises")
