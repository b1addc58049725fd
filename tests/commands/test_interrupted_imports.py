"""Ctrl-C while a command still imports TensorFlow: one line and exit code 130, whatever TensorFlow makes of it."""

from microscope_command import prepare
from own_process import interrupted_at

LATE = "tensorflow.python.framework.ops"  # deep inside TensorFlow's own import


def test_one_line_and_130(tmp_path):
    weights = prepare(tmp_path)
    picture = str(tmp_path / "picture.png")
    for words, by in ((["transfer", picture, picture], "SIGINT"), (["vgg", "features", picture], "SIGTERM")):
        words += ["--layer", "conv1_1"] if words[0] == "vgg" else []
        code, _, err = interrupted_at(LATE, [*words, *weights], tmp_path, by)
        assert (code, err) == (130, "stopped\n")
