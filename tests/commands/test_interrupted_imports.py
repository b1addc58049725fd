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
        ("vgg features PICTURE --layer conv1_1 WEIGHTS", "cv2"),
        ("weights download --to TO", "weights.command_line"),
        ("transfer PICTURE PICTURE WEIGHTS", LATE),
        ("transfer.bench", "platform"),
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


def test_other_signals_too(tmp_path):
    assert interrupted_at("argparse", ["vgg", "layers"], tmp_path, "SIGTERM") == (130, "", "vgg: stopped\n")
