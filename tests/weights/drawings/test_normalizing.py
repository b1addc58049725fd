"""The pictures on which the normalised network is measured."""

import numpy as np

from weights.drawings import draw
from weights.drawings.normalizing import normalizing_images


def test_they_are_always_the_same_unlike_each_other_and_have_light_and_dark():
    pictures = normalizing_images()
    assert len(pictures) == 12
    np.testing.assert_array_equal(pictures[7], draw(7, 0, 192))
    for i, picture in enumerate(pictures):
        assert picture.shape == (192, 192, 3) and picture.dtype == np.uint8
        assert picture.std() > 10, "or it would show nothing"
        assert all(np.abs(picture.astype(int) - other).mean() > 20 for other in pictures[:i])
    brightness = np.concatenate([picture.mean(axis=2).ravel() for picture in pictures])
    assert (brightness < 60).mean() > 0.1 and (brightness > 180).mean() > 0.03
