"""Losses relative to a distance: 0 at the target, and 1 at a picture of reference."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from objectives import objective_for
from transfer.losses import SMALLEST_DISTANCE, ContentTerm, StyleTerm, Target
from transfer.recipes import DEFAULT, GATYS2016, RELATIVE_TO_REFERENCE, LossScale
from transfer.targets import GRAIN, grained
from vgg.matfile.read import Conv

#: The loss of a layer relative to the sum of squares of its own target.
RELATIVE = LossScale(target=-1)

pytestmark = pytest.mark.usefixtures("without_compiling")

CONTENT_LAYERS, STYLE_LAYERS = (
    (("relu2_1", 0.3), ("conv3_1", 0.7)),
    (("relu1_1", 0.5), ("pool2", 2.0), ("relu4_1", 1.0)),
)
RECIPE = replace(
    DEFAULT,
    content_loss=RELATIVE_TO_REFERENCE,
    style_loss=RELATIVE_TO_REFERENCE,
    content_layers=CONTENT_LAYERS,
    style_layers=STYLE_LAYERS,
    content_weight=0.9,
    style_weight=3.0,
)


def picture(seed: int, height: int = 21, width: int = 26) -> np.ndarray:
    """Blocks of 7 pixels; dark for an even seed and bright for an odd one, so that no distance is near its floor."""
    blocks = np.random.default_rng(seed).integers(0, 100, (9, 9, 3), dtype=np.uint8)
    return np.kron(255 - blocks if seed % 2 else blocks, np.ones((7, 7, 1), np.uint8))[:height, :width]


@pytest.mark.parametrize(
    ("style", "gram_channels", "rows"), [((21, 26), 0.0, None), ((30, 19), -1.0, None), ((30, 19), -1.0, 4)]
)
def test_the_style_of_the_content_picture_loses_1(weights, style, gram_channels, rows):
    content, recipe = picture(0), replace(RECIPE, gram_channels=gram_channels)
    losses, _ = objective_for(weights, recipe, content, picture(1, *style), rows)(content.astype(np.float32))
    for layer, share in STYLE_LAYERS:
        assert losses.terms[f"style {layer}"] == pytest.approx(3.0 * share, rel=1e-5)
    assert losses.groups["content"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("rows", [None, 4])
def test_the_content_picture_with_grain_loses_1_of_content(weights, rows):
    content = picture(0)
    objective = objective_for(weights, RECIPE, content, picture(1, 30, 19), rows)
    losses, _ = objective(grained(content))
    for layer, share in CONTENT_LAYERS:
        assert losses.terms[f"content {layer}"] == pytest.approx(0.9 * share, rel=1e-5)


def test_grain_is_noise_and_the_same_each_time():
    image = picture(0, 60, 60)
    noise = grained(image) - image
    assert noise.dtype == np.float32 and abs(noise.mean()) < 0.5
    assert noise.std() == pytest.approx(GRAIN, rel=0.03)
    np.testing.assert_array_equal(noise, grained(image) - image)


def test_a_network_that_sees_every_grain_holds_on_no_more_firmly(weights):
    """Three times as large activations at one layer: the loss of any image stays what it was."""
    content, style, generated = picture(0), picture(1), picture(2).astype(np.float32)
    before, _ = objective_for(weights, RECIPE, content, style)(generated)
    kernel, bias = weights.convolutions["conv3_1"]
    weights.convolutions["conv3_1"] = Conv(3 * kernel, 3 * bias)
    after, _ = objective_for(weights, RECIPE, content, style)(generated)
    for name in ("content conv3_1", "content relu2_1", "style pool2"):
        assert after.terms[name] == pytest.approx(before.terms[name], rel=1e-5)


def test_two_equal_pictures(weights):
    """Their Gram matrices have no distance, which counts as a share of the target's own energy."""
    image = picture(0)
    generated = np.random.default_rng(3).uniform(0, 255, image.shape).astype(np.float32)
    losses, gradient = objective_for(weights, RECIPE, image, image)(generated)
    relative = replace(RECIPE, style_loss=RELATIVE)
    expected, _ = objective_for(weights, relative, image, image)(generated)
    for layer, _ in STYLE_LAYERS:
        name = f"style {layer}"
        assert losses.terms[name] == pytest.approx(expected.terms[name] / SMALLEST_DISTANCE, rel=1e-4)
    assert np.isfinite([losses.total, losses.groups["content"]]).all() and np.isfinite(gradient).all()
    at_itself, _ = objective_for(weights, RECIPE, image, image)(image.astype(np.float32))
    assert at_itself.groups["style"] == pytest.approx(0, abs=1e-6)


