"""Hundreds of damaged files: each is refused in one line or still reads; nothing crashes, hangs or eats memory.

Each is read in a process of its own, whose memory is limited and measured.
"""

import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

import hand_made
import matlab_bytes as m

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and measures memory as Linux does")

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = (0, 1, 2, 3, 4, 8, 9, 14, 15, 19, 200, 65535, 65536, 1 << 24, 1 << 28, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)

READER = """
import faulthandler, resource, sys
from pathlib import Path
faulthandler.enable()
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
from vgg.errors import WeightsError
from vgg.matfile.read import read
for path in sorted(Path(sys.argv[1]).iterdir()):
    faulthandler.dump_traceback_later(10, exit=True)
    print(path.name, end=" ", flush=True)
    try:
        read(path)
        print("read")
    except WeightsError as error:
        assert str(error).isprintable(), repr(error)
        print("refused", error)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def flipped(data, rng):
    for _ in range(rng.randrange(1, 9)):
        data[place(data, rng)] ^= 1 << rng.randrange(8)


def overwritten(data, rng):
    # Tags, flags, dimensions and lengths are all words of four bytes.
    for _ in range(rng.randrange(1, 4)):
        struct.pack_into("<I", data, place(data, rng) // 4 * 4, rng.choice(HOSTILE))


def cut(data, rng):
    start = place(data, rng)
    del data[start : start + rng.choice((1, 8, 100, len(data)))]


def spliced(data, rng):
    start, source = place(data, rng), place(data, rng)
    data[start:start] = data[source : source + rng.choice((1, 8, 56, 3000))]


def zeroed(data, rng):
    start, end = sorted((place(data, rng), place(data, rng)))
    data[start:end] = bytes(end - start)


DAMAGES = (flipped, overwritten, cut, spliced, zeroed)


def place(data, rng):
    """An index after the header; half of them among the first layers, where most of the structure is."""
    return rng.randrange(128, min(len(data), rng.choice((3000, len(data)))) - 4)


def read_in_a_process(folder):
    """{file name: "read" or "refused …"} and the most memory in use, in MB."""
    command = [sys.executable, "-B", "-c", READER, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.stdout.splitlines()[-1]} … then:\n{done.stderr}"
    *lines, peak = done.stdout.splitlines()
    return dict(line.split(" ", 1) for line in lines), int(peak) / 1e3


def test_random_damage(tmp_path):
    rng = random.Random(19)
    sources, folder = tmp_path / "sources", tmp_path / "damaged"
    sources.mkdir()
    folder.mkdir()
    for layout in ("later", "beta16"):
        for compressed in (False, True):
            name = f"{layout}-{'compressed' if compressed else 'plain'}"
            whole = hand_made.save(sources / name, hand_made.network(layout), compressed).read_bytes()
            for damage in DAMAGES:
                for i in range(20):
                    data = bytearray(whole)
                    damage(data, rng)
                    (folder / f"{name}-{damage.__name__}-{i}").write_bytes(data)
    outcomes, peak = read_in_a_process(folder)
    assert len(outcomes) == 400
    # A flip in a kernel's numbers is not seen, one in the structure is, and zlib sees all of them.
    assert sum(outcome == "read" for outcome in outcomes.values()) < 100
    assert not [name for name, outcome in outcomes.items() if "compressed" in name and outcome == "read"]
    assert not [outcome for outcome in outcomes.values() if "allocate" in outcome or "MemoryError" in outcome]
    assert peak < 300


def claims(array_class, shape, *contents):
    return m.file(m.array(array_class, shape, *contents, name="layers"), compressed=False)


def nested(levels):
    inner = m.double(1)
    for _ in range(levels):
        inner = m.cells(inner)
    return m.file(m.cells(inner, name="layers"), compressed=False)


EMPTY_NAMES = m.element(m.INT32, struct.pack("<i", 32)) + m.element(m.INT8, b"")
NAMED = {f"f{i}": m.double(1) for i in range(3)}

NUMBERS = m.array(m.DOUBLE_CLASS, (1, 1), m.element(m.UINT8, b"\1"), name="layers")

# What each does to a reader that trusts the file: crash, fill the memory, take its time, or warn and go on.
ATTACKS = {
    "unknown-number-type": claims(m.SINGLE_CLASS, (1, 1), m.element(200, bytes(4))),
    "number-in-a-cell": claims(m.CELL, (1, 1), m.element(m.SINGLE, bytes(4))),
    "long-text-without-letters": claims(m.CHAR, (1, 300_000_000), m.element(m.UTF8, b"")),
    "many-structs-without-fields": claims(m.STRUCT, (1, 200_000_000), EMPTY_NAMES),
    "overflowing-dimensions": claims(m.CELL, (1 << 16, 1 << 16, 1 << 16, 1 << 16)),
    "negative-dimensions": claims(m.CELL, (-1, -1), m.double(1)),
    "33-dimensions": claims(m.CELL, (1,) * 33, m.double(1)),
    "more-items-than-stored": claims(m.CELL, (1, 9), m.double(1)),
    "endless-field-name": m.file(m.struct_array({"x" * 32: m.double(1)}, "layers"), compressed=False),
    "field-name-of-no-width": m.file(m.struct_array(NAMED, "layers").replace(b"\x05\0\4\0\x20", b"\x05\0\4\0\0")),
    "two-hundred-levels": nested(200),
    "forty-megabytes-of-zeros": m.file(m.array(m.CELL, (1, 43), bytes(40_000_000), name="layers"), compressed=False),
    "field-names-that-go-on": claims(
        m.STRUCT,
        (1, 0),
        m.element(m.INT32, struct.pack("<i", 8)),
        m.element(m.INT8, b"".join(b"f%06d\0" % i for i in range(60_000))),
    ),
    "the-same-variable-twice": m.file(NUMBERS, NUMBERS),
    "compressed-shorter-than-it-says": m.HEADER + m.packed(zlib.compress(NUMBERS[:-8])),
    "compressed-longer-than-it-says": m.HEADER + m.packed(zlib.compress(NUMBERS + bytes(50_000_000))),
    "compressed-without-its-checksum": m.HEADER + m.packed(zlib.compress(NUMBERS)[:-4]),
    "bomb": m.HEADER + m.packed(zlib.compress(struct.pack("<II", m.MATRIX, (1 << 32) - 8))),
}


def test_files_made_to_break_a_reader(tmp_path):
    for name, contents in ATTACKS.items():
        (tmp_path / name).write_bytes(contents)
    outcomes, peak = read_in_a_process(tmp_path)
    assert outcomes.keys() == ATTACKS.keys()
    for name, outcome in outcomes.items():
        assert outcome.startswith("refused"), name
        assert "allocate" not in outcome, name
    assert peak < 300
