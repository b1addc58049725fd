"""The loss and gradient computed in stripes are those of the whole picture, at borders too, however tall."""

import weakref
from dataclasses import replace

import numpy as np
import pytest

from every_term import EVERYTHING
from transfer.objective import block as blocks
from transfer.objective import geometry as stripes
from transfer.objective.striped import StripedObjective
from transfer.objective.whole import Objective
from transfer.recipe.choices import Variation
from transfer.recipe.ours import DEFAULT, GATYS2016
from transfer.train import train
from vgg.layers import LAYERS
from vgg.matfile.read import Weights
from vgg.network import VGG19

SHALLOW = replace(
    EVERYTHING,
    content_layers=(("relu1_2", 0.3), ("conv2_1", 1.0)),
    style_layers=(("conv1_1", 0.5), ("pool2", 2.0), ("relu2_2", 1.0)),
    tv_loss=Variation(power=2.5, count=-0.5, factor=0.3),
)
RECIPES = {
    "everything": EVERYTHING,
    "shallow": SHALLOW,
    "default": DEFAULT,
    "pools": replace(EVERYTHING, content_layers=(("pool4", 1.0),), style_layers=(("pool1", 1.0), ("pool4", 1.0))),
    "deep": replace(EVERYTHING, content_layers=(("conv5_4", 1.0),), style_layers=(("relu5_1", 1.0), ("conv5_4", 2.0))),
    "pool5": replace(EVERYTHING, content_layers=(("pool5", 1.0),), style_layers=(("pool5", 1.0), ("relu1_1", 1.0))),
    "content only": replace(DEFAULT, style_layers=(), tv_weight=0.0),
    "style only": replace(GATYS2016, content_layers=()),
}
#: Recipe, pooling, height, width, rows: less and more than the picture has, and sides odd at one pool or another.
CASES = [
    ("everything", "avg", 200, 103, 32),
    ("everything", "max", 131, 97, 16),
    ("shallow", "avg", 131, 57, 16),
    ("shallow", "max", 131, 57, 32),
    ("default", "max", 37, 45, 512),
    ("default", "avg", 131, 77, 64),
    ("default", "avg", 16, 16, 2),
    ("pools", "max", 131, 67, 8),
    ("deep", "avg", 97, 133, 4),
    ("pool5", "max", 163, 97, 2),
    ("content only", "avg", 131, 97, 48),
    ("style only", "max", 250, 35, 14),
    ("style only", "avg", 48, 64, 64),
]


