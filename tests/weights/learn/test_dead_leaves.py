"""The drawn pictures: repeatable, full, and with the statistics that make photographs unlike noise."""

import numpy as np
import pytest

from weights.learn.dead_leaves import dead_leaves


@pytest.fixture(scope="module")
def pictures():
    return [dead_leaves(seed, 256) for seed in range(4)]


def test_what_they_are(pictures):
    for picture in pictures:
        assert picture.shape == (256, 256, 3)
        assert picture.dtype == np.float32
        assert 0 <= picture.min() < 30
        assert 225 < picture.max() <= 255
        assert not (picture == 0).all(axis=2).any()  # no spot is left uncovered
    assert dead_leaves(0).shape == (512, 512, 3)


def test_a_seed_gives_the_same_picture_again_and_another_seed_another(pictures):
    for seed, picture in enumerate(pictures):
        np.testing.assert_array_equal(picture, dead_leaves(seed, 256))
    for seed in range(3):
        assert np.abs(pictures[seed] - pictures[seed + 1]).mean() > 20


def spectrum(picture):
    """Mean power of the grey picture in the octaves 4–8, 8–16, 16–32 and 32–64 cycles a side."""
    grey = picture.mean(axis=2)
    window = np.hanning(len(grey))
    power = np.abs(np.fft.fft2((grey - grey.mean()) * window[:, None] * window)) ** 2
    cycles = np.abs(np.fft.fftfreq(len(grey), 1 / len(grey)))
    radius = np.hypot(cycles[:, None], cycles)
    return np.array([power[(radius >= low) & (radius < 2 * low)].mean() for low in (4, 8, 16, 32)])


def test_power_falls_with_frequency_as_in_photographs(pictures):
    # Photographs: about 1/f², dead leaves a little steeper; noise does not fall at all. (Ruderman 1997.)
    octaves = np.diff(np.log2(np.mean([spectrum(picture) / spectrum(picture).sum() for picture in pictures], axis=0)))
    assert (octaves < -1.2).all()
    assert (octaves > -4.5).all()
    noise = np.random.default_rng(0).uniform(0, 255, (256, 256, 3))
    assert np.abs(np.diff(np.log2(spectrum(noise)))).max() < 0.5  # or this test would prove nothing


def test_mostly_flat_with_some_sharp_edges(pictures):
    # The kurtosis of differences between neighbours is 3 for noise; photographs have far heavier tails.
    for picture in pictures:
        differences = np.diff(picture.mean(axis=2), axis=1)
        assert (differences**4).mean() / (differences**2).mean() ** 2 > 6


def test_every_second_picture_is_out_of_focus(pictures):
    sharp, soft = (np.mean([np.abs(np.diff(picture, axis=0)).max() for picture in pictures[i::2]]) for i in (0, 1))
    assert soft < 0.8 * sharp


def test_colours_and_directions_are_many(pictures):
    for picture in pictures:
        colours = np.unique((picture // 64).reshape(-1, 3), axis=0)
        assert len(colours) > 40  # of 64
        gradients = [np.abs(np.diff(picture.mean(axis=2), axis=axis)).mean() for axis in (0, 1)]
        assert 0.5 < gradients[0] / gradients[1] < 2
