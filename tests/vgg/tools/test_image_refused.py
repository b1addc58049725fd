"""What is no picture, cut off, damaged or of a kind we would get wrong is refused in one line."""

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from image_files import (
    GIF,
    STORED,
    assert_one_line,
    encoded,
    exif,
    jpeg_with,
    png_chunk,
    png_of,
    read_bytes,
    refusal,
    tiff,
    webp_with,
)
from own_process import run_python
from vgg.errors import InputError
from vgg.tools.image import read_image


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"", "is empty"),
        (b"A holiday in Rome\n", "is a text file"),
        ("Ein Gruß\r\n".encode("latin-1"), "is a text file"),
        (b"\n<!DOCTYPE html><html>", "is a text file"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"\0\0\0\x18ftypisom", "is a video"),
        (b"\x1a\x45\xdf\xa3webm", "is a video"),
        (b"PK\x03\x04", "is not a picture that this program reads"),
        (b"II*\0\x10\0\0\0CR", "is not a picture that this program reads"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, data, kind):
    message = refusal(tmp_path, data)
    assert kind in message
    assert "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC" in message


def test_missing_file_and_folder(tmp_path):
    address = "https://example.org/photo.jpg"
    refusals = [(tmp_path / "none.jpg", "does not exist"), (tmp_path, "is a folder")]
    for path, words in [*refusals, (address, f"{address} is an address, expected a file; download it first")]:
        with pytest.raises(InputError, match=words) as caught:
            read_image(path)
        assert_one_line(caught.value)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    for path in (tmp_path / "a.png", "/dev/zero"):
        with pytest.raises(InputError, match="is a pipe or a device, expected a file") as caught:
            read_image(path)
        assert_one_line(caught.value)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs POSIX users")
def test_forbidden_file(tmp_path):
    path = tmp_path / "mine.png"
    path.write_bytes(png_of(STORED))
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # to root nothing is forbidden
    try:
        with pytest.raises(InputError, match="Permission denied"):
            read_image(path)
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("options", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_RST_INTERVAL, 1)])
def test_truncated_jpeg_is_refused_wherever_it_ends(tmp_path, options):
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    plain = encoded(".jpg", noise, *options)
    # The thumbnail in EXIF is a whole JPEG: its end must not be taken for the picture's.
    jpeg = jpeg_with(b"Exif\0\0" + exif(1) + encoded(".jpg", noise[:8, :8]), plain)
    np.testing.assert_array_equal(read_bytes(tmp_path, jpeg), read_bytes(tmp_path, plain))
    for length in range(3, len(jpeg), 7):
        refusal(tmp_path, jpeg[:length])
    for lost in range(1, 30):
        assert "without its end" in refusal(tmp_path, jpeg[:-lost])


def test_jpeg_with_zeros_for_its_second_half_is_refused(tmp_path):
    # As an interrupted copy may leave it; every OpenCV returns half a picture.
    coarse = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    jpeg = encoded(".jpg", cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC))
    half = len(jpeg) // 2
    assert cv2.imdecode(np.frombuffer(jpeg[:half] + bytes(half), np.uint8), cv2.IMREAD_COLOR) is not None
    assert "without its end" in refusal(tmp_path, jpeg[:half] + bytes(half))


def test_what_follows_a_jpeg_does_not_matter(tmp_path):
    jpeg = encoded(".jpg", STORED)
    second_view = jpeg_with(b"Exif\0\0" + exif(6), jpeg)
    for more in (b"a phone's video clip", second_view, b"\0\0" + second_view[2:]):
        np.testing.assert_array_equal(read_bytes(tmp_path, jpeg + more), read_bytes(tmp_path, jpeg))


@pytest.mark.parametrize("ending", [".png", ".webp", ".tif", ".bmp"])
def test_truncated_picture_is_refused(tmp_path, ending):
    data = encoded(ending, np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8))
    for length in (len(data) - 1, len(data) - 9, len(data) * 3 // 4, len(data) // 2, 40):
        assert "cut off" in refusal(tmp_path, data[:length])


def test_truncated_tiff_with_its_directory_in_front(tmp_path):
    data = tiff(STORED)
    for length in (len(data) - 1, len(data) * 3 // 4, 200, 9):
        refusal(tmp_path, data[:length])


def test_damaged_png_is_refused(tmp_path):
    data = bytearray(png_of(np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)))
    data[len(data) // 2] ^= 1
    assert "damaged" in refusal(tmp_path, bytes(data))


def test_gigantic_pictures_are_refused(tmp_path, monkeypatch):
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(99)))
    assert "has 100000 × 100000 pixels, which need" in refusal(tmp_path, bomb + png_chunk(b"IEND", b""))
    behind = png_chunk(b"eXIf", exif(6)) + png_chunk(b"IEND", b"")
    with monkeypatch.context() as patch:
        patch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("decoded before its size was looked at"))
        assert "has 100000 × 100000 pixels, which need" in refusal(tmp_path, bomb + behind)
    jpeg = encoded(".jpg", STORED)
    frame = jpeg.index(b"\xff\xc0") + 5
    assert "has 65000 × 65000 pixels, which need" in refusal(
        tmp_path, jpeg[:frame] + struct.pack(">HH", 65000, 65000) + jpeg[frame + 4 :]
    )


