"""`python -m vgg gram`: the order of channels, the pairs, and the sheet."""

import numpy as np
import pytest

from microscope_command import prepare, refused
from vgg.__main__ import main
from vgg.microscope.gram import BLUE, HEIGHT, ORANGE, clustered, drawn, strongest_pairs
from vgg.tools.image import read_image, write_image


def test_channels_that_are_active_together_become_neighbours():
    """Three groups of channels, mixed: each is active where no other group is."""
    rng = np.random.default_rng(0)
    group = rng.permutation(np.repeat([0, 1, 2], 5))
    maps = rng.uniform(0.5, 1, (300, 15)) * rng.uniform(1, 100, 15) * (np.arange(300)[:, None] % 3 == group)
    order = clustered(maps.T @ maps)
    assert sorted(order) == list(range(15))
    assert np.count_nonzero(np.diff(group[order])) == 2, "each group stands side by side"


def test_a_silent_channel_is_put_somewhere():
    maps = np.random.default_rng(0).uniform(0, 1, (20, 4)) * [1, 0, 1, 1]
    assert sorted(clustered(maps.T @ maps)) == [0, 1, 2, 3]


def test_pairs_are_of_different_channels_and_share_none():
    values = np.zeros((6, 6))
    for (row, column), value in {(0, 0): 99, (0, 1): 9, (1, 2): 8, (2, 3): -7, (4, 5): 1}.items():
        values[row, column] = values[column, row] = value
    assert strongest_pairs(values, 2) == [(0, 1), (2, 3)]
    assert strongest_pairs(values, 9) == [(0, 1), (2, 3), (4, 5)]


def test_colours_say_which_picture_has_more():
    image = drawn(np.array([[4.0, -4.0], [0.0, 1.0]]), 4.0, ORANGE, BLUE)
    half = HEIGHT // 2
    assert image.shape == (HEIGHT, HEIGHT, 3)
    np.testing.assert_array_equal(image[[0, 0, half], [0, half, 0]], [ORANGE, BLUE, [0, 0, 0]])
    np.testing.assert_allclose(image[half, half], ORANGE / 2, atol=0.5)


@pytest.mark.parametrize("count", [1, 2])
def test_the_sheet_has_the_matrices_and_the_channels_pictures(tmp_path, capfd, count):
    words = prepare(tmp_path)
    rng = np.random.default_rng(0)
    names = [str(tmp_path / f"{number}.png") for number in range(count)]
    for name in names:
        write_image(name, rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
    assert main(["gram", *names, "--layer", "relu2_1", *words]) == 0
    assert capfd.readouterr().out.splitlines()[-1].startswith("written: ")
    height, width, _ = read_image(tmp_path / "out" / "sheet.png").shape
    assert height > HEIGHT + 160 and width > (2 * count - 1) * HEIGHT


@pytest.mark.parametrize("layer", ["conv3_1", "pool1"])
def test_a_layer_without_style_is_refused(tmp_path, capfd, layer):
    write_image(tmp_path / "a.png", np.zeros((48, 64, 3), np.uint8))
    words = ["gram", str(tmp_path / "a.png"), "--layer", layer, *prepare(tmp_path)]
    assert refused(words, capfd, tmp_path).startswith(f"vgg: --layer is {layer}, expected a ReLU")
