"""Pictures brought to size: shape kept, never enlarged, areas averaged."""

import numpy as np
import pytest

from image_files import BLOCKS, STORED, assert_one_line
from vgg.errors import InputError
from vgg.layers import SMALLEST_SIDE
from vgg.tools.image import resize, resize_to


def test_longer_side_and_shape():
    for shape, size in (((600, 800), (384, 512)), ((800, 600), (512, 384)), ((1023, 1023), (512, 512))):
        assert resize(np.zeros((*shape, 3), np.uint8), 512).shape == (*size, 3)


def test_never_enlarged():
    assert resize(STORED, 24) is STORED
    assert resize(STORED, 4000) is STORED


def test_shrinking_averages_areas():
    fine = np.indices((64, 64)).sum(axis=0)[..., None] % 2 * np.uint8(200)  # a chessboard of single pixels
    image = resize(np.repeat(fine, 3, axis=2).astype(np.uint8), 32)
    np.testing.assert_array_equal(image, np.full((32, 32, 3), 100))


@pytest.mark.parametrize("shape, longer_side", [((3000, 20), 512), ((10, 10), 512), ((600, 800), 15), ((20, 20), 0)])
def test_too_narrow_after_resizing(shape, longer_side):
    with pytest.raises(InputError, match=f"{shape[1]} × {shape[0]}.*at least {SMALLEST_SIDE}") as caught:
        resize(np.zeros((*shape, 3), np.uint8), longer_side)
    assert_one_line(caught.value)


def test_resize_to():
    assert resize_to(STORED, 16, 24) is STORED
    for size in ((8, 12), (8, 48), (64, 96)):
        assert resize_to(STORED, *size).shape == (*size, 3)
        assert resize_to(STORED.astype(np.float32), *size).dtype == np.float32
    np.testing.assert_array_equal(resize_to(STORED, 2, 3), BLOCKS)
