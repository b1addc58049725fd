"""Files are written whole or not at all, from several threads too; places are checked by trying; nothing is lost."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vgg.errors import InputError
from vgg.tools.files import atomic_write, check_place, first_free, remove_leftovers, write_or_rescue


def refusal(path: Path) -> str:
    """The line of a refusal, after which the disk is as before."""
    with pytest.raises(InputError) as caught:
        check_place(path)
    line = str(caught.value)
    assert line.startswith(f"{path} ") and line.isprintable() and "; choose " in line
    return line


# Writing.


def test_threads_in_one_folder_do_not_share_a_temporary_file(tmp_path):
    """All are open at the same time, and each file has its own content in the end."""
    everybody_is_open = threading.Barrier(8, timeout=20)

    def work(number):
        with atomic_write(tmp_path / f"{number}.png") as unfinished:
            unfinished.write_text(str(number))
            everybody_is_open.wait()

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {f"{n}.png": str(n) for n in range(8)}


def test_the_mode_is_that_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "a.json") as unfinished:
            assert unfinished.suffix == ".json" and unfinished.parent == tmp_path
            unfinished.write_text("{}")
    finally:
        os.umask(before)
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
def test_whatever_fails_nothing_is_left_and_the_older_file_stays(tmp_path, error):
    (tmp_path / "a.png").write_text("older")
    with pytest.raises((error, InputError)), atomic_write(tmp_path / "a.png") as unfinished:
        unfinished.write_text("newer")
        raise error
    assert [path.read_text() for path in tmp_path.iterdir()] == ["older"]


def test_leftovers_of_a_killed_process_are_removed_but_not_of_one_that_writes(tmp_path):
    """Two batches in one folder; the first is in the middle of a picture when the second begins."""
    code = (
        "import os, sys; from pathlib import Path; from vgg.tools.files import atomic_write\n"
        "with atomic_write(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.png")], cwd=Path(__file__).parents[3], check=False)
    (killed,) = tmp_path.iterdir()
    with atomic_write(tmp_path / "a.png") as unfinished:
        unfinished.write_text("first")
        remove_leftovers(tmp_path / "a.png")
        assert unfinished.exists() and not killed.exists()
    assert (tmp_path / "a.png").read_text() == "first"


# Checking a place.


@pytest.mark.parametrize("name", ["a.json", "new/er/a.mat", "link/a.png", "x" * 251 + ".mat", "old.json"])
def test_good_places_leave_no_trace(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "old.json").write_text("{}")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    before = sorted(tmp_path.rglob("*"))
    check_place(tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["disk/a.png", "disk/new/a.png"])
def test_a_disk_that_is_not_mounted(tmp_path, name):
    (tmp_path / "disk").symlink_to(tmp_path / "absent")
    assert f"in the folder {tmp_path / 'disk'} (No such file or directory)" in refusal(tmp_path / name)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux")
@pytest.mark.parametrize("path", ["/proc/a.png", "/proc/new/a.png"])
def test_proc(path):
    assert "no file can be made in the folder /proc" in refusal(Path(path))


@pytest.mark.parametrize(
    "name",
    [
        "a" * 300,
        "a" * 252 + ".png",
        "n" * 300 + "/a.png",
        "new/" + "a" * 300,
        "ä" * 130 + ".png",
        "a." + "b" * 240,
        "deep" * 20 + "/deep" * 900 + "/a.png",
    ],
    ids=["name", "with ending", "folder", "in a new folder", "two bytes a letter", "temporary name", "path"],
)
def test_names_that_are_too_long(tmp_path, name):
    assert "File name too long" in refusal(tmp_path / name)


def test_pipes_devices_and_files_in_place_of_a_folder(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "file").write_text("")
    assert "is a pipe or a device" in refusal(tmp_path / "pipe.png")
    assert f"in the folder {tmp_path / 'file'} (Not a directory)" in refusal(tmp_path / "file" / "new" / "a.png")
    (tmp_path / "locked").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        check_place(tmp_path / "locked")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX users")
def test_a_folder_of_somebody_else(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o555)
    program = (
        "import os, sys; from pathlib import Path; from vgg.tools.files import check_place\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"  # to root nothing is forbidden
        "try: check_place(Path(sys.argv[1]))\n"
        "except ValueError as error: print(error)"
    )
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    command = [sys.executable, "-c", program, str(tmp_path / "locked" / "a.png")]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True)
    assert "Permission denied" in done.stdout


# Rescuing a result.


def write_text(path: Path) -> None:
    with atomic_write(path) as unfinished:
        unfinished.write_text("result")


def test_a_result_goes_where_it_was_wanted(tmp_path):
    assert write_or_rescue(tmp_path / "new" / "a.txt", write_text) == tmp_path / "new" / "a.txt"


def test_a_result_is_rescued_and_overwrites_nothing(tmp_path, monkeypatch):
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    (tmp_path / "gone").symlink_to(tmp_path / "absent" / "disk")
    monkeypatch.chdir(here)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    wanted = tmp_path / "gone" / "a.txt"
    assert write_or_rescue(wanted, write_text) == here / "a.txt"
    (here / "a.txt").write_text("older")
    assert write_or_rescue(wanted, write_text) == here / "a-2.txt"
    assert write_or_rescue(wanted, write_text) == here / "a-3.txt"
    assert [(here / name).read_text() for name in ("a.txt", "a-2.txt", "a-3.txt")] == ["older", "result", "result"]

    def not_here(path):
        if path.parent == here:
            raise InputError("the current folder is full as well")
        write_text(path)

    assert write_or_rescue(wanted, not_here) == temporary / "a.txt"


def test_if_nothing_can_be_written_the_first_error_counts(tmp_path):
    def fail(path):
        raise InputError(f"{path} cannot be written")

    with pytest.raises(InputError, match=str(tmp_path / "a.txt")):
        write_or_rescue(tmp_path / "a.txt", fail)


def test_the_first_free_name_is_free_for_what_goes_beside_it_too(tmp_path):
    for name in ("a.png", "a-2.txt", "a-4.png"):
        (tmp_path / name).write_text("kept")
    (tmp_path / "a-3.png").symlink_to(tmp_path / "gone")
    assert first_free(tmp_path / "b.png") == tmp_path / "b.png"
    assert first_free(tmp_path / "a.png") == tmp_path / "a-2.png"
    assert first_free(tmp_path / "a.png", lambda place: place.with_suffix(".txt")) == tmp_path / "a-5.png"
