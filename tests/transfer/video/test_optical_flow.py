"""The flow and its weights: against motions that are known, by hand and in the drawn clip."""

import cv2
import numpy as np
import pytest

from drawn_clip import first_frames
from transfer.apps.video import flow as module
from transfer.apps.video.flow import came_from_inside, disoccluded, flow, motion_boundary, warped, weights

SHOT = first_frames(17)


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth random colours, uint8 (H, W, 3)."""
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.uint8((blurred - blurred.min()) / np.ptp(blurred) * 255)


def uniform(height: int, width: int, right: float, down: float) -> np.ndarray:
    return np.broadcast_to(np.float32([right, down]), (height, width, 2))


def test_a_shift_is_found():
    """What is at (x, y) in the first frame is at (x + 3, y − 2) in the second."""
    large = texture(110, 130)
    first, second = large[5:105, 5:125], large[7:107, 2:122]
    found = flow(first, second)
    assert found.shape == (100, 120, 2) and found.dtype == np.float32
    np.testing.assert_allclose(np.median(found, axis=(0, 1)), [3, -2], atol=0.02)
    np.testing.assert_allclose(warped(second, found)[10:-10, 10:-10], first[10:-10, 10:-10], atol=12)


@pytest.mark.parametrize("number", [2, 9, 15])
def test_flow_and_weights_of_the_drawn_clip(number):
    """Seen from frame `number`, whose true motion is known, the next frame is the one to trace pixels to."""
    now, following = SHOT[number], SHOT[number + 1].image
    there, back = flow(now.image, following), flow(following, now.image)
    errors = np.hypot(*(there - now.flow).transpose(2, 0, 1))[now.visible]
    assert np.median(errors) < 0.1 and np.mean(errors) < 0.25
    trusted = weights(back, there) > 0
    # Most of what is missed leaves the frame over calm water, and what takes its place has the same colour.
    assert np.mean(~trusted[~now.visible]) > 0.75, "hidden pixels that are found"
    assert np.mean(trusted[now.visible]) > 0.85, "visible pixels that are kept"


def test_the_neighbour_rule_is_what_finds_the_hidden_pixels():
    now, following = SHOT[9], SHOT[10].image
    there, back = flow(now.image, following), flow(following, now.image)
    alone = came_from_inside(there) & ~disoccluded(back, there) & ~motion_boundary(there)
    hidden = ~now.visible
    missed_alone, missed = (np.mean(trusted[hidden]) for trusted in (alone, weights(back, there)))
    assert missed < 0.6 * missed_alone


def test_warped_by_hand():
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_allclose(warped(image, uniform(3, 4, 1, 0)), image[:, [1, 2, 3, 3]])
    np.testing.assert_allclose(warped(image, uniform(3, 4, 0, -1)), image[[0, 0, 1]])
    between = warped(image, uniform(3, 4, 0.5, 0.25))
    np.testing.assert_allclose(between[:2, :3], image[:2, :3] + 0.5 + 0.25 * 4, atol=1e-5)
    colours = np.stack([image, 2 * image, 3 * image], axis=2)
    np.testing.assert_allclose(warped(colours, uniform(3, 4, 1, 1))[..., 2], 3 * image[[1, 2, 2]][:, [1, 2, 3, 3]])


@pytest.mark.parametrize(("disagreement", "expected"), [(0.7, False), (0.72, True), (3.0, True)])
def test_disocclusion_by_hand(disagreement, expected):
    """There 0.5 px and back 0.5 px plus the disagreement d, across: d² against 0.01 (0.25 + 0.25 + d²) + 0.5.

    Without the first part the limit is √0.5 = 0.7071; with it √(0.505 / 0.99) = 0.7142.
    """
    backward = np.stack([np.full((4, 4), -0.5), np.full((4, 4), disagreement)], axis=2).astype(np.float32)
    assert np.all(disoccluded(uniform(4, 4, 0.5, 0), backward) == expected)


def test_disocclusion_looks_where_the_pixel_came_from():
    """Only the right half of the earlier frame moves, by 4 pixels: it lands 4 pixels further to the right."""
    forward = np.zeros((8, 24, 2), np.float32)
    forward[:, 12:, 0] = 4
    backward = np.zeros((8, 24, 2), np.float32)
    backward[:, 16:, 0] = -4
    np.testing.assert_array_equal(np.nonzero(disoccluded(forward, backward)[0])[0], [12, 13, 14, 15])


@pytest.mark.parametrize(("slope", "expected"), [(0.0446, False), (0.0448, True)])
def test_motion_boundary_by_hand(slope, expected):
    """Where û = 0, |∇û|² = slope² against 0.002: √0.002 = 0.04472."""
    backward = np.zeros((5, 7, 2), np.float32)
    backward[..., 0] = slope * (np.arange(7) - 3)
    assert motion_boundary(backward)[2, 3] == expected
    turned = np.ascontiguousarray(backward.transpose(1, 0, 2)[..., ::-1])
    assert motion_boundary(turned)[3, 2] == expected
    fast = backward + np.float32([2, 0])  # 0.01 · 4 more is allowed
    assert not motion_boundary(fast)[2, 3]


def test_outside_the_frame_nothing_is_known():
    """By half a pixel a pixel may miss: it is a square around its centre."""
    inside = came_from_inside(uniform(6, 8, 2.4, -1.4))
    np.testing.assert_array_equal(inside[:, 0], [False, True, True, True, True, True])
    np.testing.assert_array_equal(inside[5], [True] * 6 + [False] * 2)
    assert came_from_inside(uniform(6, 8, 0.4, 0.4)).all() and not came_from_inside(uniform(6, 8, 8, 0)).any()
    c = weights(uniform(6, 8, -2, 0), uniform(6, 8, 2, 0))
    np.testing.assert_array_equal(
        c, np.tile(np.float32([1] * 5 + [0] * 3), (6, 1))
    )  # and the neighbour of the last two
    assert c.dtype == np.float32 and weights(uniform(6, 8, 0, 0), uniform(6, 8, 0, 0)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 5), (31, 33), (37, 250)])
def test_any_size(size):
    first, second = texture(*size), texture(*size, seed=1)
    there, back = flow(first, second), flow(second, first)
    assert there.shape == (*size, 2) and np.isfinite(there).all() and weights(there, back).shape == size
    assert np.abs(flow(first, first)).max() < 1e-3


def test_a_small_frame_moves_as_a_large_one():
    large = texture(24, 40)
    np.testing.assert_allclose(np.median(flow(large[:20, 2:22], large[:20, :20]), axis=(0, 1)), [2, 0], atol=0.1)


def test_grey_frames():
    frame, following = (SHOT[number].image for number in (4, 5))
    greys = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (frame, following)]
    np.testing.assert_array_equal(flow(*greys), flow(frame, following))


def test_the_same_with_any_number_of_threads():
    frame, following = (SHOT[number].image for number in (4, 5))
    expected, before = flow(frame, following), cv2.getNumThreads()
    try:
        for threads in (1, 2, 5):
            cv2.setNumThreads(threads)
            np.testing.assert_array_equal(flow(frame, following), expected)
    finally:
        cv2.setNumThreads(before)


def test_a_photographers_flash_does_not_hide_the_motion():
    now, following = SHOT[9], SHOT[10].image
    lit = np.clip(following.astype(float) * 1.3 + 30, 0, 255).astype(np.uint8)
    errors = np.hypot(*(flow(now.image, lit) - now.flow).transpose(2, 0, 1))[now.visible]
    assert np.median(errors) < 0.5


def test_the_module_has_no_state():
    assert not any(
        isinstance(value, np.ndarray | list | dict) for name, value in vars(module).items() if name[0] != "_"
    )
