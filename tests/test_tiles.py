"""Where tiles lie and how wide their halos must be, by the network itself; and how large memory lets them be."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from transfer import estimate
from transfer.recipes import DEFAULT, GATYS2016
from transfer.tile_side import tile_side
from transfer.tiles import grid_of, halo_of, reach_of, stride_of, tiles
from vgg.errors import InputError
from vgg.layers import CONVOLUTIONS
from vgg.matconvnet import Conv, Weights
from vgg.network import VGG19


@pytest.fixture(scope="module")
def all_seeing() -> VGG19:
    """One channel, all weights positive, no bias: each position feels each pixel it can see, however far away."""
    ones = {name: (3, 1) if name == "conv1_1" else (1, 1) for name in (layer.name for layer in CONVOLUTIONS)}
    convolutions = {
        name: Conv(np.full((3, 3, *shape), 1 / 9, np.float32), np.zeros(1, np.float32)) for name, shape in ones.items()
    }
    return VGG19(Weights(convolutions, np.zeros(3, np.float32), "later", "ones", "", None), "avg")


@pytest.mark.parametrize("name", ["conv1_1", "relu1_2", "pool2", "conv3_1", "relu4_2", "pool4", "relu5_1", "conv5_4"])
def test_a_position_sees_its_own_pixels_and_its_reach_on_either_side(all_seeing, name):
    """What one position's gradient touches, in a picture wide enough for it and too narrow to take long."""
    stride, reach = stride_of(name), reach_of(name)
    place = 160 // stride
    image = tf.ones((1, 16, 336, 3))
    with tf.GradientTape() as tape:
        tape.watch(image)
        value = all_seeing(image, [name])[name][0, 0, place, 0]
    seen = np.flatnonzero(tape.gradient(value, image).numpy().any(axis=(0, 1, 3)))
    assert (seen[0], seen[-1]) == (place * stride - reach, place * stride + stride - 1 + reach)


def test_halos():
    """By hand: 1 per convolution in block 1, 2 in block 2, 4, 8, 16; the next multiple of 16, or of pool5's 32."""
    assert reach_of("relu5_1") == 2 * 1 + 2 * 2 + 4 * 4 + 4 * 8 + 16 == 70
    halos = {("relu1_1",): 16, ("relu4_2", "relu1_1"): 48, ("relu5_1", "relu4_2"): 80, ("conv5_4",): 128}
    assert {names: halo_of(names) for names in halos} == halos
    assert (grid_of(("conv5_4",)), grid_of(("pool5",)), halo_of(("pool5",))) == (16, 32, 128)


@pytest.mark.parametrize("names", [("relu2_1",), ("pool3", "relu1_1"), ("relu5_1",), ("pool5",)])
@pytest.mark.parametrize(("height", "width", "side"), [(131, 97, 32), (517, 900, 96), (512, 1024, 512), (40, 3000, 32)])
def test_every_pixel_is_own_once_and_has_its_halo(names, height, width, side):
    grid, halo, count = grid_of(names), halo_of(names), np.zeros((height, width), int)
    found = tiles(height, width, side, names)
    for rows, columns in found:
        count[rows.own_start : rows.own_stop, columns.own_start : columns.own_stop] += 1
        for span, length in ((rows, height), (columns, width)):
            assert span.start % grid == span.own_start % grid == 0
            assert span.start <= max(span.own_start - halo, 0)
            assert span.stop >= min(span.own_stop + halo, length)
            assert span.own_stop == length or span.own_stop % grid == 0
            assert 16 <= span.stop - span.start <= side + 2 * halo
    np.testing.assert_array_equal(count, 1)
    assert len({(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in found}) <= 4


def test_few_tiles_of_even_size():
    """Of 480 pixels the ends own 80 as well; the 320 between are 112, 112, 96 and not 128, 128, 64."""
    owns = [tile.columns.own_stop - tile.columns.own_start for tile in tiles(100, 480, 128, ("relu5_1",))]
    assert owns == [192, 112, 176]
    assert len(tiles(288, 288, 128, ("relu5_1",))) == 1
    assert len(tiles(289, 289, 128, ("relu5_1",))) == 4


@pytest.mark.parametrize(
    ("side", "names"), [(0, ("relu1_1",)), (-16, ("relu1_1",)), (40, ("relu1_1",)), (48, ("pool5",))]
)
def test_side_off_the_grid(side, names):
    with pytest.raises(InputError, match=rf"side is {side} pixels, expected a multiple of (16|32)"):
        tiles(100, 100, side, names)


@pytest.mark.parametrize("recipe", [DEFAULT, GATYS2016, replace(DEFAULT, optimizer="adam", content_layers=())])
@pytest.mark.parametrize(("height", "width"), [(700, 900), (3001, 257)])
def test_the_largest_tile_within_the_memory(weights, recipe, height, width):
    """Whatever is allowed: never more than it by the model, never smaller tiles for more, never smaller than needed."""
    wide = Conv(np.zeros((3, 3, 3, 4000), np.float32), np.zeros(4000, np.float32))
    weights.convolutions["conv1_1"] = wide  # or there would be little to save
    whole = estimate.peak_bytes(weights, recipe, height, width)
    halo = halo_of(tuple(name for name, _ in (*recipe.content_layers, *recipe.style_layers)))
    sides = []

    def needed(side):
        crop = min(side + 2 * halo, height), min(side + 2 * halo, width)
        return estimate.tiled_bytes(weights, recipe, (height, width), crop)

    for memory in np.linspace(needed(128), whole, 12):
        sides.append(tile_side(weights, recipe, height, width, memory))
        if sides[-1]:
            assert sides[-1] % 16 == 0 and needed(sides[-1]) <= memory
            assert needed(sides[-1] + 16) > memory or sides[-1] >= max(height, width)
    assert sides[0] == 128 and sides[-1] is None
    assert sides[:-1] == sorted(sides[:-1])


def test_not_even_the_smallest_tile_fits(weights):
    with pytest.raises(InputError, match=r"^900×700 pixels need \d\.\d GB .* smallest tiles.* only 0\.5 GB may be"):
        tile_side(weights, DEFAULT, 700, 900, 5e8)


def test_memory_in_tiles_is_the_crops_and_what_is_kept_whole(weights):
    """12 pictures, L-BFGS's numbers and the content's maps of relu4_2, 1/8 of the sides, 7 channels."""
    recipe, crop = replace(DEFAULT, normalized_network=False), (256, 384)

    def bytes_of(height, width):
        return estimate.tiled_bytes(weights, recipe, (height, width), crop)

    channels = weights.convolutions["conv4_2"].bias.size
    kept = 3 * (12 * 4 + 4 * (2 * 40 + 8)) * (400 * 640) + 4 * channels * 50 * 80
    assert bytes_of(800, 640) - bytes_of(400, 640) == pytest.approx(kept)