def test_what_needs_too_much_memory_is_refused_before_it_is_decoded(tmp_path):
    rgba = np.dstack([STORED, STORED[..., :1]])
    files = [(ending, encoded(ending, STORED)) for ending in (".png", ".jpg", ".webp", ".tif", ".bmp")]
    lossy = encoded(".webp", STORED, cv2.IMWRITE_WEBP_QUALITY, 50)
    for name, data in [*files, ("rgba", png_of(rgba)), ("lossy", lossy), ("exif", webp_with(exif(1), STORED))]:
        (tmp_path / name).write_bytes(data)
        assert read_image(tmp_path / name, 16 * 24 * 14).shape == STORED.shape
        with pytest.raises(InputError, match="has 24 × 16 pixels, which need"):
            read_image(tmp_path / name, 16 * 24 * 14 - 1)
    (tmp_path / "a.gif").write_bytes(GIF)
    with pytest.raises(InputError, match="has 3 × 2 pixels"):
        read_image(tmp_path / "a.gif", 80)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the process")
def test_a_small_file_of_very_many_pixels_under_a_limit(tmp_path):
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 6, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(99))) + png_chunk(b"IEND", b"")
    (tmp_path / "large.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (4 * 10**9,) * 2)\n"
        "from transfer.masks import main; sys.exit(main(sys.argv[1:]))"
    )
    done = run_python(program, str(tmp_path / "large.png"), "--by", "color", "-o", str(tmp_path / "mask.png"))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "large.png has 20000 × 20000 pixels, which need 5.6 GB to be read, expected" in done.stderr


def test_tiffs_that_would_come_out_wrong_are_refused(tmp_path):
    for data in (
        tiff(np.zeros((16, 24), np.float32), format=3),
        tiff(np.zeros((16, 24), np.int16), format=2),
        tiff(np.zeros((16, 24, 2), np.uint8), extra=2),
        tiff(STORED, planar=2),
        tiff(STORED, photometric=8),
        tiff(np.zeros((16, 24), np.uint16), photometric=0),
        tiff(STORED, subfile=1),
        tiff(STORED, ">", subfile=1),
    ):
        assert "TIFF picture that we cannot decode" in refusal(tmp_path, data)


READ_ALL = """
import sys, cv2, numpy
from vgg.tools.console import run
from vgg.tools.image import read_image, write_image

def read_all():
    for path in sys.argv[2:]:
        try:
            read_image(path)
        except ValueError:
            pass
    try:
        write_image(sys.argv[2] + ".jpg", numpy.zeros((16, 70000, 3), numpy.uint8))
    except ValueError:
        pass
    sys.stderr.write("still here")

run("test", read_all) if sys.argv[1] == "command" else read_all()
"""


def test_codecs_print_nothing_while_a_command_runs(tmp_path):
    whole = png_of(STORED)
    odd_profile = png_of(STORED, (b"iCCP", b"x\0\0" + zlib.compress(b"junk")))
    scan = encoded(".jpg", STORED)
    corrupt_jpeg = scan[:-2] + bytes(20) + b"\xff\xd0" + scan[-2:]
    files = []
    for number, data in enumerate(
        [
            whole[:-20],
            odd_profile,
            corrupt_jpeg,
            encoded(".bmp", STORED)[:-9],
            tiff(np.zeros((16, 24), np.float32), format=3)[:-9],
        ]
    ):
        files.append(str(tmp_path / str(number)))
        Path(files[-1]).write_bytes(data)

    def run(whose):
        command = [sys.executable, "-B", "-c", READ_ALL, whose, *files]
        done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, check=True)
        return done.stdout, done.stderr

    assert b"libpng" in run("library")[1]  # or this test would prove nothing
    assert run("command") == (b"", b"still here")


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
def test_reading_works_without_a_terminal(tmp_path):
    (tmp_path / "a.png").write_bytes(png_of(STORED))
    code = f"from vgg.tools.image import read_image; print(read_image({str(tmp_path / 'a.png')!r}).shape)"
    closed = ["sh", "-c", '"$0" -B -c "$1" 2>&-', sys.executable, code]
    done = subprocess.run(closed, cwd=Path(__file__).parents[3], capture_output=True, check=True)
    assert done.stdout == b"(16, 24, 3)\n"