def test_two_pictures_of_one_colour_stay_finite(weights):
    black = np.zeros((20, 20, 3), np.uint8)
    losses, gradient = objective_for(weights, RECIPE, black, black)(np.full((20, 20, 3), 9, np.float32))
    assert np.isfinite(losses.total) and np.isfinite(gradient).all()


def test_whole_and_striped_agree(weights):
    content, style, generated = picture(0, 57, 43), picture(1, 38, 61), picture(2, 57, 43).astype(np.float32)
    (whole, expected), (striped, gradient) = (
        objective_for(weights, RECIPE, content, style, rows)(generated) for rows in (None, 8)
    )
    assert striped.terms == pytest.approx(whole.terms, rel=1e-5)
    np.testing.assert_allclose(gradient, expected, atol=2e-5 * np.sqrt(np.mean(expected**2)))


@pytest.mark.parametrize("kind", ["content", "style"])
def test_only_terms_that_ask_for_it_are_divided_by_it(weights, kind):
    """Both have relu3_1, and only one asks."""
    content, style, generated = picture(0), picture(1), picture(2).astype(np.float32)
    layers = {"content_layers": (("relu3_1", 1.0),), "style_layers": (("relu3_1", 1.0),)}
    without = replace(RECIPE, content_loss=RELATIVE, style_loss=RELATIVE, **layers)
    one = replace(without, **{f"{kind}_loss": RELATIVE_TO_REFERENCE})
    both = replace(RECIPE, **layers)
    mixed, relative, between = (
        objective_for(weights, recipe, content, style)(generated)[0].groups for recipe in (one, without, both)
    )
    other = "style" if kind == "content" else "content"
    assert mixed[kind] == pytest.approx(between[kind], rel=1e-6) and mixed[kind] != pytest.approx(relative[kind])
    assert mixed[other] == pytest.approx(relative[other], rel=1e-6)


@pytest.mark.parametrize("rows", [None, 4])
def test_nobody_measures_what_no_term_asks_for(weights, rows):
    targets = objective_for(weights, GATYS2016, picture(0), picture(1), rows).targets
    assert all(target.distance is None for target in targets.values())


@pytest.mark.parametrize(
    ("normalization", "distance", "expected"),
    [
        (RELATIVE_TO_REFERENCE, 432.0, 0.5),
        (RELATIVE_TO_REFERENCE, 108.0, 2.0),
        (RELATIVE_TO_REFERENCE, 96 * SMALLEST_DISTANCE / 3, 216 / 96 / SMALLEST_DISTANCE),
        (RELATIVE_TO_REFERENCE, 0.0, 216 / 96 / SMALLEST_DISTANCE),
        (LossScale(0.5, distance=-0.5), 144.0, 9.0),
        (LossScale(channels=1, distance=1), 100.0, 216 * 4 * 100),
    ],
)
def test_by_hand(normalization, distance, expected):
    """An error of 216 and a target of 96: for content of 6 positions and 4 channels, and for a Gram matrix."""
    content = ContentTerm("relu4_2", normalization, 4, 6)
    target = Target(None, tf.constant(96.0), tf.constant(distance, tf.float32))
    assert float(content.loss(tf.constant(216.0), target)) == pytest.approx(expected, rel=1e-5)
    style = StyleTerm("relu4_1", normalization, 4, 6)
    gram, error = np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)
    gram[0, 1:3], error[2, :3] = (96 / 2) ** 0.5, (216 / 3) ** 0.5
    target = Target(None, tf.constant(gram), tf.constant(distance, tf.float32))
    assert float(style.loss(tf.constant(6 * (gram + error)), target)) == pytest.approx(expected, rel=1e-5)
