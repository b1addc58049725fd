"""An evaluation with its targets: what it computes with them, and the loss below which it is no good."""

from dataclasses import replace

import numpy as np
import pytest

from low_precision import needs_bfloat16
from objectives import objective_for
from transfer.recipes import DEFAULT, LossScale

pytestmark = pytest.mark.usefixtures("without_compiling")
RECIPE = replace(DEFAULT, content_layers=(("relu2_2", 1.0),), style_layers=(("relu1_1", 0.5), ("relu2_1", 0.5)))


@pytest.fixture
def style() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (40, 32, 3), dtype=np.uint8)


@pytest.mark.parametrize("rows", [None, 8])
def test_it_is_the_evaluation_with_its_targets(weights, image, style, rows):
    at = np.random.default_rng(6).uniform(0, 255, image.shape).astype(np.float32)
    one, other = (objective_for(weights, RECIPE, content, style, rows) for content in (image, 255 - image))
    assert one(at)[0].groups["content"] != other(at)[0].groups["content"]
    losses, gradient = other.evaluation(at, one.targets, one.weights)
    assert losses == one(at)[0]
    np.testing.assert_array_equal(gradient, one(at)[1])


@needs_bfloat16
@pytest.mark.parametrize("rows", [None, 8])
def test_floor_of_the_low_precision_only(weights, image, style, rows):
    """A hundredth of a blank's loss, which is 2 + 3 where every loss is relative to its target."""
    relative = LossScale(target=-1)
    recipe = replace(RECIPE, content_loss=relative, style_loss=relative, content_weight=2.0, style_weight=3.0)
    recipe = replace(recipe, content_layers=(("relu2_1", 0.25), ("relu3_1", 0.75)))
    low, exact = (objective_for(weights, recipe, image, style, rows, name) for name in ("bfloat16", "float32"))
    assert low.floor == pytest.approx(0.05, rel=1e-3)
    assert exact.floor == 0
