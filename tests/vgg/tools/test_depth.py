"""Pictures with 16 bits a colour: more than 256 levels arrive in the file."""

import cv2
import numpy as np
import pytest

from image_files import STORED, assert_one_line
from vgg.errors import InputError
from vgg.tools.image import LARGEST_SIDE, check_output, encode, read_image, to_depth, write_image

#: 12 288 different numbers from a little below 0 to a little above 255.
RAMP = np.linspace(-3, 258, 64 * 64 * 3, dtype=np.float32).reshape(64, 64, 3)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "A.TIFF"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_ramp_arrives_in_16_bits(tmp_path, name, dtype):
    write_image(tmp_path / name, RAMP.astype(dtype), depth=16)
    stored = cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert stored.dtype == np.uint16
    exact = np.clip(RAMP.astype(np.float64), 0, 255) / 255 * 65535
    # Of two numbers that are equally near, to the rounding of float32, either will do.
    assert np.abs(stored - exact).max() < 0.505 and (stored != np.round(exact)).mean() < 0.002
    assert len(np.unique(stored)) > 11_000 and stored.min() == 0 and stored.max() == 65535


def test_8_bits_are_the_same_levels(tmp_path):
    assert to_depth(STORED, 8) is STORED
    np.testing.assert_array_equal(to_depth(STORED, 16), STORED.astype(np.uint16) * 257)
    write_image(tmp_path / "a.png", STORED, depth=16)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), STORED)


@pytest.mark.parametrize("ending", [".jpg", ".JPEG", ".webp", ".bmp"])
def test_formats_of_8_bits_are_refused(tmp_path, ending):
    for write in (lambda path: check_output(path, depth=16), lambda path: write_image(path, STORED, depth=16)):
        with pytest.raises(
            InputError, match=r"8 bits, expected one of \.png, \.tif, \.tiff for a depth of 16"
        ) as caught:
            write(tmp_path / f"a{ending}")
        assert_one_line(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", LARGEST_SIDE)
def test_the_largest_side_of_a_format(ending):
    side = LARGEST_SIDE[ending]
    assert encode(np.zeros((1, side, 3), np.uint8), ending)
    with pytest.raises(InputError, match="too large"):
        encode(np.zeros((1, side + 1, 3), np.uint8), ending)
