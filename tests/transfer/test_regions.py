"""Guides and weights of layers against sums by hand, what they do against NumPy, and what a gradient can reach."""

from dataclasses import replace

import numpy as np
import pytest

import numpy_network
from tiny_network import tiny_weights
from transfer.objective import Objective, WholeEvaluation, terms_of
from transfer.recipes import DEFAULT, MEAN_OVER_GRAM, RELATIVE_TO_REFERENCE
from transfer.regions import WHOLE, Region, keep_the_rest, layer_guide, layer_weights
from transfer.striped import IN_STRIPES
from transfer.striped.evaluation import StripedEvaluation
from transfer.targets import References
from vgg.layers import maps_shape, receptive_field
from vgg.network import VGG19

pytestmark = pytest.mark.usefixtures("without_compiling")
HEIGHT, WIDTH = 60, 44
WEIGHTS = tiny_weights()
NETWORK = VGG19(WEIGHTS, "avg")
RNG = np.random.default_rng(7)
CONTENT, NIGHT, DAY = (
    RNG.integers(0, most, (*shape, 3), dtype=np.uint8)  # so different that no distance is cut off from below
    for shape, most in (((60, 44), 256), ((40, 52), 60), ((36, 36), 120))
)
LEFT = np.zeros((HEIGHT, WIDTH), np.float32)
LEFT[:, :20] = 1
LAYERS = ("relu1_1", "relu2_1", "relu3_1")
RECIPE = replace(
    DEFAULT, content_weight=0.0, tv_weight=0.0, margin=0, content_layers=(),
    style_layers=tuple((name, 1 / 3) for name in LAYERS), style_loss=MEAN_OVER_GRAM,
)  # fmt: skip


def by_hand(guide: np.ndarray, layer: str, rows: int, columns: int) -> np.ndarray:
    """Share of a position's own pixels times share of what it sees, each by a loop; then the mean square made 1."""
    field, result = receptive_field(layer), np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            own = guide[i * field.stride : (i + 1) * field.stride, j * field.stride : (j + 1) * field.stride]
            seen = guide[field.pixels(i, guide.shape[0]), field.pixels(j, guide.shape[1])]
            result[i, j] = own.mean() * seen.mean()
    return result / np.sqrt(np.mean(result**2))


@pytest.mark.parametrize("layer", ["relu1_1", "relu2_2", "pool3", "relu5_1"])
def test_a_layers_guide_is_how_much_a_position_has_and_sees_of_the_region(layer):
    guide = RNG.uniform(0, 1, (HEIGHT, WIDTH)).astype(np.float32) * LEFT
    rows, columns = maps_shape(HEIGHT, WIDTH, layer)
    np.testing.assert_allclose(
        layer_guide(guide, layer, rows, columns), by_hand(guide, layer, rows, columns), rtol=1e-4
    )


def test_a_region_without_pixels_has_a_guide_of_zeros():
    assert not layer_guide(np.zeros((HEIGHT, WIDTH), np.float32), "relu1_1", HEIGHT, WIDTH).any()


def gram(maps: np.ndarray, guide: np.ndarray | None = None) -> np.ndarray:
    weights = np.ones(maps.shape[:2]) if guide is None else guide.astype(np.float64) ** 2
    return np.einsum("yx,yxi,yxj->ij", weights, maps, maps) / (maps.shape[0] * maps.shape[1])


def objective(regions, rows=None, recipe=RECIPE, styles=(NIGHT, DAY), weights=None) -> Objective:
    terms = terms_of(recipe, NETWORK, HEIGHT, WIDTH, regions, weights is not None)
    if rows:
        evaluation = StripedEvaluation(NETWORK, terms, rows)
    else:
        evaluation = WholeEvaluation(NETWORK, terms, IN_STRIPES.maps_of(NETWORK, terms))
    return Objective(evaluation, References(CONTENT, styles, regions, None, weights), terms)


REGIONS = (
    Region("white", 0.25, LEFT, (1.0, 0.0), (None, None)),
    Region("black", 0.75, 1 - LEFT, (0.25, 0.75), (None, np.tri(36, dtype=np.float32))),
)


@pytest.mark.parametrize("rows", [None, 8])
@pytest.mark.parametrize("loss", [MEAN_OVER_GRAM, RELATIVE_TO_REFERENCE])
def test_losses_are_those_of_guided_gram_matrices(rows, loss):
    """Each region against its own blend, with SciPy's convolutions and NumPy's sums."""
    image = RNG.uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
    losses, _ = objective(REGIONS, rows, replace(RECIPE, style_loss=loss))(image)
    own, content, night, day = (numpy_network.forward(x, WEIGHTS, "avg") for x in (image, CONTENT, NIGHT, DAY))
    for layer in LAYERS:
        for region in REGIONS:
            guide = by_hand(region.guide, layer, *own[layer].shape[:2])
            wanted = gram(night[layer])
            if region.name == "black":
                part = by_hand(region.style_guides[1], layer, *day[layer].shape[:2])
                wanted = 0.25 * wanted + 0.75 * gram(day[layer], part)
            error = np.sum((gram(own[layer], guide) - wanted) ** 2)
            scale = 1 / wanted.size
            if loss == RELATIVE_TO_REFERENCE:
                scale = 1 / np.sum((gram(content[layer], guide) - wanted) ** 2)
            expected = region.weight / 3 * scale * error
            assert losses.terms[f"style {layer} {region.name}"] == pytest.approx(expected, rel=1e-4)


