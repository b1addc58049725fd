"""Random filters, as a baseline."""

import numpy as np

from vgg.layers import CONVOLUTIONS
from vgg.matfile.read import read
from weights.__main__ import main
from weights.untrained import untrained


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
