"""What no command of `python -m vgg` accepts, and that it says so at once, in one line; `--help` loads nothing."""

import os
import subprocess
import sys

import pytest

from microscope_command import ROOT, prepare, refused
from vgg import load
from vgg.microscope import command_line

WITH_PICTURE = {
    "features": ["--layer", "relu2_1"],
    "deconv": ["--layer", "relu2_1"],
    "invert": ["--layer", "relu2_1", "--iterations", "1"],
    "compare": ["PICTURE"],
    "search": ["FOLDER"],
}
WITH_LAYER = ["features", "filters", "deconv", "invert", "search"]


def words_for(command, folder, files):
    """A command that would do."""
    places = {"PICTURE": str(folder / "picture.png"), "FOLDER": str(folder)}
    picture = [places["PICTURE"]] if command in WITH_PICTURE else []
    return [command, *picture, *(places.get(word, word) for word in WITH_PICTURE.get(command, [])), *files]


@pytest.mark.parametrize("command", WITH_LAYER)
def test_unknown_layer_lists_the_valid_ones(tmp_path, capfd, command):
    line = refused([*words_for(command, tmp_path, prepare(tmp_path)), "--layer", "conv4-2"], capfd, tmp_path)
    assert line.startswith("vgg: there is no layer 'conv4-2'; did you mean conv4_2?")


@pytest.mark.parametrize("command", WITH_PICTURE)
def test_pictures_that_cannot_be_used(tmp_path, capfd, command):
    files = prepare(tmp_path)
    (tmp_path / "cut.png").write_bytes((tmp_path / "picture.png").read_bytes()[:100])
    good = words_for(command, tmp_path, files)
    for name, words in {"absent.png": "does not exist", "cut.png": "damaged", "tiny.mat": "expected a picture"}.items():
        line = refused([good[0], str(tmp_path / name), *good[2:]], capfd, tmp_path)
        assert line.startswith(f"vgg: {tmp_path / name} ") and words in line
    line = refused([*good, "--size", "15"], capfd, tmp_path)
    assert "'15' found, expected a whole number of 16 or more" in line
    assert "expected at least 16 on both sides" in refused([*good, "--size", "20"], capfd, tmp_path)


@pytest.mark.parametrize("command", [*WITH_PICTURE, "filters"])
def test_outputs_and_weights_that_cannot_be_used(tmp_path, capfd, command):
    good = words_for(command, tmp_path, prepare(tmp_path)) + ["--layer", "conv2_1"] * (command == "filters")
    assert "ends in '.pgn'" in refused([*good, "-o", str(tmp_path / "a.pgn")], capfd, tmp_path)
    if command != "filters":
        line = refused([*good, "-o", str(tmp_path / "picture.png")], capfd, tmp_path)
        assert "which it would overwrite" in line
    line = refused([*good, "--weights", str(tmp_path / "picture.png")], capfd, tmp_path)
    assert line.startswith(f"vgg: {tmp_path / 'picture.png'} is no MATLAB file")


@pytest.mark.parametrize("command", [*WITH_PICTURE, "filters"])
def test_empty_names(tmp_path, capfd, command):
    good = words_for(command, tmp_path, prepare(tmp_path)) + ["--layer", "conv2_1"] * (command == "filters")
    for option in ("-o", "--weights"):
        assert "'' found, expected the name of a file" in refused([*good, option, ""], capfd, tmp_path)


@pytest.mark.parametrize("command", WITH_PICTURE)
def test_a_pipe_as_a_picture_is_not_waited_for(tmp_path, capfd, command):
    good = words_for(command, tmp_path, prepare(tmp_path))
    os.mkfifo(tmp_path / "pipe.png")
    line = refused([good[0], str(tmp_path / "pipe.png"), *good[2:]], capfd, tmp_path)
    assert line.startswith(f"vgg: {tmp_path / 'pipe.png'} cannot be read (it is a pipe or a device")


@pytest.mark.parametrize("command", WITH_PICTURE)
def test_names_that_a_terminal_would_obey(tmp_path, capfd, command):
    good = words_for(command, tmp_path, prepare(tmp_path))
    line = refused([good[0], "\x1b[31mred\nalert.png", *good[2:]], capfd, tmp_path)
    assert line.startswith(r"vgg: \x1b[31mred\nalert.png does not exist")


@pytest.mark.parametrize("text", ["1e3", "9" * 5000, "9" * 4000])
def test_sizes_that_are_no_whole_number(tmp_path, capfd, text):
    for command in WITH_PICTURE:
        line = refused([*words_for(command, tmp_path, prepare(tmp_path)), "--size", text], capfd, tmp_path)
        assert "expected a whole number of 16 or more" in line and len(line) < 300


def test_no_weights_at_all(tmp_path, capfd, monkeypatch):
    prepare(tmp_path)
    monkeypatch.setattr(command_line, "weights_path", lambda named: load.weights_path(named, tmp_path))
    for command in WITH_PICTURE:
        line = refused(words_for(command, tmp_path, ["-o", str(tmp_path / "a.png")]), capfd, tmp_path)
        assert "`make download-weights`" in line and "`git checkout weights/half-width-v3.npz`" in line


def test_features_without_a_layer(tmp_path, capfd):
    picture, files = str(tmp_path / "picture.png"), prepare(tmp_path)
    assert "add --layer conv3_1" in refused(["features", picture, *files], capfd, tmp_path)
    assert "draws nothing" in refused(["features", picture, "--summary", *files], capfd, tmp_path)


@pytest.mark.parametrize("arguments", [["--help"], ["features", "--help"], ["search", "-h"], ["invert", "pic.png"]])
def test_help_and_misuse_load_nothing_heavy(arguments):
    program = (
        f"import sys; sys.argv = ['vgg', *{arguments!r}]; import runpy\n"
        "try: runpy.run_module('vgg', run_name='__main__')\n"
        "except SystemExit as stop:\n"
        "    print(stop.code, {'tensorflow', 'numpy', 'scipy', 'cv2', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    code = 2 if arguments[0] == "invert" else 0
    assert done.stdout.endswith(f"{code} set()\n")
    assert ("--layer" in done.stderr) == (code == 2) and done.stderr.count("\n") == (code == 2)
