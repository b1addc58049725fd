"""The file of learned filters, and which weights a run takes when nobody says."""

import numpy as np
import pytest

import hand_made
from vgg.layers import LAYERS
from vgg.matfile.locate import LEARNED, LEARNED_VERSION
from vgg.matfile.read import read
from weights.__main__ import main
from weights.choice import choose
from weights.learn import dead_leaves
from weights.learn import file as learned_file
from weights.learn import filters as learn


@pytest.fixture
def quick(monkeypatch):
    """Few channels, two small pictures; the pictures' seeds are noted."""
    rows = [row._replace(channels_in=min(4, row.channels_in), channels=min(4, row.channels)) for row in LAYERS]
    draw, seeds = dead_leaves.dead_leaves, []
    monkeypatch.setattr(learn, "LAYERS", tuple(rows))
    monkeypatch.setattr(learn, "PATCHES", 500)
    monkeypatch.setattr(learned_file, "PICTURES", 2)
    monkeypatch.setattr(dead_leaves, "dead_leaves", lambda seed: seeds.append(seed) or draw(seed, 64))
    return seeds


def test_made_read_and_verified(tmp_path, quick, capsys):
    path = tmp_path / "new" / "a.mat"
    assert main(["learn", "--seed", "3", "--to", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"written: {path}\n"
    assert all(f" {name} " in printed.err for name in hand_made.CONVOLUTIONS)
    assert list(path.parent.iterdir()) == [path]
    found = read(path)
    expected = learn.learn([dead_leaves.dead_leaves(seed) for seed in (6, 7)], 3)
    for name, (kernel, bias) in expected.items():
        np.testing.assert_array_equal(found.convolutions[name].kernel, kernel)
        np.testing.assert_array_equal(found.convolutions[name].bias, bias)
    assert found.layout == "later"
    np.testing.assert_allclose(found.mean_rgb, [123.68, 116.779, 103.939], rtol=1e-6)
    assert main(["verify", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"learned filters (version {LEARNED_VERSION}, seed 3)\n")


def test_each_seed_has_its_own_pictures(tmp_path, quick):
    for seed in (0, 1, 2):
        learned_file.make(tmp_path / "a.mat", seed)
    assert len(set(quick)) == 6


def test_untrained_filters_say_so(tmp_path, capsys):
    path = tmp_path / "a.mat"
    assert main(["learn", "--untrained", "--seed", "5", "--to", str(path)]) == 0
    assert main(["verify", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "untrained random filters (He initialisation, seed 5)\n" in printed
    assert "20,024,384 parameters" in printed


def test_choice_of_weights(tmp_path):
    genuine = tmp_path / "imagenet-vgg-verydeep-19.mat"
    beta16 = tmp_path / "imagenet-vgg-verydeep-19-beta16.mat"
    nothing = choose(None, tmp_path)
    assert (nothing.path, nothing.to_learn) == (tmp_path / LEARNED, True)
    (tmp_path / LEARNED).write_bytes(b"")
    learned = choose(None, tmp_path)
    assert (learned.path, learned.to_learn) == (tmp_path / LEARNED, False)
    beta16.write_bytes(b"")
    assert (choose(None, tmp_path).path, choose(None, tmp_path).to_learn) == (beta16, False)
    genuine.write_bytes(b"")
    assert (choose(None, tmp_path).path, choose(None, tmp_path).to_learn) == (genuine, False)
    named = choose(tmp_path / "mine.mat", tmp_path)  # even if it is not there: reading it says so
    assert (named.path, named.to_learn) == (tmp_path / "mine.mat", False)


def test_what_the_choice_says(tmp_path):
    """Learned filters come with what differs; what any other file is, its own numbers say once it is read."""
    remark = choose(None, tmp_path).remark
    assert "learned from drawn pictures, not from ImageNet" in remark
    assert "make download-weights" in remark
    (tmp_path / "imagenet-vgg-verydeep-19.mat").write_bytes(b"")
    assert choose(None, tmp_path).remark == choose(tmp_path / "mine.mat", tmp_path).remark == ""
