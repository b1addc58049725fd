"""The loss and gradient computed in stripes are those of the whole picture, at borders too, however tall."""

from dataclasses import replace

import numpy as np
import pytest

from every_term import EVERYTHING, RECIPES, SHALLOW
from low_precision import needs_bfloat16
from objectives import Evaluated, assert_same, objective_for, patches, relative
from transfer.recipes import DEFAULT, GATYS2016, Recipe
from transfer.striped import block, geometry
from transfer.train import Phase, train
from vgg.layers import LAYERS
from vgg.matfile.read import Weights
from vgg.optimize.scipy_l_bfgs_b import ScipyLBFGSB

pytestmark = pytest.mark.usefixtures("without_compiling")

#: Recipe, pooling, height, width, rows: less and more than the picture has, and sides odd at one pool or another.
CASES = [
    ("everything", "avg", 131, 53, 32),
    ("shallow", "max", 67, 57, 16),
    ("default", "max", 37, 45, 512),
    ("default", "avg", 16, 16, 2),
    ("deep", "avg", 49, 65, 4),
    ("pool5", "max", 83, 49, 4),
    ("content only", "avg", 67, 49, 24),
    ("odd sides down", "max", 93, 47, 8),
]


def both(weights: Weights, recipe: Recipe, height: int, width: int, rows: int) -> tuple[Evaluated, Evaluated]:
    """(losses, gradient) of the whole picture and in stripes."""
    content, style, generated = patches(height, width)
    whole, striped = (objective_for(weights, recipe, content, style, each) for each in (None, rows))
    return whole(generated), striped(generated)


@pytest.mark.parametrize(("name", "pooling", "height", "width", "rows"), CASES)
def test_striped_is_whole(weights, name, pooling, height, width, rows):
    whole, striped = both(weights, replace(RECIPES[name], pooling=pooling), height, width, rows)
    assert_same(striped, whole)


@pytest.mark.parametrize(
    ("layer", "pooling"), [(layer.name, ("avg", "max")[i % 2]) for i, layer in enumerate(LAYERS[::4])]
)
def test_each_place_in_the_network(weights, layer, pooling):
    """Content and style at once, the deepest layer: every fourth one, so convolutions, ReLUs and pools."""
    recipe = replace(EVERYTHING, content_layers=((layer, 1.0),), style_layers=((layer, 1.0),), pooling=pooling)
    whole, striped = both(weights, recipe, 41, 35, 6)
    assert_same(striped, whole)


@needs_bfloat16
def test_bfloat16_is_as_close_to_the_whole_as_that_is_to_itself_in_float32(weights):
    content, style, generated = patches(49, 41)
    whole, striped = (objective_for(weights, DEFAULT, content, style, rows, "bfloat16") for rows in (None, 16))
    (whole, expected), (striped, gradient) = whole(generated), striped(generated)
    assert striped.total == pytest.approx(whole.total, rel=0.02)
    assert np.vdot(gradient, expected) > 0.99 * np.linalg.norm(gradient) * np.linalg.norm(expected)


@pytest.mark.parametrize("layer", ["relu1_2", "relu3_4"])
def test_a_lower_halo_would_show(weights, monkeypatch, layer):
    """One row less in all blocks; `stripes` itself is right, so it is what the blocks ask of it."""
    recipe = replace(GATYS2016, content_layers=(), style_layers=((layer, 1.0),))
    monkeypatch.setattr(block, "halo_of", lambda layers: geometry.halo_of(layers) - 1)
    whole, striped = both(weights, recipe, 65, 35, 16 if layer == "relu1_2" else 4)
    assert relative(striped[1], whole[1]) > 1e-3
    assert striped[0].total != pytest.approx(whole[0].total, rel=1e-4)


def test_the_same_bits_each_time_and_inputs_untouched(weights):
    content, style, generated = patches(49, 37)
    objective = objective_for(weights, SHALLOW, content, style, 16)
    before = generated.copy()
    evaluations = [objective(generated) for _ in range(3)]
    assert len({(str(losses), gradient.tobytes()) for losses, gradient in evaluations}) == 1
    np.testing.assert_array_equal(generated, before)


def test_takes_the_place_of_the_whole_in_training(weights):
    """With SciPy's L-BFGS, which asks with images in float64."""
    content, style, generated = patches(70, 57)
    results = []
    for rows in (16, None):
        objective = objective_for(weights, SHALLOW, content, style, rows)
        results.append(train([Phase(70, 57, lambda of=objective: of, ScipyLBFGSB(), until=2)], generated))
    ours, expected = (result.steps for result in results)
    assert list(ours[-1].losses.terms) == list(expected[-1].losses.terms)
    assert ours[-1].losses.total == pytest.approx(expected[-1].losses.total, rel=1e-4)
    assert ours[-1].losses.total < ours[0].losses.total


@pytest.mark.usefixtures("stripes_without_compiling")
@pytest.mark.parametrize("at", ["relu1_2", "pool1"])
def test_a_term_on_the_image_border_to_border_in_one_stripe(weights, at):
    """A stripe taller than the image, and one exactly as tall."""
    recipe = replace(EVERYTHING, content_layers=((at, 1.0),), style_layers=((at, 1.0),))
    content, style, generated = patches(34, 29)
    whole, *striped = (objective_for(weights, recipe, content, style, rows)(generated) for rows in (None, 34, 512))
    for each in striped:
        assert_same(each, whole)