def pictures(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Content, style of another size, and the generated image: noise on patches, so that no two stripes are alike."""
    rng = np.random.default_rng(height + width)

    def picture(rows, columns):
        patches = rng.uniform(30, 220, (-(-rows // 24), -(-columns // 24), 3)).repeat(24, axis=0).repeat(24, axis=1)
        return np.clip(patches[:rows, :columns] + rng.normal(0, 20, (rows, columns, 3)), 0, 255).astype(np.float32)

    return picture(height, width), picture(211, 179), picture(height, width)


def both(weights: Weights, recipe, height: int, width: int, rows: int):
    """(losses, gradient) of the whole picture and in stripes."""
    content, style, generated = pictures(height, width)
    network = VGG19(weights, recipe.pooling)
    striped = StripedObjective(network, content, style, recipe, rows)
    return Objective(network, content, style, recipe)(generated), striped(generated)


def relative(ours: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, in units of the expected gradient's typical size there."""
    return float(np.abs(ours - expected).max() / np.sqrt(np.mean(np.square(expected))))


def test_what_is_released_is_gone_and_computed_again(weights):
    content, style, generated = pictures(48, 64)
    objective = StripedObjective(VGG19(weights), content, style, DEFAULT, 16)
    before = objective(generated)
    computed = weakref.ref(objective.targets.contents["relu4_2"])
    objective.release()
    assert computed() is None
    after = objective(generated)
    assert after[0] == before[0]
    np.testing.assert_array_equal(after[1], before[1])


def assert_same(striped, whole):
    for ours, expected in zip(striped[0][:4], whole[0][:4], strict=True):
        assert ours == pytest.approx(expected, rel=1e-5)
    assert striped[0].layers == pytest.approx(whole[0].layers, rel=2e-5)
    assert striped[1].dtype == np.float32 and striped[1].shape == whole[1].shape
    for part in (np.s_[:], np.s_[:1], np.s_[-1:], np.s_[:, :1], np.s_[:, -1:]):  # all, and each border by itself
        assert relative(striped[1][part], whole[1][part]) < 2e-5


@pytest.mark.parametrize(("name", "pooling", "height", "width", "rows"), CASES)
def test_striped_is_whole(weights, name, pooling, height, width, rows):
    whole, striped = both(weights, replace(RECIPES[name], pooling=pooling), height, width, rows)
    assert_same(striped, whole)


@pytest.mark.parametrize("pooling", ["avg", "max"])
@pytest.mark.parametrize("layer", [layer.name for layer in LAYERS[::3]])
def test_each_place_in_the_network(weights, layer, pooling):
    """Content and style at once, the deepest layer: every third one, so each kind at each place in a block."""
    recipe = replace(EVERYTHING, content_layers=((layer, 1.0),), style_layers=((layer, 1.0),), pooling=pooling)
    whole, striped = both(weights, recipe, 41, 35, 6)
    assert_same(striped, whole)


def test_bfloat16_is_as_close_to_the_whole_as_that_is_to_itself_in_float32(weights):
    content, style, generated = pictures(97, 61)
    network = VGG19(weights, "avg", "bfloat16")
    striped = StripedObjective(network, content, style, DEFAULT, 16)(generated)
    whole = Objective(network, content, style, DEFAULT)(generated)
    assert striped[0].total == pytest.approx(whole[0].total, rel=0.02)
    assert np.vdot(striped[1], whole[1]) > 0.99 * np.linalg.norm(striped[1]) * np.linalg.norm(whole[1])


@pytest.mark.parametrize("layer", ["relu1_2", "relu3_4", "conv5_2"])
def test_a_lower_halo_would_show(weights, monkeypatch, layer):
    """One row less in all blocks; `stripes` itself is right, so it is what the blocks ask of it."""
    recipe = replace(GATYS2016, content_layers=(), style_layers=((layer, 1.0),))
    whole, striped = both(weights, recipe, 97, 43, 16 if layer == "relu1_2" else 4)
    assert_same(striped, whole)
    monkeypatch.setattr(blocks, "halo_of", lambda layers: stripes.halo_of(layers) - 1)
    whole, striped = both(weights, recipe, 97, 43, 16 if layer == "relu1_2" else 4)
    assert relative(striped[1], whole[1]) > 1e-3
    assert striped[0].style != pytest.approx(whole[0].style, rel=1e-4)


def test_the_same_bits_each_time_and_inputs_untouched(weights):
    content, style, generated = pictures(97, 64)
    objective = StripedObjective(VGG19(weights, "avg"), content, style, SHALLOW, 16)
    before = generated.copy()
    evaluations = [objective(generated) for _ in range(3)]
    assert len({(losses, gradient.tobytes()) for losses, gradient in evaluations}) == 1
    np.testing.assert_array_equal(generated, before)


def test_takes_the_place_of_the_whole_in_training(weights):
    """L-BFGS, which asks with images in float64."""
    recipe = replace(SHALLOW, iterations=2)
    content, style, generated = pictures(70, 57)
    network = VGG19(weights, "avg")
    objectives = StripedObjective(network, content, style, recipe, 16), Objective(network, content, style, recipe)
    ours, expected = (train(objective, generated).steps for objective in objectives)
    assert list(ours[-1].layers) == list(expected[-1].layers)
    assert ours[-1].total == pytest.approx(expected[-1].total, rel=1e-4)
    assert ours[-1].total < ours[0].total
