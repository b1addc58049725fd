"""Where stripes lie and how tall their halos must be, by the network itself."""

from itertools import pairwise, product

import numpy as np
import pytest
import tensorflow as tf

from transfer.striped.geometry import bands, blocks, halo_of, stripes
from vgg.errors import InputError
from vgg.layers import CONVOLUTIONS, LAYERS, layer_named
from vgg.matfile.read import Conv, Weights
from vgg.network import VGG19


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


def test_every_row_is_in_the_core_once_and_has_its_halo():
    heights = (1, 2, 3, 16, 17, 31, 33, 64, 97, 130, 517)
    for height, rows, halo, odd_sides in product(heights, (2, 4, 16, 64, 128), (1, 2, 4), ("up", "down")):
        require_cores_and_halos(height, rows, halo, odd_sides)


def require_cores_and_halos(height: int, rows: int, halo: int, odd_sides: str) -> None:
    found, count = stripes(height, rows, halo), np.zeros(height, int)
    pooled = np.zeros(-(-height // 2) if odd_sides == "up" else height // 2, int)
    for stripe in found:
        count[stripe.core_of(layer_named("relu1_1"), odd_sides)] += 1
        pooled[stripe.core_of(layer_named("pool1"), odd_sides)] += 1
        core_rows = stripe.core_stop - stripe.core_start
        assert stripe.core_start % 2 == 0 and (2 <= core_rows <= rows + (stripe is found[-1]) or height == 1)
        assert stripe.start == max(stripe.core_start - halo, 0)
        assert stripe.stop == min(stripe.core_stop + halo, height)
        core = np.arange(height)[stripe.computed][slice(*stripe.core)]
        assert (core[0], core[-1] + 1) == (stripe.core_start, stripe.core_stop)
    np.testing.assert_array_equal(count, 1)
    np.testing.assert_array_equal(pooled, 1)
    assert found[-1].core_of(layer_named("pool1"), odd_sides).stop == len(pooled)
    assert len(found) <= -(-height // rows)


def test_few_stripes_of_even_height():
    """Of 130 rows 64 + 64 + 2 would waste the last one's halo."""
    assert [stripe.core_stop - stripe.core_start for stripe in stripes(130, 64, 2)] == [44, 44, 42]


def test_no_stripe_of_one_row():
    """A pool that rounds down would have nothing to put out, which TensorFlow refuses on some processors."""
    assert [stripe.core_stop - stripe.core_start for stripe in stripes(105, 8, 2)] == [8] * 12 + [9]


@pytest.mark.parametrize("odd_sides", ["up", "down"])
@pytest.mark.parametrize(("height", "shares"), [(64, (1, 1)), (211, (1, 1, 1)), (500, (5, 2, 1, 2)), (96, (0.3, 0.7))])
def test_each_row_of_each_layer_is_in_one_band_and_the_halos_are_its_neighbours(height, shares, odd_sides):
    """By counting: a band's stripes cover its own rows, and what they are computed from is in the next bands."""
    cut = bands(height, shares, ("relu5_1", "relu1_1"))
    assert (cut[0].start, cut[-1].stop) == (0, height)
    assert all(above.stop == below.start for above, below in pairwise(cut))
    for band, share in zip(cut, shares, strict=True):
        assert abs((band.stop - band.start) - height * share / sum(shares)) <= 16 + height % 16
    tops = [band.start for band in cut[1:]]
    for block in blocks(("relu5_1",)):
        halo, ends = halo_of(block), [0, *tops, height]
        for top, stop in pairwise(ends):
            above, below = halo * (top > 0), halo * (stop < height)
            found = stripes(stop - top, 4, halo, above, below)
            seen = [set(range(top - above + one.start, top - above + one.stop)) for one in found]
            cores = [range(top + one.core_start, top + one.core_stop) for one in found]
            assert sorted(row for core in cores for row in core) == list(range(top, stop))
            for rows, core, one in zip(seen, cores, found, strict=True):
                wanted = range(max(core[0] - halo, 0), min(core[-1] + halo + 1, height))
                assert rows == set(wanted)
                np.testing.assert_array_equal(one.core, [core[0] - min(rows), core[-1] + 1 - min(rows)])
        tops = [top // 2 for top in tops]
        height = -(-height // 2) if odd_sides == "up" else height // 2


def test_a_band_lower_than_a_halo_is_refused():
    """conv4_1 to conv4_4 see 4 rows, of 8 pixels each; below conv5_4 these are 4 of 16 pixels."""
    assert len(bands(96, (1, 1, 1), ("relu5_1",))) == 3
    with pytest.raises(InputError, match="95 rows in 3 bands make one of 31 rows, expected at least 32"):
        bands(95, (1, 1, 1), ("relu5_1",))
    with pytest.raises(InputError, match="at least 64, which the next band sees; choose fewer machines or a larger"):
        bands(96, (1, 1), ("conv5_4",))
    assert bands(16, (1,), ("conv5_4",)) == [slice(0, 16)], "one band alone may be as low as it wants"
