"""Flicker: none in a film that only moves, and the variance of what is added to it."""

import math

import numpy as np

from drawn_clip import first_frames
from transfer.apps.video.flow import flicker, flow, weights

SHOT = first_frames(17)


def still(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width, 2), np.float32)


def test_of_noise_it_is_twice_the_variance():
    first, second = np.random.default_rng(0).normal(128, 10, (2, 60, 80, 3)).astype(np.float32)
    assert abs(flicker(second, first, still(60, 80), np.ones((60, 80))) - 200) < 6


def test_by_hand():
    before, result = np.zeros((1, 3, 3), np.uint8), np.zeros((1, 3, 3), np.uint8)
    result[0, 0], result[0, 1], result[0, 2, 0] = 9, 1, 3
    weight = np.float32([[0, 1, 0.5]])
    assert flicker(result, before, still(1, 3), weight) == (3 * 1 + 0.5 * 9) / (3 * 1.5)
    before[0, 2] = 1  # where pixel 1 comes from
    to_the_right = still(1, 3) + np.float32([1, 0])
    assert flicker(result, before, to_the_right, np.float32([[0, 1, 0]])) == 0


def test_without_a_pixel_that_can_be_traced():
    image = np.zeros((2, 2, 3))
    assert math.isnan(flicker(image, image, still(2, 2), np.zeros((2, 2))))


def test_a_film_that_moves_has_little_and_noise_shows():
    first, second = SHOT[9].image, SHOT[10].image
    backward = flow(second, first)
    c = weights(flow(first, second), backward)
    moving = flicker(second, first, backward, c)
    noise = np.random.default_rng(1).normal(0, 12, (2, *first.shape))
    trembling = flicker(second + noise[0], first + noise[1], backward, c)
    assert moving < 40 and moving + 144 < trembling < moving + 2.1 * 144
    assert moving < 0.1 * flicker(second, first, 0 * backward, c), "without the motion"
