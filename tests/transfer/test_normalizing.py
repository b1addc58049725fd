"""The pictures on which the normalised network is measured."""

import numpy as np

from transfer.normalizing import normalizing_pictures


def test_they_are_always_the_same_and_unlike_each_other():
    pictures, again = normalizing_pictures(), normalizing_pictures()
    assert len(pictures) == 12
    for i, picture in enumerate(pictures):
        np.testing.assert_array_equal(picture, again[i])
        assert picture.shape == (192, 192, 3) and picture.dtype == np.uint8
        assert picture.std() > 10, "or it would show nothing"
        assert all(np.abs(picture.astype(int) - other).mean() > 20 for other in pictures[:i])


def test_together_they_have_light_and_dark_and_all_colours():
    """As photographs do; what a filter for blue fires at, say, must be on one of them."""
    pixels = np.concatenate([picture.reshape(-1, 3) for picture in normalizing_pictures()]).astype(int)
    assert (pixels.mean(axis=1) < 60).mean() > 0.05 and (pixels.mean(axis=1) > 200).mean() > 0.02
    for strongest in range(3):
        others = np.delete(pixels, strongest, axis=1).max(axis=1)
        assert (pixels[:, strongest] > others + 40).mean() > 0.02
