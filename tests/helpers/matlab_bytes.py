"""MATLAB 5.0 bytes written out by hand, after MathWorks' "MAT-File Format", chapter 1; no SciPy.

MATLAB writes some things in another way than SciPy: up to four bytes of data go into the tag, whole doubles are stored
as single bytes, text is UTF-8 or 16 bits a character, and every variable is compressed.
"""

import struct
import zlib

import numpy as np

UINT8, UINT16, INT8, INT32, UINT32, SINGLE, MATRIX, COMPRESSED, UTF8 = 2, 4, 1, 5, 6, 7, 14, 15, 16
CELL, STRUCT, CHAR, DOUBLE_CLASS, SINGLE_CLASS, LOGICAL_CLASS = 1, 2, 4, 6, 7, 9

HEADER = b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\1IM"


def element(kind: int, data: bytes) -> bytes:
    if 0 < len(data) <= 4:
        return struct.pack("<HH", kind, len(data)) + data.ljust(4, b"\0")
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def array(array_class: int, shape: tuple[int, ...], *contents: bytes, name: str = "", flags: int = 0) -> bytes:
    head = element(UINT32, struct.pack("<BBHI", array_class, flags, 0, 0))
    head += element(INT32, struct.pack(f"<{len(shape)}i", *shape)) + element(INT8, name.encode())
    data = head + b"".join(contents)
    return struct.pack("<II", MATRIX, len(data)) + data


def single(values: np.ndarray) -> bytes:
    return array(SINGLE_CLASS, values.shape, element(SINGLE, values.astype("<f4").tobytes(order="F")))


def double(*values: int) -> bytes:
    return array(DOUBLE_CLASS, (1, len(values)), element(UINT8, bytes(values)))


def text(characters: str, wide: bool = False) -> bytes:
    data = element(UINT16, characters.encode("utf-16-le")) if wide else element(UTF8, characters.encode())
    return array(CHAR, (1, len(characters)), data)


def cells(*items: bytes, name: str = "") -> bytes:
    return array(CELL, (1, len(items)) if items else (0, 0), *items, name=name)


def struct_array(fields: dict[str, bytes], name: str = "") -> bytes:
    width = element(INT32, struct.pack("<i", 32))
    names = element(INT8, b"".join(field.encode().ljust(32, b"\0") for field in fields))
    return array(STRUCT, (1, 1), width, names, *fields.values(), name=name)


def convolution(name: str, kernel: np.ndarray, bias: np.ndarray, wide: bool = False) -> bytes:
    fields = {
        "name": text(name, wide),
        "type": text("conv", wide),
        "weights": cells(single(kernel), single(bias[None])),
    }
    fields |= {"size": double(*kernel.shape), "pad": double(1, 1, 1, 1), "stride": double(1, 1)}
    fields |= {"precious": array(LOGICAL_CLASS, (1, 1), element(UINT8, b"\0"), flags=2), "opts": cells()}
    return struct_array(fields)


def other(name: str, kind: str) -> bytes:
    return struct_array({"name": text(name), "type": text(kind), "pad": double(0, 1, 0, 1)})


def packed(stream: bytes) -> bytes:
    """A compressed variable; unlike other elements it is not padded."""
    return struct.pack("<II", COMPRESSED, len(stream)) + stream


def file(*variables: bytes, compressed: bool = True) -> bytes:
    return HEADER + b"".join(packed(zlib.compress(variable)) if compressed else variable for variable in variables)
