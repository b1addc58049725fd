"""Total variation: its value by hand, and its gradient step by step."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from transfer.losses import PIXELS, Pixels, Target, VariationTerm
from transfer.other_programs import RECIPES
from transfer.recipes import Variation

VARIATIONS = {recipe.name: recipe.tv_loss for recipe in RECIPES.values() if recipe.tv_weight}
VARIATIONS["every field"] = Variation(power=1.5, count=-0.75, factor=1.1)


def loss_of(term: VariationTerm, image: tf.Tensor) -> tf.Tensor:
    """Of an image (H, W, 3)."""
    return term.loss(term.statistic(Pixels(image[None], image[None, :0]), Target()), Target())


@pytest.mark.parametrize(
    ("variation", "expected"),
    [
        (Variation(), 6 / 9 + 5 / 12),
        (Variation(power=2, count=0, factor=1 / 2), (6 + 5) / 2),
        (Variation(power=1, count=0), 4 + 3),
        (Variation(power=1, count=-1, factor=10), 10 * (4 / 9 + 3 / 12)),
        (Variation(power=3, count=1 / 2), 10 * 9**0.5 + 9 * 12**0.5),
        (Variation(power=2, count=0, last_row_and_column=False), 5 + 5),
        (Variation(power=1, count=-1, last_row_and_column=False), 3 / 6 + 3 / 6),
    ],
)
def test_value_by_hand(variation, expected):
    """Steps down 2, 1, −1 and across 1, 2, 0, 0: nine and twelve of them with the two other colours, which are flat.

    Without the last row and column there are 2, 1 and 1, 2: six each.
    """
    image = np.zeros((2, 3, 3), np.float32)
    image[:, :, 1] = [[0, 1, 3], [2, 2, 2]]
    np.testing.assert_allclose(loss_of(VariationTerm(variation, 2, 3), tf.constant(image)), expected, rtol=1e-6)


def gradient_by_loops(image: np.ndarray, variation: Variation) -> np.ndarray:
    """Of factor · Σ |d|^power · n^count: each step pulls at the two pixels it lies between."""
    height, width, _ = image.shape
    gradient, left_out = np.zeros(image.shape), 0 if variation.last_row_and_column else 1
    counts = 3 * (height - 1) * (width - left_out), 3 * (height - left_out) * (width - 1)
    for (down, across), n in zip(((1, 0), (0, 1)), counts, strict=True):
        for y in range(height - max(down, left_out)):
            for x in range(width - max(across, left_out)):
                d = image[y + down, x + across] - image[y, x]
                pull = variation.factor * variation.power * np.abs(d) ** (variation.power - 1) * np.sign(d)
                gradient[y + down, x + across] += pull * float(n) ** variation.count
                gradient[y, x] -= pull * float(n) ** variation.count
    return gradient


@pytest.mark.parametrize("last_row_and_column", [True, False])
@pytest.mark.parametrize("name", VARIATIONS)
def test_gradient_of_every_recipe(name, last_row_and_column):
    variation = replace(VARIATIONS[name], last_row_and_column=last_row_and_column)
    image = np.random.default_rng(3).uniform(0, 255, (6, 7, 3)).astype(np.float32)
    image[2, 3] = image[2, 4]  # a step of 0
    values, term = tf.constant(image), VariationTerm(variation, 6, 7)
    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = loss_of(term, values)
    expected = gradient_by_loops(image.astype(np.float64), variation)
    atol = 1e-6 * np.abs(expected).max()
    np.testing.assert_allclose(tape.gradient(loss, values), expected, rtol=1e-4, atol=atol)


def test_the_term_looks_at_pixels():
    term = VariationTerm(Variation(), 4, 5)
    assert (term.name, term.group, term.layer) == ("tv", "tv", PIXELS)
