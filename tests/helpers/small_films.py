"""Small films for tests, and changes to the bytes of their files."""

import struct
from pathlib import Path

import cv2
import numpy as np

from transfer.apps.video.container import write_film


def blocks(count: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """Frames that every codec keeps apart: large areas of grey, frame n with its number in binary along the top."""
    frames = []
    for number in range(count):
        frame = np.full((height, width, 3), (60, 110, 160), np.uint8)
        frame[height // 2 :, : width // 2] = (200, 60, 40)
        for bit in range(4):
            frame[: height // 4, bit * width // 4 : (bit + 1) * width // 4] = 255 if number >> bit & 1 else 0
        frames.append(frame)
    return frames


def number_of(frame: np.ndarray) -> int:
    """The number that `blocks` wrote into a frame of whatever size."""
    height, width = frame.shape[:2]
    return sum((frame[height // 8, (2 * bit + 1) * width // 8].mean() > 128) << bit for bit in range(4))


def film_file(path: Path, count: int = 6, height: int = 48, width: int = 64, fps: float = 10) -> Path:
    write_film(path, blocks(count, height, width), fps)
    return path


def folder(path: Path, count: int = 6, height: int = 48, width: int = 64) -> Path:
    """With names that the alphabet sorts otherwise: frame8.png, frame9.png, frame10.png."""
    path.mkdir()
    for number, frame in enumerate(blocks(count, height, width)):
        cv2.imwrite(str(path / f"frame{number + 8}.png"), frame[..., ::-1])
    return path


def turned_by_a_flag(path: Path) -> None:
    """Change an MP4 file's display matrix to a quarter turn clockwise, as phones do (ISO/IEC 14496-12, §8.3.2)."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    struct.pack_into(">9i", data, matrix, 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


def box(kind: bytes, *inside: bytes) -> bytes:
    """A box of an MP4 file."""
    content = b"".join(inside)
    return struct.pack(">I", 8 + len(content)) + kind + content


def track(handler: bytes) -> bytes:
    """A track of which only the handler is said: "vide" or "soun"."""
    return box(b"trak", box(b"tkhd", bytes(84)), box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(13))))
