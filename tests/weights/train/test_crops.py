"""Batches of crops: which drawings they show, and that they depend on the step alone."""

from dataclasses import replace

import numpy as np
import pytest

from weights.train import crops
from weights.train.settings import Phase, Settings

SETTINGS = Settings(kinds=9, draws=3, steps=6, phases=(Phase(16, 4, 0.5), Phase(32, 2, 1.0)))


@pytest.fixture
def plain_drawings():
    """Drawing number i has the grey level i everywhere."""
    return np.broadcast_to(np.arange(27, dtype=np.uint8)[:, None, None, None], (27, 80, 70, 3))


def test_two_draws_of_one_kind_belong_together(plain_drawings, monkeypatch):
    monkeypatch.setattr(crops, "recoloured", lambda picture, rng: picture)
    for step in range(6):
        pictures, kinds = crops.batch(plain_drawings, SETTINGS, step)
        n = 4 if step < 3 else 2
        assert pictures.shape == (2 * n, *(2 * [16 if step < 3 else 32]), 3)
        assert len(set(kinds)) == n
        first, second = pictures[:n, 0, 0, 0], pictures[n:, 0, 0, 0]
        np.testing.assert_array_equal(first // 3, kinds)
        np.testing.assert_array_equal(second // 3, kinds)
        assert (first != second).all()


def test_a_batch_depends_on_seed_and_step_alone():
    drawings = np.random.default_rng(0).integers(0, 256, (27, 48, 48, 3), dtype=np.uint8)
    one_by_one = [crops.batch(drawings, SETTINGS, step) for step in range(6)]
    assert not np.array_equal(one_by_one[0].pictures, one_by_one[1].pictures)
    for first in (0, 4):
        found = list(crops.batches(drawings, SETTINGS, first))
        assert len(found) == 6 - first
        for batch, expected in zip(found, one_by_one[first:], strict=True):
            np.testing.assert_array_equal(batch.pictures, expected.pictures)
            np.testing.assert_array_equal(batch.kinds, expected.kinds)
    other = crops.batch(drawings, replace(SETTINGS, seed=1), 0)
    assert not np.array_equal(other.pictures, one_by_one[0].pictures)


def test_crops_are_scaled_and_lie_anywhere():
    """In a ramp of one level a pixel the slope of a crop is its scale, and its first level its place."""
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (200, 200, 3))
    rng = np.random.default_rng(0)
    found = [crops.crop(ramp, 64, rng)[32, :, 0].astype(float) for _ in range(200)]
    slopes = np.array([(row[-2] - row[1]) / 61 for row in found])
    assert slopes.min() == pytest.approx(0.75, abs=0.05) and slopes.max() == pytest.approx(1.5, abs=0.05)
    places = [row[0] for row in found]
    assert min(places) < 5 and max(places) > 130


def test_grey_keeps_no_hue_and_noise_comes_on_top():
    grey = np.full((16, 16, 3), 90, np.uint8)
    found = [crops.recoloured(grey, np.random.default_rng(seed)) for seed in range(200)]
    flat = [picture for picture in found if np.ptp(picture) < 0.01]  # R = G = B, and the same everywhere
    assert 60 < len(flat) < 140
    noise = [picture.std() for picture in found if np.ptp(picture) >= 0.01]
    assert 8 < max(noise) < 21
    levels = [picture.mean() for picture in flat]
    assert min(levels) < 60 and max(levels) > 120  # brightness and contrast


def test_hue_turns_and_luma_stays():
    """NTSC's luma of a colour changes with contrast and brightness only, like that of the grey with the same luma."""
    red = np.full((4, 4, 3), (150, 100, 90), np.uint8)
    luma = 0.299 * 150 + 0.587 * 100 + 0.114 * 90  # 113.81
    grey = np.full((4, 4, 3), round(luma), np.uint8)
    turned = 0
    for seed in range(60):
        colour, neutral = (crops.recoloured(picture, np.random.default_rng(seed)) for picture in (red, grey))
        if np.ptp(neutral) < 0.01 and colour.min() > 0 and colour.max() < 255:
            found = colour[0, 0] @ [0.299, 0.587, 0.114]
            assert found == pytest.approx(neutral[0, 0, 0], abs=0.5)
            turned += colour[0, 0, 2] > colour[0, 0, 0]  # more blue than red
    assert turned > 3
