"""What the machine is: its processor, how many threads compute, and how much memory there is.

How much memory this process may use by what the machine has, and how much it could get at this moment, are two figures.
The first decides how a run is done: the whole picture or stripes, and how long L-BFGS remembers. These change
the result a little, so the figure must be the same whenever the same command runs on the same machine. It is a share of
what the machine has or of what a limit allows, and never asks what other programs use. The second figure changes from
moment to moment and is good for a warning only.

A container's limit is its control group's: `memory.max` and `memory.high` in version 2 (Linux's documentation,
admin-guide/cgroup-v2), `memory.limit_in_bytes` in version 1 (cgroup-v1/memory). Groups are nested, and each limits all
those inside it. `ulimit` sets limits of the process itself, see getrlimit(2).
"""

import os
import platform
from collections.abc import Iterator
from pathlib import Path

#: Of the machine's memory, which the system, a desktop and a browser share. The rest also covers that a run's estimate
#: is a few percent off.
SHARE_OF_RAM = 0.8
#: Of a limit, which usually holds for this program alone. What is left covers the estimate and the pages of files read.
SHARE_OF_LIMIT = 0.9
#: Bytes of a machine that doesn't say what it has, as Windows: as much as almost every machine has.
UNKNOWN_RAM = 4e9
#: TensorFlow reserves more addresses than it uses memory, and `ulimit -v` counts addresses: this many for its libraries
#: and this many for the threads of each processor. Fitted to `VmSize` − `VmRSS` on 2 processors, 1.6e9.
ADDRESSES_OF_LIBRARIES, ADDRESSES_PER_PROCESSOR = 1.2e9, 0.2e9

ROOT = Path("/")


def usable_bytes(root: Path = ROOT) -> float:
    """Return the memory that this process should use at most, in bytes: the same each time on the same machine.

    Args:
        root: the folder that holds `proc` and `sys`.
    """
    addresses = ADDRESSES_OF_LIBRARIES + ADDRESSES_PER_PROCESSOR * (os.cpu_count() or 1)
    limits = [_process_limit("RLIMIT_DATA"), _process_limit("RLIMIT_AS") - addresses]
    limits += [_limit_of(group) for group in _memory_groups(root)]
    return max(0.0, min(SHARE_OF_RAM * _ram_bytes(), SHARE_OF_LIMIT * min(limits)))


def available_bytes(root: Path = ROOT) -> float | None:
    """Return the memory that this process holds or could get at this moment, in bytes; None where that is unknown.

    That is what Linux calls available, or what is left to a group of the process if that is less. Pages of files that
    nobody used lately count as available.

    Args:
        root: the folder that holds `proc` and `sys`.
    """
    available = _number_after("MemAvailable:", root / "proc/meminfo")  # kilobytes
    held_pages = _read(root / "proc/self/statm").split()[1:2]
    if available is None or not held_pages:
        return None
    left = [1024 * available] + [_limit_of(group) - _used_by(group) for group in _memory_groups(root)]
    return max(0.0, min(left)) + float(held_pages[0]) * os.sysconf("SC_PAGE_SIZE")


def processor() -> str:
    """Return the name of the processor, on which the last bits of a result depend."""
    lines = _read(Path("/proc/cpuinfo")).splitlines()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def threads(variable: str) -> int:
    """Return how many threads a library uses that asks this variable of the environment, or else takes all there are.

    TensorFlow asks TF_NUM_INTRAOP_THREADS, NumPy's BLAS OPENBLAS_NUM_THREADS. Sums are cut into parts by it, so the
    last bits of a result depend on it.
    """
    text = os.environ.get(variable, "")
    return int(text) if text.isdecimal() and int(text) else processors()


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ram_bytes() -> float:
    """Return all of the machine's memory, by a question that Linux and macOS answer."""
    try:
        pages, page_bytes = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no such function, some systems not these names
        return UNKNOWN_RAM
    return float(pages * page_bytes) if pages > 0 and page_bytes > 0 else UNKNOWN_RAM


def _process_limit(name: str) -> float:
    try:
        import resource  # Windows does not have it
    except ImportError:
        return float("inf")
    soft, _ = resource.getrlimit(getattr(resource, name))
    return float("inf") if soft == resource.RLIM_INFINITY else float(soft)


def _memory_groups(root: Path) -> Iterator[Path]:
    """Yield the folders of the groups that limit this process's memory, from its own to the outermost it can see."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers or "memory" in controllers.split(","):
            outermost = root / "sys/fs/cgroup" / ("memory" if controllers else "")  # version 1, or 2
            # A container often sees its own group as the outermost: then there is no folder of this path.
            group = outermost / path.lstrip("/")
            yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(outermost))


def _limit_of(group: Path) -> float:
    texts = [_read(group / name).strip() for name in ("memory.max", "memory.high", "memory.limit_in_bytes")]
    return min((float(text) for text in texts if text.isdecimal()), default=float("inf"))  # or the word "max"


def _used_by(group: Path) -> float:
    texts = [_read(group / name).strip() for name in ("memory.current", "memory.usage_in_bytes")]
    used = max((float(text) for text in texts if text.isdecimal()), default=0.0)
    statistics = group / "memory.stat"
    unused = _number_after("total_inactive_file", statistics) or _number_after("inactive_file", statistics)
    return used - (unused or 0)


def _number_after(word: str, path: Path) -> int | None:
    """Return 24249964 of the line `MemAvailable:  24249964 kB`, say; None if there is no such line."""
    lines = [line.split() for line in _read(path).splitlines()]
    return next((int(words[1]) for words in lines if words[:1] == [word]), None)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""
