"""`load_network()`: one quiet line for whatever weights are here."""

from dataclasses import replace

import numpy as np
import pytest

import numpy_network
from own_process import run_python
from tiny_network import tiny_weights
from vgg import load
from vgg.errors import InputError
from vgg.matfile import locate
from vgg.matfile.write import write


def test_it_says_nothing_and_does_no_work_at_import(mat_file):
    program = (
        "import sys; from vgg.load import load_network; print('numpy' in sys.modules, 'tensorflow' in sys.modules)\n"
        "network = load_network(sys.argv[1]); print(type(network).__name__)"
    )
    done = run_python(program, str(mat_file))
    assert (done.stdout, done.stderr) == ("False False\nVGG19\n", "")


def test_the_network_is_that_of_the_file(mat_file, image):
    network = load.load_network(mat_file)
    maps = network(image[None].astype(np.float32), ["relu2_1"])["relu2_1"].numpy()[0]
    np.testing.assert_allclose(
        maps, numpy_network.forward(image, tiny_weights(), "max")["relu2_1"], rtol=1e-4, atol=1e-3
    )


def test_genuine_before_learned(tmp_path, monkeypatch):
    monkeypatch.setattr(load, "best_present", lambda: locate.best_present(tmp_path))
    with pytest.raises(InputError, match=r"make download-weights.*weights learn"):
        load.load_network()
    learned, genuine = tiny_weights(), replace(tiny_weights(), mean_rgb=np.float32([1, 2, 3]))
    write(tmp_path / locate.LEARNED, learned)
    assert load.load_network().mean_rgb.numpy().tolist() == learned.mean_rgb.tolist()
    write(tmp_path / locate.GENUINE_LATER, genuine)
    assert load.load_network().mean_rgb.numpy().tolist() == [1, 2, 3]


def test_a_file_that_is_no_network(tmp_path):
    (tmp_path / "a.mat").write_text("text")
    with pytest.raises(InputError, match=r"a\.mat"):
        load.load_network(str(tmp_path / "a.mat"))
