"""`load_network()`: one quiet line for whatever weights are here."""

import shutil

import numpy as np
import pytest

import numpy_network
from own_process import run_python
from tiny_network import tiny_weights, trained_weights
from vgg import load
from vgg.errors import InputError
from vgg.matfile.write import write_small


def test_it_does_no_work_at_import():
    program = "import sys; import vgg.load; print({'numpy', 'tensorflow'} & set(sys.modules))"
    done = run_python(program)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_the_network_is_that_of_the_file(mat_file, image):
    network = load.load_network(mat_file)
    maps = network(image[None].astype(np.float32), ["relu2_1"])["relu2_1"].numpy()[0]
    np.testing.assert_allclose(
        maps, numpy_network.forward(image, tiny_weights(), "max")["relu2_1"], rtol=1e-4, atol=1e-3
    )


def test_named_before_genuine_before_shrunk_before_shipped(tmp_path, mat_file):
    folder = tmp_path / "weights"
    folder.mkdir()
    with pytest.raises(InputError, match=r"make download-weights.*git checkout weights/half-width-v3\.npz"):
        load.weights_path(None, folder)
    write_small(folder / "half-width-v3.npz", trained_weights())
    assert load.weights_path(None, folder) == folder / "half-width-v3.npz"
    names = (
        "imagenet-vgg-verydeep-19-small.npz",
        "imagenet-vgg-verydeep-19-beta16.mat",
        "imagenet-vgg-verydeep-19.mat",
    )
    for name in names:
        shutil.copy(mat_file, folder / name)
        assert load.weights_path(None, folder) == folder / name
    assert load.weights_path(mat_file, folder) == mat_file


def test_without_a_name_it_loads_the_file_found(mat_file, monkeypatch):
    monkeypatch.setattr(load, "weights_path", lambda named: named or mat_file)
    assert load.load_network().mean_rgb.numpy().tolist() == tiny_weights().mean_rgb.tolist()


def test_a_network_in_the_small_form(tmp_path, image):
    write_small(tmp_path / "small.npz", trained_weights())
    maps = load.load_network(tmp_path / "small.npz")(image[None].astype(np.float32), ["relu2_1"])["relu2_1"].numpy()[0]
    expected = numpy_network.forward(image, trained_weights(), "max")["relu2_1"]
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-3)


def test_a_file_that_is_no_network(tmp_path):
    (tmp_path / "a.mat").write_text("text")
    with pytest.raises(InputError, match=r"a\.mat"):
        load.load_network(str(tmp_path / "a.mat"))
