"""Where stripes lie and how tall their halos must be, by the network itself; and what memory lets a run have."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from transfer import memory as estimate
from transfer.objective.geometry import blocks, halo_of, maps_shape, stripes
from transfer.plan import ROWS, Plan, plan
from transfer.recipe.ours import DEFAULT, GATYS2016
from vgg.errors import InputError
from vgg.layers import CONVOLUTIONS, LAYERS, layer_named
from vgg.matfile.read import Conv, Weights
from vgg.network import VGG19
from vgg.optimize.l_bfgs import PairHistory


@pytest.fixture(scope="module")
def all_seeing() -> VGG19:
    """One channel, all weights positive, no bias: each position feels each one it can see."""
    ones = {name: (3, 1) if name == "conv1_1" else (1, 1) for name in (layer.name for layer in CONVOLUTIONS)}
    convolutions = {
        name: Conv(np.full((3, 3, *shape), 1 / 9, np.float32), np.zeros(1, np.float32)) for name, shape in ones.items()
    }
    return VGG19(Weights(convolutions, np.zeros(3, np.float32), "later", "ones", "", None), "avg")


@pytest.mark.parametrize("name", ["conv1_1", "relu1_2", "pool2", "conv3_1", "relu4_2", "pool4", "relu5_1", "conv5_4"])
def test_a_position_sees_the_halo_and_no_further(all_seeing, name):
    layers = blocks((name,))[-1]
    assert layers[-1].name == name
    rows = tf.ones((1, 40, 3, layers[0].channels_in if layers[0].index == 0 else 1))
    with tf.GradientTape() as tape:
        tape.watch(rows)
        maps = all_seeing.run(rows, layers, [name])[name]
        value = maps[0, 10 if name.startswith("pool") else 20, 1, 0]
    seen = np.flatnonzero(tape.gradient(value, rows).numpy().any(axis=(0, 2, 3)))
    assert (seen[0], seen[-1]) == (20 - halo_of(layers), 20 + halo_of(layers) + name.startswith("pool"))


def test_blocks_are_the_table_cut_after_each_pool():
    for layer in LAYERS:
        found = blocks((layer.name, "conv1_1"))
        assert sum(found, ()) == LAYERS[: layer.index + 1]
        assert all(block[-1].kind == "pool" for block in found[:-1])
        assert sum(one.kind == "pool" for block in found for one in block[:-1]) == 0
    assert [halo_of(block) for block in blocks(("pool5",))] == [2, 2, 4, 4, 4]
    assert halo_of(blocks(("relu5_1", "relu1_1"))[-1]) == 1


@pytest.mark.parametrize("height", [1, 2, 3, 16, 17, 31, 33, 64, 97, 130, 517])
@pytest.mark.parametrize("rows", [2, 4, 16, 64, 128])
@pytest.mark.parametrize("halo", [1, 2, 4])
def test_every_row_is_own_once_and_has_its_halo(height, rows, halo):
    found, count, pooled = stripes(height, rows, halo), np.zeros(height, int), np.zeros(-(-height // 2), int)
    for stripe in found:
        count[stripe.own_of(layer_named("relu1_1"))] += 1
        pooled[stripe.own_of(layer_named("pool1"))] += 1
        assert stripe.own_start % 2 == 0 and 1 <= stripe.own_stop - stripe.own_start <= rows
        assert stripe.start == max(stripe.own_start - halo, 0)
        assert stripe.stop == min(stripe.own_stop + halo, height)
        own = np.arange(height)[stripe.computed][slice(*stripe.own)]
        assert (own[0], own[-1] + 1) == (stripe.own_start, stripe.own_stop)
    np.testing.assert_array_equal(count, 1)
    np.testing.assert_array_equal(pooled, 1)
    assert len(found) <= -(-height // rows)


def test_few_stripes_of_even_height():
    """Of 130 rows 64 + 64 + 2 would waste the last one's halo."""
    assert [stripe.own_stop - stripe.own_start for stripe in stripes(130, 64, 2)] == [44, 44, 42]


@pytest.mark.parametrize("rows", [0, -2, 7])
def test_rows_that_cut_a_pool_window(rows):
    with pytest.raises(InputError, match=f"stripes have {rows} rows, expected a positive even number"):
        stripes(100, rows, 2)


def test_shapes_are_the_networks(all_seeing):
    maps = all_seeing(tf.zeros((1, 37, 45, 3)), [layer.name for layer in LAYERS])
    assert all(maps_shape(37, 45, name) == found.shape[1:3] for name, found in maps.items())


@pytest.mark.parametrize("recipe", [DEFAULT, GATYS2016, replace(DEFAULT, optimizer="adam", content_layers=())])
@pytest.mark.parametrize(("height", "width"), [(700, 900), (3001, 257)])
def test_the_plan_is_the_best_within_the_memory(weights, recipe, height, width):
    """Whatever is allowed: never more than it by the model, and never less than it could be."""
    wide = Conv(np.zeros((3, 3, 3, 4000), np.float32), np.zeros(4000, np.float32))
    weights.convolutions["conv1_1"] = wide  # or there would be little to save
    recipe = replace(recipe, normalized_network=False)

    def needed(rows, pairs):
        history = PairHistory(pairs, ml_dtypes.bfloat16)
        return estimate.striped_bytes(weights, recipe, height, width, rows, history)

    whole, remembers = estimate.peak_bytes(weights, recipe, height, width), recipe.optimizer == "l-bfgs-unit"
    memories = np.linspace(needed(16, 3), whole, 12)
    plans = [plan(weights, recipe, height, width, memory) for memory in memories]
    for memory, (rows, history) in zip(memories[:-1], plans[:-1], strict=True):
        assert needed(rows, history.pairs) <= memory
        assert rows == max(ROWS) or needed(2 * rows, 3) > memory
        assert history.pairs == 40 or needed(rows, history.pairs + 1) > memory
    assert plans[0].rows == 16 and plans[0].history.pairs == (3 if remembers else 40) and plans[-1] == Plan(None)
    assert [rows for rows, _ in plans[:-1]] == sorted(rows for rows, _ in plans[:-1])


def test_not_even_the_lowest_stripes_fit(weights):
    with pytest.raises(InputError, match=r"^900×700 pixels need \d\.\d GB .* lowest stripes.* only 0\.5 GB may be"):
        plan(weights, DEFAULT, 700, 900, 5e8)
