"""Which weights a run takes when nobody says, and the one line that it says of them."""

import shutil

import numpy as np

from tiny_network import tiny_weights, trained_weights
from vgg.matfile.small import write_small
from weights.load import load_weights


def test_shipped_then_genuine_then_named(tmp_path, mat_file):
    """The remark comes with the shipped network only; what any other file is, its own numbers say."""
    folder, lines = tmp_path / "weights", []
    folder.mkdir()
    write_small(folder / "trained-on-drawings-v1.npz", trained_weights())
    found = load_weights(None, lines.append, folder)
    np.testing.assert_array_equal(
        found.convolutions["conv5_4"].kernel, trained_weights().convolutions["conv5_4"].kernel
    )
    assert lines == [
        "weights: trained on drawings, half width (version 1, seed 0, 20 steps), "
        f"{folder / 'trained-on-drawings-v1.mat'}; not ImageNet's: get the genuine weights (0.5 GB) with "
        "`make download-weights`"
    ]
    shutil.copy(mat_file, folder / "imagenet-vgg-verydeep-19.mat")
    for named, path in ((None, folder / "imagenet-vgg-verydeep-19.mat"), (mat_file, mat_file)):
        found = load_weights(named, lines.append, folder)
        np.testing.assert_array_equal(
            found.convolutions["conv5_4"].kernel, tiny_weights().convolutions["conv5_4"].kernel
        )
        assert lines[-1] == f"weights: a network of VGG-19's layers with other channel counts, {path}"
