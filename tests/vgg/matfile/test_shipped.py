"""The shipped network: its `.mat` file is made once, made again if it is not of the small file, and never half."""

import os
import re

import numpy as np
import pytest

from tiny_network import tiny_weights, trained_weights
from vgg.errors import WeightsError
from vgg.matfile.read import read
from vgg.matfile.shipped import shipped_file
from vgg.matfile.small import write_small
from vgg.matfile.write import write

SMALL, MAT = "trained-on-drawings-v1.npz", "trained-on-drawings-v1.mat"


@pytest.fixture
def folder(tmp_path):
    write_small(tmp_path / SMALL, trained_weights())
    return tmp_path


def holds(path, weights):
    found = read(path)
    assert found.origin == weights.origin
    for name, (kernel, bias) in weights.convolutions.items():
        np.testing.assert_array_equal(found.convolutions[name].kernel, kernel)
        np.testing.assert_array_equal(found.convolutions[name].bias, bias)


def test_made_once(folder):
    assert shipped_file(folder) == folder / MAT
    holds(folder / MAT, trained_weights())
    assert sorted(path.name for path in folder.iterdir()) == [MAT, SMALL]
    made = (folder / MAT).stat()
    assert shipped_file(folder) == folder / MAT
    assert (folder / MAT).stat() == made


def test_nothing_ships(tmp_path):
    assert shipped_file(tmp_path) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["another network", "another origin", "cut", "text"])
def test_a_mat_that_is_not_of_the_small_file_is_made_again(folder, damage):
    """An earlier training run may have had the same seed and as many steps, so that its origin is the same."""
    mat = folder / MAT
    if damage == "another network":
        write_small(folder / SMALL, trained_weights(seed=1))
        shipped_file(folder)
        content = mat.read_bytes().replace(b"seed 1", b"seed 0")
        mat.write_bytes(content)
        assert read(mat).origin == trained_weights().origin
        write_small(folder / SMALL, trained_weights())
    elif damage == "another origin":
        shipped_file(folder)
        mat.write_bytes(mat.read_bytes().replace(b"20 steps", b"10 steps"))
    elif damage == "cut":
        shipped_file(folder)
        mat.write_bytes(mat.read_bytes()[:-500])
    else:
        mat.write_text("hello")
    assert shipped_file(folder) == mat
    holds(mat, trained_weights())


def test_where_nothing_can_be_written_the_small_file_serves(folder, monkeypatch):
    """By a folder under its name; as `root`, tests can write into any folder."""
    (folder / MAT).mkdir()
    assert shipped_file(folder) == folder / SMALL
    holds(folder / SMALL, trained_weights())
    assert sorted(path.name for path in folder.iterdir()) == [MAT, SMALL]


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="needs a user who may not write everywhere")
def test_write_protected_folder(folder):
    folder.chmod(0o500)
    assert shipped_file(folder) == folder / SMALL
    folder.chmod(0o700)


def test_a_damaged_small_file_is_not_passed_over(folder):
    shipped_file(folder)
    (folder / SMALL).write_bytes((folder / SMALL).read_bytes()[:1000])
    with pytest.raises(WeightsError, match=f"is damaged; restore it with `git checkout weights/{re.escape(SMALL)}`"):
        shipped_file(folder)


def test_a_mat_of_the_user_under_another_name_is_left_alone(folder):
    write(folder / "mine.mat", tiny_weights())
    before = (folder / "mine.mat").read_bytes()
    shipped_file(folder)
    assert (folder / "mine.mat").read_bytes() == before
