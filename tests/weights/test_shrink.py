"""`python -m weights shrink`: the genuine network small, what `verify` says of it, and what is refused."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

import genuine_figures
import hand_made
from refused_command import refused_by
from tiny_network import tiny_weights
from vgg.matfile.read import Conv, Weights, read
from vgg.matfile.write import write_small
from weights import published
from weights.__main__ import main
from weights.verify import describe, is_genuine, verify


@pytest.fixture(scope="module")
def genuine_file(tmp_path_factory):
    """A file whose numbers are the published ones wherever these are known."""
    path = tmp_path_factory.mktemp("genuine") / "imagenet.mat"
    return hand_made.save(path, hand_made.network("later", genuine_figures.network()))


@pytest.mark.parametrize("bits", [16, 8])
def test_a_small_file_of_the_genuine_network(tmp_path, genuine_file, capsys, monkeypatch, bits):
    digest = hashlib.sha256(genuine_file.read_bytes()).hexdigest()
    monkeypatch.setitem(published.SOURCES, "later", replace(published.LATER, digest=digest))
    target = tmp_path / "new" / "small.npz"
    monkeypatch.setattr(np, "savez_compressed", np.savez)  # half a second instead of seconds
    assert main(["shrink", str(genuine_file), "--to", str(target), "--bits", str(bits)]) == 0
    size = target.stat().st_size / 1e6
    assert capsys.readouterr().out == f"written: {target}, {size:.0f} MB\n"
    assert size == pytest.approx(20.02 * bits / 8, rel=0.01), "20,018,880 numbers in kernels"
    found, before = read(target), genuine_figures.network()
    for name, (kernel, bias) in before.items():
        np.testing.assert_array_equal(found.convolutions[name].bias, bias)
        largest = np.abs(kernel).max(axis=(0, 1, 2))
        half_step, of_float32 = largest / (2**bits - 2), largest * 1e-7
        assert (np.abs(found.convolutions[name].kernel - kernel) <= half_step * 1.001 + of_float32).all(), name
    verdict, details = verify(target)
    assert verdict == f"genuine ImageNet VGG-19, shrunk to {bits} bits from the published file (later layout)"
    details = dict(details)
    assert details["made from"].endswith(f", SHA-256 {digest}")
    assert details["numbers"] == "the published ones in conv1_1 … conv5_4, to within the rounding"
    assert details["orientation"].endswith("axis 0 is height") and "red, green, blue" in details["colours"]


def said_to_be_shrunk(bits: int, **changed: tuple[np.ndarray, np.ndarray]) -> Weights:
    """The genuine figures, but for some convolutions, in a file that says it is the genuine network, shrunk."""
    numbers = genuine_figures.network() | changed
    convolutions = {name: Conv(*conv) for name, conv in numbers.items()}
    return Weights(convolutions, np.zeros(3), "later", f"shrunk to {bits} bits from a.mat, SHA-256 0")


@pytest.mark.parametrize(("bits", "levels"), [(16, 32767), (8, 127)])
def test_the_rounding_excuses_no_more_than_half_a_step(bits, levels):
    kernel, bias = genuine_figures.network()["conv4_2"]
    step = np.abs(kernel).max(axis=(0, 1, 2))[0] / levels
    for off, is_within in ((0.49 * step, True), (0.51 * step + 2e-5, False)):
        moved = kernel.copy()
        moved[2, 2, 0, 0] += off
        assert is_genuine(said_to_be_shrunk(bits, conv4_2=(moved, bias))) == is_within


def test_other_biases_and_swapped_kernels_are_found_in_a_small_file_too():
    (kernel, bias), conv1_1 = genuine_figures.network()["conv4_2"], genuine_figures.network()["conv1_1"]
    for changed in ({"conv4_2": (kernel, bias + 1e-3)}, {"conv1_1": (conv1_1[0].swapaxes(0, 1), conv1_1[1])}):
        weights = said_to_be_shrunk(8, **changed)
        assert describe(weights).startswith("partly genuine") and not is_genuine(weights)


def test_what_is_no_genuine_network_in_a_mat_file_is_refused(tmp_path, mat_file, capfd):
    write_small(tmp_path / "a.npz", tiny_weights())
    (tmp_path / "mine.npz").write_text("mine")
    new = str(tmp_path / "new.npz")
    refusals = {
        (str(mat_file), "--to", new): "other channel counts; expected ImageNet's VGG-19",
        (str(tmp_path / "a.npz"), "--to", new): "a.npz is in the small form already; name the published .mat file",
        (str(tmp_path / "none.mat"), "--to", new): "none.mat does not exist",
        (str(mat_file), "--to", str(tmp_path / "new.mat")): "new.mat ends in '.mat', expected .npz",
        (str(mat_file), "--to", str(tmp_path / "mine.npz")): "mine.npz exists already; delete it first",
        (str(mat_file), "--to", str(tmp_path)): "is a folder",
        (str(mat_file), "--to", new, "--bits", "12"): "invalid choice: 12",
    }
    for words, line in refusals.items():
        assert line in refused_by(main, "weights", ["shrink", *words], capfd, tmp_path)


def test_without_a_file_it_takes_the_downloaded_one(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("weights.command_line.genuine_present", lambda: None)
    line = refused_by(main, "weights", ["shrink", "--to", str(tmp_path / "a.npz")], capfd, tmp_path)
    assert "ImageNet's VGG-19 is not here to shrink; get it with `make download-weights`, or name a file" in line
