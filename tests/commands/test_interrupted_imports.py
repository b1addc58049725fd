"""Ctrl-C while a program still imports what it needs: one line and exit code 130, whichever library it hits."""

import pytest

from microscope_command import prepare
from own_process import interrupted_at

LATE = "tensorflow.python.framework.ops"  # deep inside TensorFlow's own import


def files(folder):
    """Everything there, but for what makes the interruption."""
    return sorted(path.name for path in folder.iterdir() if path.name not in ("sitecustomize.py", "__pycache__"))


@pytest.mark.parametrize(
    ("program", "module"),
    [
        ("vgg layers", "argparse"),
        ("vgg layers", "vgg.microscope.command_line"),
        ("vgg features PICTURE --layer conv1_1 WEIGHTS", "numpy"),
        ("vgg features PICTURE --layer conv1_1 WEIGHTS", "cv2"),
        ("vgg features PICTURE --layer conv1_1 WEIGHTS", LATE),
        ("weights download --to TO", "weights.command_line"),
        ("weights download --to TO", "pathlib"),
        ("weights verify", "numpy"),
        ("weights random --to TO", "scipy"),
        ("weights train --to TO", LATE),
        ("transfer PICTURE PICTURE WEIGHTS", "transfer.recipe.ours"),
        ("transfer PICTURE PICTURE WEIGHTS", "tensorflow"),
        ("transfer.figures all", "transfer.figures.cells"),
        ("transfer.bench", "platform"),
        ("transfer.bench", LATE),
    ],
)
def test_one_line_and_130(tmp_path, program, module):
    weights = prepare(tmp_path)
    there = files(tmp_path)
    words = []
    for word in program.split():
        places = {"PICTURE": [str(tmp_path / "picture.png")], "WEIGHTS": weights, "TO": [str(tmp_path / "new.mat")]}
        words += places.get(word, [word])
    code, _, err = interrupted_at(module, words, tmp_path)
    assert (code, err) == (130, f"{words[0].split('.')[-1]}: stopped\n")
    assert files(tmp_path) == there


@pytest.mark.parametrize("by", ["SIGTERM", "SIGHUP"])
def test_other_signals_too(tmp_path, by):
    assert interrupted_at("argparse", ["vgg", "layers"], tmp_path, by) == (130, "", "vgg: stopped\n")
