"""The smallest pictures: a side of 16 pixels leaves one position to conv5, also where sides are rounded down."""

from dataclasses import replace

import numpy as np
import pytest

from image_files import assert_one_line
from tiny_network import tiny_weights
from transfer.files import Files
from transfer.inputs import Images
from transfer.other_programs import RECIPES
from transfer.session import Session
from vgg.errors import InputError

pytestmark = pytest.mark.usefixtures("without_compiling")
POOL5 = (("pool5", 1.0),)
DOWN = replace(RECIPES["tensorflow-tutorial"], normalized_network=False)


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(tiny_weights(), 8e9)


def pictures_of(content: tuple[int, int], style: tuple[int, int]) -> Images:
    rng = np.random.default_rng(7)
    content_image, style_image = (rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in (content, style))
    return Images(content_image, (style_image,), None, Files("content", "style"))


@pytest.mark.parametrize("name", RECIPES)
def test_sixteen_pixels_are_enough_for_every_recipe(session, name):
    recipe = replace(RECIPES[name], normalized_network=False)
    images = pictures_of((16, 17), (31, 16))
    more = 2 * min(recipe.margin, 15)  # as far as a mirror at the edge of 16 pixels shows something
    shape = (16 + more, 17 + more, 3)
    losses, gradient = session.objective(recipe, images)(np.full(shape, 90, np.float32))
    assert losses.total > 0 and np.isfinite(losses.total)
    assert gradient.shape == shape and np.isfinite(gradient).all() and np.any(gradient)


@pytest.mark.parametrize("content, style", [((31, 40), (40, 40)), ((40, 40), (40, 31))], ids=["content", "style"])
def test_pool5_rounded_down_needs_32(session, content, style):
    recipe = replace(DOWN, style_layers=POOL5)
    with pytest.raises(InputError, match="expected at least 32×32") as caught:
        session.losses(recipe, pictures_of(content, style), np.zeros((*content, 3), np.float32))
    assert_one_line(caught.value)
    assert session.losses(recipe, pictures_of((32, 32), (32, 32)), np.zeros((32, 32, 3), np.float32)).total > 0


def test_pool5_rounded_up_needs_16(session):
    recipe = replace(RECIPES["anishathalye"], style_layers=POOL5)
    assert session.losses(recipe, pictures_of((16, 16), (16, 16)), np.zeros((16, 16, 3), np.float32)).total > 0
