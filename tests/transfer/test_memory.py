"""How much memory a run needs by the counts of its maps, and what is chosen for the memory there is."""

import re
from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest

from transfer import memory
from transfer.memory import ROWS, Plan, plan
from transfer.recipes import DEFAULT, GATYS2016, OWN_L_BFGS
from vgg.errors import InputError
from vgg.layers import LAYERS
from vgg.matfile.read import Conv
from vgg.optimize.l_bfgs import LBFGS


def peak(weights, name, height, width, **recipe):
    """For one layer, without what normalising the network takes at least, so that maps of small images show."""
    recipe = replace(DEFAULT, content_layers=((name, 1.0),), style_layers=(), normalized_network=False, **recipe)
    return memory.peak_bytes(weights, recipe, height, width)


def test_memory_grows_with_the_area_of_the_image_and_the_depth_of_the_layers(weights):
    """What does not depend on the image drops out of differences; four times the area has four times the maps."""
    sides = [peak(weights, "relu4_2", side, side) for side in (64, 128, 256)]
    assert sides[2] - sides[1] == pytest.approx(4 * (sides[1] - sides[0]))
    by_depth = [peak(weights, layer.name, 64, 64) for layer in LAYERS]
    assert by_depth == sorted(set(by_depth))
    assert peak(weights, "relu5_1", 64, 48) == peak(weights, "relu5_1", 48, 64)


def test_memory_of_the_recipe(weights):
    numbers = 64 * 48 * 3
    adam = peak(weights, "relu1_1", 64, 48, optimizer="adam")
    # SciPy remembers 20 pairs of a step and its change of the gradient in float64, ours 40 in float32.
    for optimizer, pairs in (("l-bfgs", 2 * 20 * 8), ("l-bfgs-unit", 2 * 40 * 4)):
        more = peak(weights, "relu1_1", 64, 48, optimizer=optimizer) - adam
        assert (pairs - 12) * numbers <= more < 1.5 * pairs * numbers, "but Adam's three float32 images"
    normalized = memory.peak_bytes(weights, replace(DEFAULT, normalized_network=True), 64, 48)
    assert normalized > memory.BASE_BYTES + 0.1e9, "normalising takes that much, however small the image is"


@pytest.mark.parametrize(
    ("deeper", "name", "numbers"),
    [("relu1_1", "conv1_1", 65 * 49 * 4), ("pool1", "relu1_2", 33 * 25 * 5), ("pool2", "relu2_2", 17 * 13 * 7)],
)
def test_memory_of_a_layer_is_a_share_of_its_float32_maps(weights, deeper, name, numbers):
    """One more map of 65 × 49 positions, halved and rounded up at each pool, of 4, 5 or 7 channels."""
    more = peak(weights, deeper, 65, 49) - peak(weights, name, 65, 49)
    assert more == pytest.approx(memory.SHARE_OF_MAPS * 4 * numbers)


def test_a_region_needs_the_style_layers_maps_once_more(weights):
    """relu1_1 has 4 channels of the tiny network, relu2_1 has 6; whole or in stripes, the more regions the more."""
    recipe = replace(DEFAULT, style_layers=(("relu1_1", 0.5), ("relu2_1", 0.5)), margin=0)
    alone, *with_regions = (memory.peak_bytes(weights, recipe, 640, 480, regions) for regions in (0, 1, 3))
    maps = 4 * (640 * 480 * 4 + 320 * 240 * 6)
    assert with_regions == pytest.approx([alone + n * memory.SHARE_OF_MAPS * maps for n in (1, 3)])
    in_stripes = [memory.striped_bytes(weights, recipe, 6400, 4800, 64, LBFGS(3), regions) for regions in (0, 1, 3)]
    assert in_stripes == sorted(set(in_stripes))


