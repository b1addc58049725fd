"""Batches of crops: they depend on the step alone, lie anywhere at any scale, and change colours as they should."""

from dataclasses import replace

import numpy as np
import pytest

from weights.train import crops
from weights.train.settings import Settings

SETTINGS = Settings(steps=6, crops=((16, 4), (32, 3)))


def test_a_batch_depends_on_seed_and_step_alone():
    images = list(np.random.default_rng(0).integers(0, 256, (9, 48, 40, 3), dtype=np.uint8))
    one_by_one = [crops.batch(images, SETTINGS, step) for step in range(6)]
    assert {batch.shape for batch in one_by_one} == {(4, 16, 16, 3), (3, 32, 32, 3)}
    for first in (0, 4):
        again = list(crops.batches(images, SETTINGS, first))
        assert len(again) == 6 - first
        for batch, expected in zip(again, one_by_one[first:], strict=True):
            np.testing.assert_array_equal(batch, expected)
    assert not np.array_equal(crops.batch(images, replace(SETTINGS, seed=1), 0), one_by_one[0])


def test_crops_are_scaled_mirrored_and_lie_anywhere():
    """In a ramp of one level a pixel the slope of a crop is its scale, and its smallest level its place."""
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (200, 200, 3))
    rng = np.random.default_rng(0)
    rows = [crops.crop(ramp, 64, rng)[32, :, 0].astype(float) for _ in range(200)]
    slopes = np.array([(row[-2] - row[1]) / 61 for row in rows])
    assert 0.3 < (slopes < 0).mean() < 0.7, "half of them are mirrored"
    assert abs(slopes).min() == pytest.approx(0.6, abs=0.05) and abs(slopes).max() == pytest.approx(2, abs=0.05)
    places = [row.min() for row in rows]
    assert min(places) < 5 and max(places) > 130


def test_grey_keeps_no_hue_and_noise_comes_on_top():
    grey = np.full((16, 16, 3), 90, np.uint8)
    images = [crops.recoloured(grey, np.random.default_rng(seed)) for seed in range(200)]
    flat = [image for image in images if np.ptp(image) < 0.01]  # R = G = B, and the same everywhere
    assert 80 < len(flat) < 160
    assert 8 < max(image.std() for image in images) < 26
    levels = [image.mean() for image in flat]
    assert min(levels) < 60 and max(levels) > 120  # brightness and contrast


def test_hue_turns_and_luma_stays():
    """NTSC's luma of a colour changes with contrast and brightness only, like that of the grey with the same luma."""
    red = np.full((4, 4, 3), (150, 100, 90), np.uint8)
    grey = np.full((4, 4, 3), round(0.299 * 150 + 0.587 * 100 + 0.114 * 90), np.uint8)
    turned = 0
    for seed in range(60):
        colour, neutral = (crops.recoloured(image, np.random.default_rng(seed)) for image in (red, grey))
        if np.ptp(neutral) < 0.01 and colour.min() > 0 and colour.max() < 255:
            assert colour[0, 0] @ [0.299, 0.587, 0.114] == pytest.approx(neutral[0, 0, 0], abs=0.5)
            turned += colour[0, 0, 2] > colour[0, 0, 0]  # more blue than red
    assert turned > 3
