"""The loss and gradient computed in tiles are those of the whole picture, at borders too, whatever the tiles."""

from dataclasses import replace

import numpy as np
import pytest

from test_total_loss import EVERYTHING
from transfer import tiles
from transfer.recipe import Variation
from transfer.recipes import DEFAULT, GATYS2016
from transfer.tiled import TiledObjective
from transfer.train import Objective, train
from vgg.matconvnet import Weights
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
#: Recipe, pooling, height, width, side, number of tiles. Sides smaller than, equal to and larger than the picture.
CASES = [
    ("everything", "avg", 200, 333, 32, 2 * 6),
    ("everything", "max", 200, 333, 32, 2 * 6),
    ("shallow", "avg", 131, 97, 16, 7 * 5),
    ("shallow", "max", 131, 97, 32, 4 * 3),
    ("default", "max", 37, 45, 512, 1),
    ("default", "avg", 131, 197, 128, 1),
    ("pools", "max", 131, 201, 64, 1 * 2),
    ("deep", "avg", 97, 333, 32, 1 * 3),
    ("pool5", "max", 327, 97, 64, 2 * 1),  # 71 pixels inside: half of it is 48 on a grid of 16, 64 on that of pool5
    ("content only", "avg", 131, 197, 48, 1 * 3),
    ("style only", "max", 250, 91, 80, 2 * 1),
    ("style only", "avg", 48, 64, 64, 1),
]


def pictures(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Content, a larger or smaller style, and the generated image: noise on patches, so that no two tiles are alike."""
    rng = np.random.default_rng(height + width)

    def picture(rows, columns):
        patches = rng.uniform(30, 220, (-(-rows // 24), -(-columns // 24), 3)).repeat(24, axis=0).repeat(24, axis=1)
        return np.clip(patches[:rows, :columns] + rng.normal(0, 20, (rows, columns, 3)), 0, 255).astype(np.float32)

    return picture(height, width), picture(211, 179), picture(height, width)


def both(weights: Weights, recipe, height: int, width: int, side: int):
    """(losses, gradient) of the whole picture and in tiles, and the tiled objective."""
    content, style, generated = pictures(height, width)
    network = VGG19(weights, recipe.pooling)
    tiled = TiledObjective(network, content, style, recipe, side)
    return Objective(network, content, style, recipe)(generated), tiled(generated), tiled


def relative(ours: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, in units of the expected gradient's typical size there."""
    return float(np.abs(ours - expected).max() / np.sqrt(np.mean(np.square(expected))))


@pytest.mark.parametrize(("name", "pooling", "height", "width", "side", "count"), CASES)
def test_tiled_is_whole(weights, name, pooling, height, width, side, count):
    whole, tiled, objective = both(weights, replace(RECIPES[name], pooling=pooling), height, width, side)
    assert len(objective.tiles) == count
    for ours, expected in zip(tiled[0][:4], whole[0][:4], strict=True):
        assert ours == pytest.approx(expected, rel=2e-5)
    assert tiled[0].layers == pytest.approx(whole[0].layers, rel=1e-4)
    assert tiled[1].dtype == np.float32 and tiled[1].shape == whole[1].shape
    for part in (np.s_[:], np.s_[:1], np.s_[-1:], np.s_[:, :1], np.s_[:, -1:]):  # all, and each border by itself
        assert relative(tiled[1][part], whole[1][part]) < 2e-5


def test_nothing_beyond_the_reach_matters_and_all_within_does(weights):
    """A tile's sums feel a pixel 38 from its own, as far as relu4_2 sees, and no further, though the crop has 48."""
    recipe = replace(GATYS2016, content_layers=(), style_layers=(("relu4_2", 1.0),))
    content, style, generated = pictures(48, 320)
    objective = TiledObjective(VGG19(weights, "avg"), content, style, recipe, 64)
    tile = objective.tiles[1]
    before, felt = objective.tile_sums(generated, tile), []
    for distance in (49, 48, 39, 38):
        disturbed = generated.copy()
        disturbed[:, tile.columns.own_start - distance] = (1e4, -1e4, 1e4)  # so that the last digit of a sum shows it
        felt.append(bool(np.any(objective.tile_sums(disturbed, tile)[0] != before[0])))
    assert felt == [False, False, False, True]


def test_a_narrower_halo_would_show(weights, monkeypatch):
    recipe = replace(GATYS2016, content_layers=(), style_layers=(("relu4_2", 1.0),))
    whole, tiled, _ = both(weights, recipe, 97, 203, 32)
    assert relative(tiled[1], whole[1]) < 2e-5
    monkeypatch.setattr(tiles, "halo_of", lambda names: 32)  # 16 less
    whole, tiled, _ = both(weights, recipe, 97, 203, 32)
    assert relative(tiled[1], whole[1]) > 0.1
    assert tiled[0].style != pytest.approx(whole[0].style, rel=1e-4)


def test_the_same_bits_each_time(weights):
    content, style, generated = pictures(97, 64)
    objective = TiledObjective(VGG19(weights, "avg"), content, style, SHALLOW, 16)
    evaluations = [objective(generated) for _ in range(3)]
    assert len({(losses, gradient.tobytes()) for losses, gradient in evaluations}) == 1


def test_takes_the_place_of_the_whole_in_training(weights):
    """L-BFGS, which asks with images in float64."""
    recipe = replace(SHALLOW, iterations=2)
    content, style, generated = pictures(70, 57)
    network = VGG19(weights, "avg")
    objectives = TiledObjective(network, content, style, recipe, 16), Objective(network, content, style, recipe)
    ours, expected = (train(objective, generated).steps for objective in objectives)
    assert list(ours[-1].layers) == list(expected[-1].layers)
    assert ours[-1].total == pytest.approx(expected[-1].total, rel=1e-4)
    assert ours[-1].total < ours[0].total