@pytest.mark.parametrize("statistic", ["moments", "wasserstein"])
def test_means_have_a_gradient_as_large_as_the_maps(weights, statistic):
    """Measured: two maps more of each style layer."""
    recipe = replace(DEFAULT, style_layers=(("relu1_1", 0.5), ("relu2_1", 0.5)), margin=0)
    sizes = [
        memory.peak_bytes(weights, replace(recipe, style_statistic=each), 640, 480) for each in ("gram", statistic)
    ]
    maps = 4 * (640 * 480 * 4 + 320 * 240 * 6)
    assert sizes[1] - sizes[0] == pytest.approx(memory.SHARE_OF_MAPS * 2 * maps)


@pytest.mark.parametrize("recipe", [DEFAULT, GATYS2016, replace(DEFAULT, optimizer="adam", content_layers=())])
@pytest.mark.parametrize(("height", "width"), [(700, 900), (3001, 257)])
def test_the_plan_is_the_best_within_the_memory(weights, recipe, height, width):
    """Whatever is allowed: never more than it by the model, and never less than it could be."""
    wide = Conv(np.zeros((3, 3, 3, 4000), np.float32), np.zeros(4000, np.float32))
    weights.convolutions["conv1_1"] = wide  # or there would be little to save
    recipe = replace(recipe, normalized_network=False, margin=0)

    def needed(rows, pairs):
        return memory.striped_bytes(weights, recipe, height, width, rows, LBFGS(pairs, ml_dtypes.bfloat16))

    whole, remembers = memory.peak_bytes(weights, recipe, height, width), recipe.optimizer in OWN_L_BFGS
    allowed = np.linspace(needed(16, 3), whole, 12)
    plans = [plan(weights, recipe, height, width, each) for each in allowed]
    for most, found in zip(allowed[:-1], plans[:-1], strict=True):
        pairs = found.l_bfgs.history
        assert found.needed == needed(found.rows, pairs) <= most
        assert found.rows == max(ROWS) or needed(2 * found.rows, 3) > most
        assert pairs == 40 or needed(found.rows, pairs + 1) > most
        assert np.dtype(found.l_bfgs.dtype).name == ("bfloat16" if remembers else "float32")
    assert plans[0].rows == 16 and plans[0].l_bfgs.history == (3 if remembers else 40)
    assert plans[-1] == Plan(whole, None, LBFGS(40, np.float32))
    assert [found.rows for found in plans[:-1]] == sorted(found.rows for found in plans[:-1])


def test_not_even_the_lowest_stripes_fit(weights):
    with pytest.raises(InputError, match=r"^900×700 pixels need \d\.\d\d GB .* lowest stripes.* only 0\.50 GB may be"):
        plan(weights, DEFAULT, 700, 900, 5e8)


@pytest.mark.parametrize("below", [1, 1e3, 4e6, 9.9e6])
@pytest.mark.parametrize("height", [550, 700, 3000])
def test_what_is_needed_and_what_there_is_never_look_equal(weights, height, below):
    """From a byte too little to a few MB; the numbers are rounded to 10 MB. What is said to be enough is enough."""
    recipe = replace(DEFAULT, normalized_network=False, margin=0)
    least = memory.striped_bytes(weights, recipe, height, 900, 16, LBFGS(3, ml_dtypes.bfloat16))
    with pytest.raises(InputError) as caught:
        plan(weights, recipe, height, 900, least - below)
    needed, allowed = map(float, re.findall(r"(\d+\.\d+) GB", str(caught.value)))
    assert allowed * 1e9 <= least - below < least <= needed * 1e9 and allowed < needed
    assert plan(weights, recipe, height, 900, needed * 1e9).needed <= needed * 1e9


def test_the_margin_needs_memory_and_the_message_speaks_of_the_picture(weights):
    with_margin, without = replace(DEFAULT, margin=50), replace(DEFAULT, margin=0)
    assert plan(weights, with_margin, 100, 200, 1e12).needed == plan(weights, without, 200, 300, 1e12).needed
    with pytest.raises(InputError, match=r"^200×100 pixels need"):
        plan(weights, with_margin, 100, 200, 1e8)