def test_gradients_in_stripes_are_those_of_the_whole():
    image = RNG.uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
    (_, whole), (_, striped) = (objective(REGIONS, rows)(image) for rows in (None, 8))
    np.testing.assert_allclose(striped, whole, atol=1e-5 * np.abs(whole).max())


def test_a_regions_gradient_ends_where_its_positions_see_no_further():
    """The deepest layer's position at the border has 4 pixels of its own and sees `before` more on each side."""
    image = RNG.uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
    _, gradient = objective((Region("white", 1.0, LEFT, (1.0, 0.0), (None, None)),))(image)
    field = receptive_field("relu3_1")
    last = (20 - 1) // field.stride  # the last column of positions with pixels of the region
    reach = field.pixels(last, WIDTH).stop
    assert reach < WIDTH
    assert not gradient[:, reach:].any()
    assert np.abs(gradient[:, :20]).max(axis=(0, 2)).min() > 0


def test_one_region_that_is_everything_is_a_run_without_regions():
    image = RNG.uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
    everything = (Region("white", 1.0, np.ones((HEIGHT, WIDTH), np.float32), (1.0, 0.0), (None, None)),)
    guided, gradient = objective(everything)(image)
    plain, expected = objective((Region(shares=(1.0, 0.0), style_guides=(None, None)),))(image)
    assert guided.total == pytest.approx(plain.total, rel=1e-5)
    np.testing.assert_allclose(gradient, expected, atol=1e-5 * np.abs(expected).max())


def test_regions_without_a_style_keep_the_content_exactly():
    image = RNG.uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
    half = LEFT.copy()
    half[:, 19] = 0.5
    kept = keep_the_rest(image, CONTENT, (Region("white", 1.0, half),))
    np.testing.assert_array_equal(kept[:, :19], image[:, :19])
    np.testing.assert_allclose(kept[:, 19], (image[:, 19] + CONTENT[:, 19]) / 2, rtol=1e-6)
    np.testing.assert_array_equal(kept[:, 20:], CONTENT[:, 20:])
    np.testing.assert_array_equal(keep_the_rest(image, CONTENT, REGIONS), image)
    assert keep_the_rest(image, CONTENT, (Region(),)) is image


# The content, where the strength is not the same everywhere.

CONTENT_LAYERS = (("relu2_1", 0.5), ("relu3_1", 0.5))
STRENGTHS = replace(DEFAULT, margin=0, content_layers=CONTENT_LAYERS, style_layers=RECIPE.style_layers)
WEIGHTS_OF_PIXELS = RNG.uniform(0.1, 30, (HEIGHT, WIDTH)).astype(np.float32)


def weighted(weights, rows=None, **recipe):
    image = np.random.default_rng(3).uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
    losses, gradient = objective((WHOLE,), rows, replace(STRENGTHS, **recipe), (NIGHT,), weights)(image)
    return image, losses, gradient


@pytest.mark.parametrize("rows", [None, 8])
def test_a_position_of_the_content_counts_as_much_as_its_own_pixels(rows):
    """relu3_1 has 4 × 4 pixels a position; against SciPy's convolutions, relative to the distance without weights."""
    image, losses, _ = weighted(WEIGHTS_OF_PIXELS, rows)
    own, content = (numpy_network.forward(x, WEIGHTS, "avg")["relu3_1"] for x in (image, CONTENT))
    of_positions = WEIGHTS_OF_PIXELS.reshape(15, 4, 11, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(layer_weights(WEIGHTS_OF_PIXELS, "relu3_1", 15, 11), of_positions, rtol=1e-6)
    _, unweighted, _ = weighted(None, rows)
    squares = np.sum((own - content) ** 2, axis=2)
    found = losses.terms["content relu3_1"] / unweighted.terms["content relu3_1"]
    assert found == pytest.approx(np.sum(of_positions * squares) / np.sum(squares), rel=1e-4)


def test_weights_in_stripes_are_those_of_the_whole():
    (_, whole, of_whole), (_, striped, of_striped) = (weighted(WEIGHTS_OF_PIXELS, rows) for rows in (None, 8))
    assert striped.terms == pytest.approx(whole.terms, rel=1e-5)
    np.testing.assert_allclose(of_striped, of_whole, atol=1e-5 * np.abs(of_whole).max())


@pytest.mark.parametrize("rows", [None, 8])
def test_the_same_weight_everywhere_is_that_many_times_alpha(rows):
    _, uniform, gradient = weighted(np.full((HEIGHT, WIDTH), 7.7, np.float32), rows)
    _, plain, expected = weighted(None, rows, content_weight=7.7 * DEFAULT.content_weight)
    assert uniform.terms == pytest.approx(plain.terms, rel=1e-5)
    np.testing.assert_allclose(gradient, expected, atol=1e-5 * np.abs(expected).max())


def test_a_large_style_picture_is_looked_at_in_stripes(monkeypatch):
    image = RNG.uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
    expected, _ = objective(REGIONS)(image)
    monkeypatch.setattr("transfer.objective.LARGEST_AT_ONCE", 1000)
    monkeypatch.setattr("transfer.striped.ROWS", 8)
    found, _ = objective(REGIONS)(image)
    assert found.terms == pytest.approx(expected.terms, rel=1e-5)
