"""Bands of rows give the losses and the gradient of the whole image, and send what their docstring says."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import tensorflow as tf

from every_term import EVERYTHING, RECIPES, SHALLOW
from low_precision import needs_bfloat16
from new_terms import HEIGHT, WIDTH, Case
from objectives import assert_same, objective_for, patches, relative, workers
from transfer.cluster.banded import BandedEvaluation, exchanged
from transfer.objective import Objective, WholeEvaluation, terms_of
from transfer.recipes import DEFAULT, GATYS2016, RELATIVE_TO_REFERENCE, StyleStatistic
from transfer.regions import Region
from transfer.targets import References
from vgg.errors import InputError
from vgg.network import VGG19

pytestmark = pytest.mark.usefixtures("without_compiling")
#: Where bits are not compared; `test_striped` compiles the same stripes.
AT_ONCE = pytest.mark.usefixtures("stripes_without_compiling")

#: Recipe, pooling, height, width, rows, shares: two or three bands, of unequal heights, and odd sides.
CASES = [
    ("everything", "max", 131, 35, 32, (2, 1)),
    ("shallow", "avg", 57, 67, 6, (1, 1, 1)),
    ("pool5", "max", 131, 35, 16, (1, 1)),
    ("odd sides down", "max", 93, 45, 512, (1, 1)),
]


@AT_ONCE
@pytest.mark.parametrize(("name", "pooling", "height", "width", "rows", "shares"), CASES)
def test_banded_is_whole(weights, name, pooling, height, width, rows, shares):
    content, style, generated = patches(height, width)
    recipe = replace(RECIPES[name], pooling=pooling)
    whole, banded = (
        objective_for(weights, recipe, content, style, *how)(generated) for how in ((None,), (rows, "float32", shares))
    )
    assert_same(banded, whole)


def test_one_band_has_the_bits_of_stripes(weights):
    content, style, generated = patches(97, 61)
    one, striped = (
        objective_for(weights, EVERYTHING, content, style, 16, "float32", shares)(generated) for shares in ((1,), None)
    )
    assert str(one[0]) == str(striped[0]) and one[1].tobytes() == striped[1].tobytes()


@AT_ONCE
def test_inputs_untouched_and_the_same_bits_each_time(weights):
    content, style, generated = patches(97, 36)
    objective, before = objective_for(weights, SHALLOW, content, style, 16, "float32", (1, 2)), generated.copy()
    found = {(str(losses), gradient.tobytes()) for losses, gradient in (objective(generated) for _ in range(2))}
    assert len(found) == 1
    np.testing.assert_array_equal(generated, before)


@AT_ONCE
@needs_bfloat16
def test_bfloat16_is_as_close_to_stripes_as_they_are_to_the_whole(weights):
    content, style, generated = patches(97, 35)
    hows = ((None, "bfloat16"), (16, "bfloat16"), (16, "bfloat16", (1, 1)))
    found = [objective_for(weights, DEFAULT, content, style, *how)(generated) for how in hows]
    (whole, of_whole), (striped, of_striped), (banded, of_banded) = found
    assert banded.total == pytest.approx(striped.total, rel=max(1e-3, 2 * abs(striped.total / whole.total - 1)))
    assert relative(of_banded, of_striped) < 2 * relative(of_striped, of_whole)


def in_bands(network, terms, rows: int, shares) -> BandedEvaluation:
    return BandedEvaluation(network, terms, workers(network, terms, rows, len(shares)), shares)


@AT_ONCE
def test_terms_of_other_kinds(weights):
    """Maps to compare with at the pixels, guides, blends and content; the targets are given."""
    case = Case(weights, temporal=3e-8, guided=100.0, blend=30.0, old=1.0)
    banded = in_bands(case.network, case.terms, 16, (3, 2))
    shared = banded.compare_with(case.targets, HEIGHT)
    assert all(target.maps is None for target in shared.values())
    assert_same(banded(case.image, shared, case.each_weight), case.both()[0])


@AT_ONCE
@pytest.mark.parametrize("statistic", [each for each in get_args(StyleStatistic) if each != "neighbours"])
def test_several_styles_in_regions_of_a_frame_of_a_film(weights, statistic):
    """A region across both bands, blends, style pictures with and without a guide, one too low for two bands.

    And weights of the content's positions.
    """
    content, night, generated = patches(HEIGHT, WIDTH)
    day = night[:40, :35]
    left = np.zeros((HEIGHT, WIDTH), np.float32)
    left[10:, :20] = 1
    regions = (
        Region("white", 0.25, left, (1.0, 0.0), (None, None)),
        Region("black", 0.75, 1 - left, (0.25, 0.75), (None, np.tri(40, 35, dtype=np.float32))),
    )
    losses = dict.fromkeys(("content_loss", "style_loss"), RELATIVE_TO_REFERENCE)
    recipe = replace(EVERYTHING, **losses, temporal_weight=0.1, style_statistic=statistic)
    earlier = np.concatenate([generated[::-1], np.float32(content[..., :1] > 99)], axis=2)
    network = VGG19(weights, "avg")
    terms = terms_of(recipe, network, HEIGHT, WIDTH, regions, weighted_content=True)
    content_weights = np.random.default_rng(1).uniform(0.1, 30, (HEIGHT, WIDTH)).astype(np.float32)
    references = References(content, (night, day), regions, earlier, content_weights)
    whole, banded = (
        Objective(evaluation, references, terms)(generated)
        for evaluation in (WholeEvaluation(network, terms), in_bands(network, terms, 8, (1, 1)))
    )
    assert_same(banded, whole)


@AT_ONCE
def test_a_band_too_low_and_targets_that_are_gone(weights):
    content, style, generated = patches(97, 35)
    with pytest.raises(InputError, match="97 rows in 4 bands make one of 16 rows, expected at least 32"):
        objective_for(weights, GATYS2016, content, style, 16, "float32", (1, 1, 1, 1))
    objective = objective_for(weights, GATYS2016, content, style, 16, "float32", (1, 1))
    Objective(objective.evaluation, References(style[:97, :35], (content,)), {})
    with pytest.raises(ValueError, match="machines have other targets by now"):
        objective(generated)


def test_each_band_gets_what_its_neighbours_have_for_it():
    a, b, c, d = (np.full(1, i) for i in range(4))
    assert exchanged([(None, a), (b, c), (d, None)]) == [(None, b), (a, d), (c, None)]
    assert exchanged([(None, None)]) == [(None, None)]


class Counting(BandedEvaluation):
    """Counts the bytes of arrays that are sent to all workers and back."""

    sent = returned = 0

    def _each(self, method, *arguments):
        found = super()._each(method, *arguments)
        self.sent += size(arguments)
        self.returned += size(found)
        return found


def size(values) -> int:
    return sum(np.asarray(each).nbytes for each in tf.nest.flatten(values) if hasattr(each, "dtype"))


@AT_ONCE
def test_what_an_evaluation_sends(weights):
    """Pixels, statistics and halos, counted by hand; and of the targets nothing."""
    height, width, shares = 131, 48, (1, 1, 1)
    content, style, generated = patches(height, width)
    network = VGG19(weights, "avg")
    terms = terms_of(replace(GATYS2016, tv_weight=0), network, height, width)
    evaluation = Counting(network, terms, workers(network, terms, 16, len(shares)), shares)
    objective = Objective(evaluation, References(content, (style,)), terms)
    evaluation.sent = evaluation.returned = 0
    objective(generated)
    borders, channels = 2, [network.channels(f"pool{i}") for i in (1, 2, 3, 4)]
    # Both sides of a border see as many rows of a block's input as it has convolutions, down to relu5_1.
    halos = [2 * rows * (width >> i) * 4 * channels[i - 1] for i, rows in ((1, 2), (2, 4), (3, 4), (4, 1))]
    of_pixels = 2 * 2 * width * 4 * 3
    statistics = 1 + sum(network.channels(term.layer) ** 2 for term in terms if term.group == "style")
    pixels = height * width * 3 * 4
    assert evaluation.sent == pixels + borders * (2 * of_pixels + 2 * sum(halos)) + 3 * 4 * statistics
    assert evaluation.returned == pixels + borders * (of_pixels + 2 * sum(halos)) + 3 * 8 * statistics
