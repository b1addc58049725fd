"""`python -m weights verify`: what it says of genuine, re-saved, transposed, unknown and broken files."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

import genuine_figures
import hand_made
from vgg.load import weights_path
from vgg.matfile.read import Conv, Weights, read
from weights import command_line as command
from weights import published
from weights.verify import describe, is_genuine


@pytest.fixture
def verify(tmp_path, capsys):
    """Save a network, run the command on it and return the lines it prints."""

    def run(numbers, layout="beta16"):
        path = hand_made.save(tmp_path / "a.mat", hand_made.network(layout, numbers))
        assert command.main(["verify", str(path)]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        return printed.out.splitlines()

    return run


def test_genuine_numbers_saved_again(verify, tmp_path):
    verdict, *details = verify(genuine_figures.network())
    assert verdict == "genuine ImageNet VGG-19, re-saved"
    text = "\n".join(details)
    for words in (
        "beta16 (mean colour in `normalization`)",
        "all 37, conv1_1 … pool5; 20,024,384 parameters; channels 2×64, 2×128, 4×256, 8×512",
        "red 123.680, green 116.779, blue 103.939",
        f"{hashlib.sha256((tmp_path / 'a.mat').read_bytes()).hexdigest()}, not a published file",
        "the published ones in conv1_1 … conv5_4",
        f"{tmp_path / 'a.mat'}, {(tmp_path / 'a.mat').stat().st_size:,} bytes",
    ):
        assert words in text
    kernel, bias = read(tmp_path / "a.mat").convolutions["conv1_1"]
    np.testing.assert_array_equal(kernel[..., genuine_figures.SHOWN], genuine_figures.KERNELS)
    # Printed one by one from the genuine file: height, width, blue, first filter.
    entries = {(0, 0): 0.34119523, (1, 0): 0.23215917, (2, 0): -0.07260918, (0, 1): 0.33999205, (1, 1): 0.08978214}
    for (row, column), printed in entries.items():
        assert kernel[row, column, 2, 0] == np.float32(printed)
    assert (bias[0], bias[31], bias[63]) == tuple(np.float32([0.73017758, 1.75193536, 0.4072122]))


def test_kernels_of_8_bits_are_named(verify):
    """The published figures fit, yet the numbers beside them lie on a grid: the upper half of some public copies."""
    numbers = genuine_figures.network()
    for name in ("conv5_1", "conv5_2", "conv5_3"):
        kernel, bias = numbers[name]
        kernel = kernel.copy()
        kernel[:2] = np.random.default_rng(0).integers(0, 256, kernel[:2].shape) * np.float32(0.0003) - np.float32(0.04)
        numbers[name] = kernel, bias
    verdict, *_ = verify(numbers)
    assert verdict == "genuine ImageNet VGG-19, the kernels of conv5_1 … conv5_3 rounded to 8 bits, re-saved"


def test_genuine_numbers_with_height_and_width_swapped(verify):
    numbers = {name: (kernel.swapaxes(0, 1), bias) for name, (kernel, bias) in genuine_figures.network().items()}
    verdict, *details = verify(numbers, "later")
    assert verdict == "ImageNet VGG-19 with height and width of its kernels swapped: pictures will come out wrong"
    assert "numbers      the published ones in conv1_1 … conv5_4 with height and width swapped" in details[5]
    assert "later (mean colour in `meta.normalization`)" in details[1]


def random_kernels(*changed):
    """The genuine figures, but these convolutions have random kernels; the biases are the published ones."""
    rng = np.random.default_rng(0)
    numbers = genuine_figures.network()
    for name in changed:
        kernel, bias = numbers[name]
        numbers[name] = rng.normal(0, 0.01, kernel.shape).astype(np.float32), bias
    return numbers


def as_weights(numbers, **more):
    return Weights({name: Conv(*conv) for name, conv in numbers.items()}, np.zeros(3), **more)


def test_genuine_conv1_1_does_not_make_a_genuine_network():
    weights = as_weights(random_kernels(*hand_made.CONVOLUTIONS[1:]))
    assert not is_genuine(weights)
    assert describe(weights) == (
        "partly genuine ImageNet VGG-19: the published numbers are in conv1_1, not in conv1_2 … conv5_4"
    )


def test_layers_that_are_not_genuine_are_named():
    assert describe(as_weights(random_kernels("conv3_1", "conv4_4", "conv5_1"))) == (
        "partly genuine ImageNet VGG-19: the published numbers are in "
        "conv1_1 … conv2_2, conv3_2 … conv4_3, conv5_2 … conv5_4, not in conv3_1, conv4_4, conv5_1"
    )


def test_partly_genuine_with_height_and_width_swapped():
    numbers = random_kernels(*hand_made.CONVOLUTIONS[8:])
    numbers = {name: (kernel.swapaxes(0, 1), bias) for name, (kernel, bias) in numbers.items()}
    assert describe(as_weights(numbers)) == (
        "partly genuine ImageNet VGG-19: the published numbers are in conv1_1 … conv3_4 with height and width swapped, "
        "not in conv4_1 … conv5_4"
    )


def test_no_genuine_layer():
    words = "unknown VGG-19: the right shapes, but not the published numbers"
    assert describe(as_weights(random_kernels(*hand_made.CONVOLUTIONS))) == words
    zeros = {name: (0 * kernel, 0 * bias) for name, (kernel, bias) in genuine_figures.network().items()}
    assert describe(as_weights(zeros)) == words


def test_numbers_count_more_than_what_the_writer_said():
    assert describe(as_weights(genuine_figures.network(), origin="trained on drawings")) == "genuine ImageNet VGG-19"


def test_other_channels(verify):
    verdict, *details = verify(hand_made.kernels(), "later")
    assert verdict == "a network of VGG-19's layers with other channel counts"
    parameters = sum(kernel.size + bias.size for kernel, bias in hand_made.kernels().values())
    assert f"{parameters:,} parameters; channels 1×2, 1×3, 1×4, 1×5, 1×2" in details[2]
    assert len(details) == 6, "no facts about a conv1_1 that has other numbers"


@pytest.mark.parametrize("layout", ["later", "beta16"])
def test_published_file(tmp_path, monkeypatch, capsys, layout):
    path = hand_made.save(tmp_path / "a.mat", hand_made.network(layout))
    digest = hashlib.new(published.SOURCES[layout].algorithm, path.read_bytes()).hexdigest()
    monkeypatch.setitem(published.SOURCES, layout, replace(published.SOURCES[layout], digest=digest))
    assert command.main(["verify", str(path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"genuine ImageNet VGG-19, the published file ({layout} layout)\n")
    assert ", a published file\n" in printed


@pytest.mark.parametrize("name", ["missing.mat", "page.mat", "."])
def test_errors_are_one_line_and_exit_code_2(tmp_path, capsys, name):
    (tmp_path / "page.mat").write_text("<html>Sign in</html>")
    assert command.main(["verify", str(tmp_path / name)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"weights: {tmp_path / name} ")
    assert printed.err.count("\n") == 1


def test_without_a_file_it_takes_the_one_a_run_would_use(tmp_path, monkeypatch, capsys):
    hand_made.save(tmp_path / "imagenet-vgg-verydeep-19-beta16.mat", hand_made.network("beta16"))
    monkeypatch.setattr("weights.command_line.weights_path", lambda named: weights_path(named, tmp_path))
    assert command.main(["verify"]) == 0
    assert "imagenet-vgg-verydeep-19-beta16.mat" in capsys.readouterr().out


def test_what_a_file_says_of_itself_cannot_take_over_the_terminal(tmp_path, capsys):
    variables = hand_made.network("later")
    variables["meta"]["normalization"]["origin"] = "trained on drawings\n\x1b[2J of mine"
    path = hand_made.save(tmp_path / "a.mat", variables)
    assert command.main(["verify", str(path)]) == 0
    verdict, *details = capsys.readouterr().out.splitlines()
    assert verdict.startswith("trained on drawings")
    assert verdict.isprintable()
    assert len(details) == 6
