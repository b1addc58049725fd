"""The small file: how far 8 bits are off, and that reading gives what was written."""

import numpy as np
import pytest

from vgg.errors import WeightsError
from vgg.layers import CONVOLUTIONS
from vgg.matfile.read import Conv, Weights, read
from vgg.matfile.write import quantized, rounded, write_small

MEAN_RGB = np.array([123.68, 116.779, 103.939], np.float32)


@pytest.fixture(scope="module")
def half_width():
    rng = np.random.default_rng(0)
    convolutions, channels_in = {}, 3
    for layer in CONVOLUTIONS:
        channels = layer.channels // 2
        kernel = rng.standard_normal((3, 3, channels_in, channels), np.float32)
        channels_in = channels
        bias = rng.normal(0, 3, channels).astype(np.float32)
        convolutions[layer.name] = Conv(kernel * np.exp(bias), bias)  # filters of very different sizes
    convolutions["conv2_1"].kernel[..., 5] = 0
    return Weights(convolutions, MEAN_RGB, "later", "half of it × by hand")


def test_error_of_8_bits(half_width):
    for name, (kernel, bias) in rounded(half_width.convolutions).items():
        before = half_width.convolutions[name].kernel
        largest = np.abs(before).max(axis=(0, 1, 2))
        assert (np.abs(kernel - before) <= largest / 127 / 2 * 1.001).all()
        np.testing.assert_array_equal(bias, half_width.convolutions[name].bias)
    assert np.abs(quantized(before)[0]).max(axis=(0, 1, 2)).tolist() == [127] * 256


def test_written_and_read(half_width, tmp_path):
    path = tmp_path / "small.npz"
    write_small(path, half_width)
    assert path.stat().st_size < 8e6
    found = read(path)
    for name, conv in rounded(half_width.convolutions).items():
        for one, other in zip(found.convolutions[name], conv, strict=True):
            assert one.dtype == np.float32
            np.testing.assert_array_equal(one, other)
    assert list(found.convolutions) == list(half_width.convolutions)
    assert (found.origin, found.layout) == ("half of it × by hand", "later")
    np.testing.assert_array_equal(found.mean_rgb, MEAN_RGB)


def test_what_was_rounded_stays_and_gives_the_same_bytes(half_width, tmp_path):
    write_small(tmp_path / "a.npz", half_width)
    write_small(tmp_path / "b.npz", read(tmp_path / "a.npz"))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_damaged_files_are_refused(half_width, tmp_path):
    write_small(tmp_path / "a.npz", half_width)
    whole = (tmp_path / "a.npz").read_bytes()
    np.savez(tmp_path / "other.npz", picture=np.zeros(3))
    (tmp_path / "half.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "folder.npz").mkdir()
    not_one, missing, folder = "is not a trained network of this program", "does not exist", "is a folder"
    expected = {"other": not_one, "half": not_one, "text": not_one, "missing": missing, "folder": folder}
    for name, words in expected.items():
        with pytest.raises(WeightsError, match=f"{name}.npz {words}") as caught:
            read(tmp_path / f"{name}.npz")
        assert str(caught.value).isprintable()


def test_a_damaged_shipped_network_is_to_be_restored(tmp_path):
    (tmp_path / "half-width-v3.npz").write_bytes(b"PK")
    with pytest.raises(WeightsError, match=r"restore it with `git checkout weights/half-width-v3\.npz`"):
        read(tmp_path / "half-width-v3.npz")


@pytest.mark.parametrize(
    ("array", "value", "words"),
    [
        ("conv2_1_kernel", np.ones((3, 3, 5, 64), np.int8), r"\(3, 3, 5, 64\), expected \(3, 3, 32, 64\)"),
        ("conv2_1_bias", np.full(64, np.nan, np.float32), "not finite"),
        ("mean_rgb", np.zeros(4), "not a trained network"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(half_width, tmp_path, array, value, words):
    write_small(tmp_path / "a.npz", half_width)
    with np.load(tmp_path / "a.npz") as file:
        np.savez(tmp_path / "a.npz", **{**file, array: value})
    with pytest.raises(WeightsError, match=words) as caught:
        read(tmp_path / "a.npz")
    assert str(caught.value).isprintable() and str(tmp_path / "a.npz") in str(caught.value)
