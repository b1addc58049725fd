"""Which weights a run takes when nobody says, the one line that it says of them, and random filters as a baseline."""

import shutil

import numpy as np

from tiny_network import tiny_weights, trained_weights
from vgg.layers import CONVOLUTIONS
from vgg.matfile.read import read
from vgg.matfile.write import write_small
from weights.__main__ import main
from weights.load import load_weights, untrained


def test_shipped_then_genuine_then_named(tmp_path, mat_file):
    """The advice comes with the shipped network only; what any other file is, its own numbers say."""
    folder, lines = tmp_path / "weights", []
    folder.mkdir()
    write_small(folder / "half-width-v3.npz", trained_weights())
    found = load_weights(None, lines.append, folder)
    np.testing.assert_array_equal(
        found.convolutions["conv5_4"].kernel, trained_weights().convolutions["conv5_4"].kernel
    )
    load_weights(folder / "half-width-v3.npz", lines.append, folder)
    using = "using the small VGG-19 that comes with the program"
    assert lines == [f"{using}; for ImageNet's: make download-weights, 0.5 GB"] * 2
    shutil.copy(mat_file, folder / "imagenet-vgg-verydeep-19.mat")
    for named, path in ((None, folder / "imagenet-vgg-verydeep-19.mat"), (mat_file, mat_file)):
        found = load_weights(named, lines.append, folder)
        np.testing.assert_array_equal(
            found.convolutions["conv5_4"].kernel, tiny_weights().convolutions["conv5_4"].kernel
        )
        assert lines[-1] == f"weights: a network of VGG-19's layers with other channel counts, {path}"
    load_weights(folder / "half-width-v3.npz", lines.append, folder)
    assert lines[-1] == using


def test_the_file_says_what_it_is(tmp_path, capsys):
    path = tmp_path / "a.mat"
    assert main(["random", "--seed", "5", "--to", str(path)]) == 0
    assert capsys.readouterr().out == f"written: {path}\n"
    assert main(["verify", str(path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("untrained random filters (He initialisation, seed 5)\n")
    assert "20,024,384 parameters" in printed
    found = read(path)
    for name, (kernel, bias) in untrained(5).items():
        np.testing.assert_array_equal(found.convolutions[name].kernel, kernel)
        np.testing.assert_array_equal(found.convolutions[name].bias, bias)
    np.testing.assert_allclose(found.mean_rgb, [123.68, 116.779, 103.939], rtol=1e-6)


def test_activations_keep_their_size():
    """He et al. 2015: Var(weight) = 2 / (3·3·channels in), so that a ReLU's output has the size of its input."""
    first, again, other = (untrained(seed) for seed in (3, 3, 4))
    for layer in CONVOLUTIONS:
        kernel, bias = first[layer.name]
        assert kernel.shape == (3, 3, layer.channels_in, layer.channels) and not bias.any()
        # 1,728 numbers or more: their standard deviation is known to 2 %.
        np.testing.assert_allclose(kernel.std(), np.sqrt(2 / (9 * layer.channels_in)), rtol=0.06)
        assert abs(kernel.mean()) < 4 * kernel.std() / np.sqrt(kernel.size)
        np.testing.assert_array_equal(kernel, again[layer.name].kernel)
        assert (kernel != other[layer.name].kernel).any()
