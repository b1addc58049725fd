"""What we write: read back by us, read through bare positions as the first public readers did, or not there at all."""

import os
import signal
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import scipy.io

import hand_made
from vgg.errors import InputError
from vgg.matfile.read import read
from vgg.matfile.write import write

LAYOUTS = ("beta16", "later")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_round_trip(tmp_path, weights, layout):
    path = tmp_path / "new" / "folder" / "a.mat"
    write(path, replace(weights, layout=layout, origin="from a test"))
    found = read(path)
    assert list(found.convolutions) == hand_made.CONVOLUTIONS
    for name, (kernel, bias) in weights.convolutions.items():
        np.testing.assert_array_equal(found.convolutions[name].kernel, kernel)
        np.testing.assert_array_equal(found.convolutions[name].bias, bias)
    np.testing.assert_allclose(found.mean_rgb, weights.mean_rgb, rtol=1e-6)
    assert (found.layout, found.origin) == (layout, "from a test")


def test_readers_by_position_of_the_later_layout(mat_file, weights):
    mat = scipy.io.loadmat(mat_file)
    layers = mat["layers"]
    for i, name in enumerate(hand_made.NAMES[:37]):
        assert layers[0][i][0][0][0][0] == name
        if name in weights.convolutions:
            assert layers[0][i][0][0][1][0] == "conv"
            kernel, bias = weights.convolutions[name]
            np.testing.assert_array_equal(layers[0][i][0][0][2][0][0], kernel)
            np.testing.assert_array_equal(layers[0][i][0][0][2][0][1], bias[None])
    average_image = mat["meta"][0][0]["normalization"][0][0][2]
    assert average_image.shape == (1, 1, 3)
    np.testing.assert_allclose(average_image.ravel(), [123.68, 116.779, 103.939], rtol=1e-6)


def test_readers_by_position_of_the_beta16_layout(tmp_path, weights):
    write(tmp_path / "a.mat", replace(weights, layout="beta16"))
    mat = scipy.io.loadmat(tmp_path / "a.mat")
    for i, name in enumerate(hand_made.NAMES[:37]):
        if name in weights.convolutions:
            kernel, bias = weights.convolutions[name]
            np.testing.assert_array_equal(mat["layers"][0][i][0][0][0][0][0], kernel)
            np.testing.assert_array_equal(mat["layers"][0][i][0][0][0][0][1], bias[None])
            assert mat["layers"][0][i][0][0][3][0] == name
    average_image = mat["normalization"][0][0][0]
    assert average_image.shape == (224, 224, 3)
    np.testing.assert_allclose(average_image.mean(axis=(0, 1)), [123.68, 116.779, 103.939], rtol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fields_are_in_the_genuine_order(tmp_path, weights, layout):
    write(tmp_path / "a.mat", replace(weights, layout=layout))
    first = scipy.io.loadmat(tmp_path / "a.mat")["layers"][0, 0]
    expected = [field for field in hand_made.FIELDS[layout] if field != "dilate"]  # not every later file has it
    assert list(first.dtype.names) == expected


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_weights_give_the_same_bytes_at_any_time(tmp_path, weights, layout, monkeypatch):
    for name, clock in (("a.mat", "Sat Nov 21 18:00:00 2026"), ("b.mat", "Sun Nov 22 09:30:00 2026")):
        monkeypatch.setattr(time, "asctime", lambda *_, clock=clock: clock)
        write(tmp_path / name, replace(weights, layout=layout))
    written = (tmp_path / "a.mat").read_bytes()
    assert written == (tmp_path / "b.mat").read_bytes()
    # "MAT-File Format", header: 116 bytes of text that begin so, 8 bytes for subsystems, version, byte order.
    assert written.startswith(b"MATLAB 5.0 MAT-file")
    assert written[:116].decode("ascii").isprintable()
    assert written[116:128] == bytes(8) + b"\x00\x01IM"


def test_only_the_finished_file_is_there(mat_file):
    assert list(mat_file.parent.iterdir()) == [mat_file]


def test_full_disk_leaves_the_older_file_and_no_other(mat_file, weights):
    resource = pytest.importorskip("resource")  # POSIX only
    before = mat_file.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))  # a write past 5000 bytes fails
    try:
        with pytest.raises(InputError) as caught:
            write(mat_file, replace(weights, origin="never seen"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(caught.value).startswith(f"{mat_file} cannot be written (File too large); ")
    assert list(mat_file.parent.iterdir()) == [mat_file]
    assert mat_file.read_bytes() == before


def test_interruption_leaves_the_older_file_and_no_other(mat_file, weights, monkeypatch):
    before = mat_file.read_bytes()
    monkeypatch.setattr(os, "replace", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        write(mat_file, replace(weights, origin="never seen"))
    assert list(mat_file.parent.iterdir()) == [mat_file]
    assert mat_file.read_bytes() == before


@pytest.mark.parametrize("place", ["file.txt/a.mat", "folder"])
def test_impossible_places(tmp_path, weights, place):
    (tmp_path / "file.txt").write_text("kept")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be written") as caught:
        write(tmp_path / place, weights)
    assert "\n" not in str(caught.value)
    assert "None" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.txt", "folder"]
    assert list((tmp_path / "folder").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that takes no files, even from root")
def test_a_place_that_takes_no_files_says_why(weights):
    with pytest.raises(InputError, match=r"/proc/a\.mat cannot be written") as caught:
        write("/proc/a.mat", weights)
    assert "None" not in str(caught.value)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_network_without_an_origin_can_be_saved_again(tmp_path, weights, layout):
    write(tmp_path / "a.mat", replace(weights, layout=layout, origin=""))  # as read from the genuine file
    assert read(tmp_path / "a.mat").origin == ""
