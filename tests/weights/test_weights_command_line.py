"""What `python -m weights` refuses: at once, in one line, before anything is made or fetched."""

import os
import sys

import pytest

from refused_command import refused_by
from weights import load
from weights.__main__ import main

UNREACHABLE = ["--url", "http://127.0.0.1:9/"]


@pytest.fixture
def refused(tmp_path, capfd, monkeypatch):
    """Run the command, which must refuse before it begins, and return its line."""
    monkeypatch.setattr(load, "make_untrained", lambda *_: pytest.fail("should not have begun"))

    def run(*arguments):
        line = refused_by(main, "weights", list(map(str, arguments)), capfd, tmp_path)
        assert line[:-1].isprintable()
        return line

    return run


@pytest.mark.parametrize("command", [["random"], ["train"], ["download", *UNREACHABLE]])
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("{0}/" + 300 * "a", "File name too long"),
        ("{0}/new/" + 300 * "a" + "/a.mat", "File name too long"),
        ("{0}/dangling/a.mat", "dangling (No such file or directory)"),
        ("{0}", "is a folder"),
        ("{0}/file/a.mat", "cannot be written"),
        ("", "--to: '' found, expected the name of a file"),
        pytest.param(
            "/proc/x.mat", "/proc/x.mat cannot be written", marks=pytest.mark.skipif(sys.platform != "linux", reason="")
        ),
    ],
)
def test_impossible_place(refused, tmp_path, command, place, words):
    (tmp_path / "dangling").symlink_to(tmp_path / "not mounted")
    (tmp_path / "file").write_text("kept")
    assert words in refused(*command, "--to", place.format(tmp_path))


@pytest.mark.parametrize("seed", ["x", "1.5", "-1", "", "9" * 5000, "1e3"])
def test_seed_that_is_no_whole_number(refused, seed):
    line = refused("random", "--to", "a.mat", f"--seed={seed}")
    assert "argument --seed: " in line and "expected a whole number of 0 or more" in line
    assert len(line) < 200


def test_a_pipe_for_the_drawings_is_not_waited_for(refused, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "is a pipe" in refused("train", "--to", tmp_path / "a.mat", "--drawings", tmp_path / "pipe")


def test_random_filters_do_not_overwrite(refused, tmp_path):
    (tmp_path / "a.mat").write_text("mine")
    assert "a.mat exists already; delete it first" in refused("random", "--to", tmp_path / "a.mat")


def test_random_filters_need_a_name(refused):
    assert "--to" in refused("random")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "argument file: '' found, expected the name of a file"),
        ("missing.mat", "missing.mat does not exist"),
        ("a" * 300, "(File name too long); name another file"),
        ("a\x1b[2J\nb", "a\\x1b[2J\\nb does not exist"),
    ],
)
def test_file_that_cannot_be_verified(refused, name, words):
    assert words in refused("verify", name)
