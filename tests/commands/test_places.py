"""Where results cannot be written is said before the work begins, by every command and for every file it writes."""

from pathlib import Path

import pytest

import microscope_command
import transfer_command
from own_process import run_python
from refused_command import refused_by
from vgg.__main__ import main as vgg
from weights.__main__ import main as weights


@pytest.mark.parametrize("name", ["disk/a", "x" * 300])
def test_every_command_refuses_before_it_begins(tmp_path, capfd, name):
    (tmp_path / "disk").symlink_to(tmp_path / "not mounted")
    transfer_words, vgg_words = transfer_command.prepare(tmp_path), microscope_command.prepare(tmp_path)
    wanted, words = str(tmp_path / name), ("No such file or directory" if "/" in name else "File name too long")
    picture = str(tmp_path / "picture.png")
    assert words in refused_by(weights, "weights", ["random", "--to", f"{wanted}.mat"], capfd, tmp_path)
    assert words in transfer_command.refused([*transfer_words, "-o", f"{wanted}.png"], capfd, tmp_path)
    compare = ["compare", picture, picture, *vgg_words, "-o", f"{wanted}.png"]
    assert words in refused_by(vgg, "vgg", compare, capfd, tmp_path)


def test_a_record_whose_name_is_too_long_although_the_pictures_is_not(tmp_path, capfd):
    words = transfer_command.prepare(tmp_path)
    line = transfer_command.refused([*words, "-o", str(tmp_path / ("x" * 251 + ".png"))], capfd, tmp_path)
    assert "(File name too long)" in line


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux")
def test_proc(tmp_path, capfd):
    words = [*transfer_command.prepare(tmp_path), "-o", "/proc/a.png"]
    assert "no file can be made in the folder /proc" in transfer_command.refused(words, capfd, tmp_path)


def test_help_on_a_terminal_without_unicode():
    program = "import runpy, sys; sys.argv = ['vgg', 'filters', '--help']; runpy.run_module('vgg', run_name='__main__')"
    done = run_python(f"import os, sys; sys.stdout.reconfigure(encoding='ascii'); {program}")
    assert done.returncode == 0 and "N,N,?" in done.stdout
