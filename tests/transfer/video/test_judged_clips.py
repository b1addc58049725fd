"""The clips by which films are judged, and the figures: the true motion explains the frames, and faults are found."""

import cv2
import numpy as np
import pytest

from film_figures import flicker, moved, seam, sharpness
from judged_clips import CLIPS, clip

COUNT = 6
CLIP, STILL = clip("pan", COUNT), clip("walk", COUNT)  # shifted by parts of a pixel, edges get softer


@pytest.mark.parametrize("name", CLIPS)
def test_the_true_motion_explains_what_is_seen_again(name):
    judged = clip(name, COUNT)
    places, seen = judged.followed(2, 1)
    error = np.abs(moved(judged.images[1], places) - judged.images[2]).mean(axis=2)
    assert seen.mean() > 0.9 and error[seen].mean() < 3
    # In the middle there is a cut, or a flash, in the clips of that name.
    assert (judged.followed(3, 2)[1].any(), judged.images[3].mean() > 235) == (name != "cut", name == "flash")


def test_a_painting_that_moves_with_the_clip_has_no_faults():
    assert flicker(CLIP, CLIP.images) < 12 and 0.9 < sharpness(STILL, STILL.images) < 1.1


def test_each_fault_is_found():
    blurred = [cv2.GaussianBlur(image, (0, 0), 0.3 + 0.2 * number) for number, image in enumerate(STILL.images)]
    assert sharpness(STILL, blurred) < 0.5
    brighter = [np.clip(image + 6.0 * (number % 2), 0, 255) for number, image in enumerate(CLIP.images)]
    assert abs(flicker(CLIP, brighter) - flicker(CLIP, CLIP.images) - 36) < 8
    pale = [image.astype(float) for image in CLIP.images]
    for number in range(1, COUNT):
        pale[number][~CLIP.followed(number, 0)[1]] += 20
    assert seam(CLIP, pale) > 3 * seam(CLIP, CLIP.images)
