"""`python -m vgg features`: what is said and drawn of feature maps whose values are known."""

import numpy as np
import pytest

import numpy_network
from microscope_command import disc, prepare
from tiny_network import tiny_weights
from vgg.__main__ import main
from vgg.microscope.draw import around_grey, grey, pixelated
from vgg.microscope.features import as_text, strongest_channels
from vgg.tools.image import read_image


def test_the_strongest_channels_have_the_largest_means_after_a_relu():
    maps = np.stack([[[1.0, -9.0], [3.0, 0.0]], [[0.5, 0.5], [0.5, 0.5]], [[-1.0, -1.0], [-2.0, 0.0]]], axis=2)
    assert strongest_channels(maps, 2) == [0, 1]
    assert strongest_channels(np.zeros((2, 2, 5)), 3) == [0, 1, 2]


def test_summary_counts_zeros_and_silent_channels():
    maps = np.zeros((4, 5, 3), np.float32)
    maps[:2, :, 1] = 3.0
    maps[0, 0, 2] = 1.0
    row = as_text({"relu1_1": maps}).splitlines()[1]
    assert " ".join(row.split()) == "relu1_1 4×5 3 0.5167 81.7 % 1 1 2 0"


def test_grey_spans_black_to_white():
    picture = grey(np.array([[-2.0, 0.0], [1.0, 2.0]]))
    assert picture[..., 0].tolist() == [[0, 128], [191, 255]]
    assert (picture == picture[..., :1]).all()
    assert (grey(np.full((3, 3), 7.0)) == 0).all()


def test_zero_is_the_middle_of_differences():
    assert around_grey(np.array([[[0.0, 2.0, -4.0]]])).tolist() == [[[128, 191, 0]]]
    assert (around_grey(np.zeros((2, 2, 3))) == 128).all()


def test_enlarging_repeats_pixels():
    picture = disc(16, 20)
    large = pixelated(picture, 50)
    assert large.shape == (48, 60, 3)
    assert all((large[dy::3, dx::3] == picture).all() for dy in range(3) for dx in range(3))
    np.testing.assert_array_equal(pixelated(picture, 5), picture)


@pytest.mark.parametrize("layer", ["conv1_1", "relu1_2"])
@pytest.mark.parametrize("top", [None, 2])
def test_sheet_shows_the_maps_in_order(tmp_path, layer, top):
    words = prepare(tmp_path)
    words += ["--top", str(top)] if top else []
    assert main(["features", str(tmp_path / "picture.png"), "--layer", layer, *words]) == 0
    sheet = read_image(tmp_path / "out" / "sheet.png")
    maps = numpy_network.forward(disc(), tiny_weights(), "max")[layer]
    strength = [np.clip(maps[..., channel], 0, None).sum() for channel in range(maps.shape[2])]
    order = sorted(range(maps.shape[2]), key=lambda channel: -strength[channel])[:2] if top else range(maps.shape[2])
    places = []
    for channel in order:
        values = maps[..., channel]
        picture = np.rint(255 * (values - values.min()) / np.ptp(values))
        # The network computes in float32: a level may be rounded the other way.
        shown = [place for place in cells(sheet) if np.abs(cell(sheet, *place)[..., 0] - picture).max() <= 1]
        assert len(shown) == 1, f"channel {channel}"
        places += shown
    assert places == sorted(places)
    assert len(cells(sheet)) == len(places) + 1, "the maps and the picture"


def cells(sheet: np.ndarray) -> list[tuple[int, int]]:
    """(top, left) of every picture 192 × 256 on white with a margin, found by its edges alone."""
    ink = (sheet != 255).any(axis=2)
    found = []
    for top in range(24, sheet.shape[0] - 192):
        for left in (24, 24 + 280, 24 + 560):
            block = ink[top : top + 192, left : left + 256]
            if block.shape == (192, 256) and block[0].mean() > 0.9 and not ink[top - 1, left : left + 256].any():
                found.append((top, left))
    return found


def cell(sheet: np.ndarray, top: int, left: int) -> np.ndarray:
    """One value for each position of the map that was drawn there."""
    return sheet[top : top + 192 : 4, left : left + 256 : 4].astype(int)


def test_summary_has_a_row_for_every_relu_and_pool(tmp_path, capfd):
    weights = prepare(tmp_path)[:2]
    assert main(["features", str(tmp_path / "picture.png"), "--summary", *weights]) == 0
    rows = [line.split() for line in capfd.readouterr().out.splitlines()[2:]]
    expected = numpy_network.forward(disc(), tiny_weights(), "max")
    assert [row[0] for row in rows] == [name for name in expected if not name.startswith("conv")]
    for name, positions, channels, mean, zeros, *_ in rows:
        maps = expected[name]
        assert (positions, channels) == (f"{maps.shape[0]}×{maps.shape[1]}", str(maps.shape[2]))
        assert float(mean) == pytest.approx(maps.mean(), rel=1e-3)
        assert float(zeros) == pytest.approx(100 * (maps == 0).mean(), abs=0.06)
