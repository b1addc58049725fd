"""What this process may use: limits of nested groups in made-up /proc and /sys, of `ulimit`, and of this machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from microscope_command import ROOT
from transfer.machine import UNKNOWN_RAM, available_bytes, usable_bytes

GB = 10**9
#: What version 1 says where no limit was set: the largest multiple of a page in 64 bits.
V1_UNLIMITED = 9223372036854771712


class Machine:
    """A folder with the files that Linux would show to a process."""

    def __init__(self, root: Path) -> None:
        self.root, self.groups = root, []

    def write(self, path: str, text: object) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")

    def belongs_to(self, line: str) -> None:
        self.groups.append(line)
        self.write("proc/self/cgroup", "\n".join(self.groups))

    def memory(self, free: int, resident_pages: int = 0) -> None:
        self.write(
            "proc/meminfo", f"MemTotal: 64000000 kB\nMemFree: 1 kB\nMemAvailable: {free // 1024} kB\nHugePages: 0"
        )
        self.write("proc/self/statm", f"999999 {resident_pages} 1 1 0 1 0")


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Machine:
    """10 GB of memory in pages of 4000 bytes, and no `ulimit`."""
    import resource

    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 2_500_000, "SC_PAGE_SIZE": 4000}.__getitem__)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return Machine(tmp_path)


def test_without_a_limit_most_of_the_machines_memory(machine):
    assert usable_bytes(machine.root) == 0.8 * 10 * GB


@pytest.mark.parametrize("free", [1, GB, 9 * GB])
def test_what_other_programs_use_changes_nothing(machine, free):
    machine.memory(free)
    machine.belongs_to("0::/one")
    machine.write("/sys/fs/cgroup/one/memory.max", 4 * GB)
    machine.write("/sys/fs/cgroup/one/memory.current", 3 * GB)
    assert usable_bytes(machine.root) == 0.9 * 4 * GB


@pytest.mark.parametrize("limited", ["", "/user", "/user/app", "/user/app/run"])
@pytest.mark.parametrize("name", ["memory.max", "memory.high"])
def test_each_group_limits_those_inside_it(machine, limited, name):
    machine.belongs_to("0::/user/app/run")
    for group in ("/user", "/user/app", "/user/app/run"):
        machine.write(f"/sys/fs/cgroup{group}/memory.max", "max")
        machine.write(f"/sys/fs/cgroup{group}/memory.high", 7 * GB)
    machine.write(f"/sys/fs/cgroup{limited}/{name}", 2 * GB)
    machine.write("/sys/fs/cgroup/user/other/memory.max", 1)
    machine.write("/sys/fs/cgroup/user/app/run/inner/memory.max", 1)
    assert usable_bytes(machine.root) == 0.9 * 2 * GB


@pytest.mark.parametrize("limited", ["", "/docker", "/docker/abc"])
def test_version_1(machine, limited):
    machine.belongs_to("5:cpu,cpuacct:/elsewhere")
    machine.belongs_to("4:hugetlb,memory:/docker/abc")
    machine.belongs_to("0::/docker/abc")
    for group in ("", "/docker", "/docker/abc"):
        machine.write(f"/sys/fs/cgroup/memory{group}/memory.limit_in_bytes", V1_UNLIMITED)
    machine.write("/sys/fs/cgroup/cpu/docker/abc/memory.limit_in_bytes", 1)
    assert usable_bytes(machine.root) == 0.8 * 10 * GB
    machine.write(f"/sys/fs/cgroup/memory{limited}/memory.limit_in_bytes", 1_300_000_000)
    assert usable_bytes(machine.root) == 0.9 * 1_300_000_000


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("3:memory:/docker/abc", "memory/memory.limit_in_bytes"),
        ("0::/docker/abc", "memory.max"),
        ("0::/", "memory.max"),
    ],
)
def test_in_a_container_its_own_group_is_the_outermost(machine, line, file):
    machine.belongs_to(line)
    machine.write(f"/sys/fs/cgroup/{file}", 3 * GB)
    assert usable_bytes(machine.root) == 0.9 * 3 * GB


def test_a_group_that_cannot_be_seen_from_here(machine):
    machine.belongs_to("0::/../other")
    machine.write("/sys/fs/cgroup/memory.max", 3 * GB)
    assert usable_bytes(machine.root) == 0.9 * 3 * GB


def test_a_limit_above_what_the_machine_has(machine):
    machine.belongs_to("0::/")
    machine.write("/sys/fs/cgroup/memory.max", 500 * GB)
    assert usable_bytes(machine.root) == 0.8 * 10 * GB


def test_elsewhere_than_on_linux(machine, monkeypatch):
    assert usable_bytes(machine.root) == 0.8 * 10 * GB and available_bytes(machine.root) is None  # as on macOS
    monkeypatch.delattr(os, "sysconf")
    monkeypatch.setitem(sys.modules, "resource", None)
    assert usable_bytes(machine.root) == 0.8 * UNKNOWN_RAM and available_bytes(machine.root) is None  # as on Windows


@pytest.mark.parametrize("names", [{"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": -1}, {"SC_PAGE_SIZE": 4096}])
def test_a_system_that_does_not_know_its_memory(machine, monkeypatch, names):
    def sysconf(name):
        if name not in names:
            raise ValueError("unrecognized configuration name")
        return names[name]

    monkeypatch.setattr(os, "sysconf", sysconf)
    assert usable_bytes(machine.root) == 0.8 * UNKNOWN_RAM


def test_what_could_be_had_now(machine):
    machine.memory(free=4096 * 1_000_000, resident_pages=100_000)  # of 4000 bytes
    assert available_bytes(machine.root) == 4096e6 + 4e8
    machine.belongs_to("0::/one/two")
    machine.write("/sys/fs/cgroup/one/memory.max", 5 * GB)
    machine.write("/sys/fs/cgroup/one/memory.current", 3 * GB)
    machine.write("/sys/fs/cgroup/one/memory.stat", f"anon 5\nactive_file 7\ninactive_file {GB // 2}\nfile_dirty 0")
    machine.write("/sys/fs/cgroup/one/two/memory.max", "max")
    machine.write("/sys/fs/cgroup/one/two/memory.current", 2 * GB)
    assert available_bytes(machine.root) == 2.5e9 + 4e8
    machine.write("/sys/fs/cgroup/one/memory.current", 6 * GB)  # over its limit, for a moment
    assert available_bytes(machine.root) == 4e8


def test_what_could_be_had_now_in_version_1(machine):
    machine.memory(free=9 * GB)
    machine.belongs_to("4:memory:/one")
    machine.write("/sys/fs/cgroup/memory/one/memory.limit_in_bytes", 5 * GB)
    machine.write("/sys/fs/cgroup/memory/one/memory.usage_in_bytes", 3 * GB)
    machine.write("/sys/fs/cgroup/memory/one/memory.stat", f"inactive_file 1\ntotal_inactive_file {GB}")
    assert available_bytes(machine.root) == 3e9


def test_this_machine():
    ram = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < usable_bytes() <= 0.8 * ram and usable_bytes() == usable_bytes()
    available = available_bytes()
    assert available is None or 0 < available < 1.1 * ram


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such limits or do not keep to them")
def test_limits_of_the_process_itself():
    program = (
        "import resource, sys; from transfer.machine import usable_bytes\n"
        "limit = int(sys.argv[2])\n"
        "resource.setrlimit(getattr(resource, sys.argv[1]), (limit, limit)); print(usable_bytes())"
    )

    def usable_with(name: str, limit: int) -> float:
        words = [sys.executable, "-c", program, name, str(limit)]
        return float(subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout)

    assert usable_with("RLIMIT_DATA", GB) == 0.9 * GB
    # TensorFlow's own addresses were measured on 2 processors: 1.6 GB more than its memory.
    room = 2 * GB + 200_000_000 * (os.cpu_count() - 2)
    assert usable_with("RLIMIT_AS", room) == pytest.approx(0.9 * (2 * GB - 1.6e9))
    assert usable_with("RLIMIT_AS", GB // 2) == 0
