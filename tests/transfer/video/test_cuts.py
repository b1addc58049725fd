"""Scene cuts: found where the drawn clip has them, and not where it only moves fast or is lit."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from drawn_clip import first_frames
from judged_clips import clip
from transfer.apps.video.flow import CONTINUED, continuity, flow, weights
from transfer.files import SAMPLE_SCENE
from vgg.tools.image import read_image, resize_to

SHOT = [frame.image for frame in first_frames(9, 9, 144, 192)]  # the cut is before frame 6
WIDE = resize_to(read_image(SAMPLE_SCENE), 420, 560).round().astype(np.uint8)[210:360]


def cut_between(earlier: np.ndarray, later: np.ndarray) -> bool:
    backward = flow(later, earlier)
    return continuity(earlier, later, backward, weights(flow(earlier, later), backward)) < CONTINUED


def panned(right: int) -> np.ndarray:
    return np.ascontiguousarray(WIDE[3:147, right : right + 192])


def test_the_cut_of_the_drawn_clip_and_no_other():
    assert [cut_between(*pair) for pair in pairwise(SHOT)] == [number == 5 for number in range(8)]


@pytest.mark.parametrize("size", [(48, 64), (33, 49)])
def test_in_small_frames(size):
    frames = [cv2.resize(frame, size[::-1], interpolation=cv2.INTER_AREA) for frame in SHOT]
    assert [cut_between(*pair) for pair in pairwise(frames)] == [number == 5 for number in range(8)]


@pytest.mark.parametrize("speed", [4, 20, 48, 60])
def test_a_fast_pan_is_none(speed):
    assert not cut_between(panned(100), panned(100 + speed))
    assert not cut_between(panned(100), panned(100 - speed))


def test_light_that_changes_is_none():
    before, now = panned(100), panned(103).astype(float)
    for lit in (now + 50, now * 1.8, now * 0.4, 0.6 * now + 90):
        assert not cut_between(before, np.clip(lit, 0, 255).astype(np.uint8))


def test_after_a_white_flash_it_goes_on_from_the_frame_before():
    white = np.full_like(panned(0), 255)
    assert (
        cut_between(panned(100), white)
        and cut_between(white, panned(106))
        and not cut_between(panned(100), panned(106))
    )


def test_pictures_of_the_same_colours_are_other_scenes():
    assert cut_between(panned(100), np.ascontiguousarray(panned(100)[:, ::-1]))
    assert cut_between(panned(100), np.ascontiguousarray(panned(100)[::-1]))


def test_from_a_black_picture_and_between_black_bars():
    black, barred = np.zeros_like(SHOT[0]), [frame.copy() for frame in SHOT]
    for frame in barred:
        frame[:36], frame[-36:] = 0, 0
    assert cut_between(black, SHOT[0]) and cut_between(SHOT[0], black)
    assert [cut_between(barred[i], barred[i + 1]) for i in (4, 5, 6)] == [False, True, False]


def test_grain_is_none():
    rng = np.random.default_rng(0)
    grained = [np.clip(frame + rng.normal(0, 15, frame.shape), 0, 255).astype(np.uint8) for frame in SHOT[:2]]
    assert not cut_between(*grained)


def test_without_texture_there_is_nothing_to_compare():
    grey = np.full((40, 50, 3), 90, np.uint8)
    still, ones = np.zeros((40, 50, 2), np.float32), np.ones((40, 50), np.float32)
    assert continuity(grey, grey, still, ones) == 1 and not cut_between(grey, grey)


def test_a_picture_and_itself_by_hand():
    """All of its texture is traced where the weights say so."""
    image = np.random.default_rng(1).integers(0, 256, (40, 50), dtype=np.uint8)
    still, half = np.zeros((40, 50, 2), np.float32), np.zeros((40, 50), np.float32)
    half[:, :25] = 1
    assert continuity(image, image, still, half) == 0.5
    assert continuity(255 - image, image, still, half) == 0, "a negative has the opposite correlation"


def test_a_small_picture_in_a_black_frame_goes_on():
    """Its black has nothing to say, so a sixteenth of the frame decides."""
    small, following, other = (np.zeros((144, 192, 3), np.uint8) for _ in range(3))
    small[60:96, 80:128], following[60:96, 80:128] = panned(100)[:36, :48], panned(102)[:36, :48]
    other[60:96, 80:128] = panned(200)[80:116, 90:138]
    assert not cut_between(small, following) and cut_between(small, other)


def test_what_leaves_a_plain_sky_is_none():
    """Of its last pixels none can be traced, and nothing else has texture."""
    frames = clip("ball", 33).images[26:]
    assert [cut_between(*pair) for pair in pairwise(frames)] == [False] * 6
    assert cut_between(SHOT[0], frames[-1]) and cut_between(frames[-1], SHOT[0])
