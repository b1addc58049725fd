"""The drawn clip: its true motion explains its frames, and its masks say where that ends."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from drawn_clip import cut_at, first_frames

SHOT = first_frames(17)
SHORT = first_frames(9, 9, 64, 96)  # with the cut before frame 6


def moved_back(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The next frame at the places where each pixel goes, by SciPy."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    places = [y + flow[..., 1], x + flow[..., 0]]
    return np.stack([map_coordinates(image[..., i].astype(float), places, order=1) for i in range(3)], axis=2)


@pytest.mark.parametrize("number", [0, 9, 15])
def test_the_true_flow_explains_what_stays_visible(number):
    now, following = SHOT[number], SHOT[number + 1]
    error = np.abs(moved_back(following.image, now.flow) - now.image).mean(axis=2)
    still = np.abs(following.image.astype(float) - now.image).mean(axis=2)
    assert np.mean(error[now.visible]) < 4 < np.mean(still[now.visible])
    hidden = ~now.visible
    assert np.mean(error[hidden]) > 4 * np.mean(error[now.visible])


def test_there_is_something_to_find():
    """Three motions, by fractions of a pixel, and pixels that get hidden inside the frame as well as at its border."""
    now = SHOT[9]
    motions = np.unique(now.flow.reshape(-1, 2), axis=0)
    assert len(motions) == 3 and np.abs(motions - np.rint(motions)).max(axis=1).min() > 0.05
    assert min(np.hypot(*(a - b)) for i, a in enumerate(motions) for b in motions[:i]) > 2
    y, x = np.nonzero(~now.visible)
    outside = (x + now.flow[y, x, 0] > 255) | (x + now.flow[y, x, 0] < 0) | (y + now.flow[y, x, 1] > 191)
    assert np.count_nonzero(outside) > 100 and np.count_nonzero(~outside) > 300
    assert 0.9 < now.visible.mean() < 0.99


def test_what_a_layer_hides_it_hides_on_the_side_that_it_moves_to():
    """The post moves left, faster than all else, by 5.5 pixels: a strip as wide as the difference at its left side."""
    now = SHOT[3]
    fastest = now.flow[..., 0] == now.flow[..., 0].min()
    for row in (100, 120, 180):
        left = np.nonzero(fastest[row])[0].min()
        speed = now.flow[row, left - 12, 0] - now.flow[row, left, 0]
        hidden = np.nonzero(~now.visible[row, left - 12 : left])[0]
        assert abs(len(hidden) - speed) <= 1 and hidden.max() == 11 and np.all(np.diff(hidden) == 1)
        right = np.nonzero(fastest[row])[0].max()
        # But for the last pixel, half of which is the post: what it uncovers was not there before.
        assert now.visible[row, left + 1 : right].all() and now.visible[row, right + 1 : right + 6].all()


def test_after_two_thirds_there_is_a_cut():
    assert [cut_at(count) for count in (1, 2, 3, 9, 48)] == [1, 2, 2, 6, 32]
    steps = [np.abs(a.image.astype(float) - b.image).mean() for a, b in pairwise(SHORT)]
    assert np.argmax(steps) == 5 and steps[5] > 2 * max(steps[:5] + steps[6:])
    for number, frame in enumerate(SHORT):
        assert frame.visible.any() == frame.flow.any() == (number not in (5, 8))
