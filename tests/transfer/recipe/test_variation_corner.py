"""Total variation with and without the last row and column, against loops over single pixels."""

from itertools import pairwise, product

import numpy as np
import pytest
import tensorflow as tf

from transfer.losses import Pixels, Target, VariationTerm
from transfer.recipes import Variation

HEIGHT, WIDTH = 7, 5
IMAGE = np.random.default_rng(3).uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
FACTOR = 1.7


def by_loops(image: np.ndarray, power: float, count: float, whole: bool) -> float:
    """Each step by itself; then the steps down and the steps across, each times their own number to the `count`."""
    down, across = [], []
    for y, x, colour in product(range(HEIGHT), range(WIDTH), range(3)):
        last_row, last_column = y == HEIGHT - 1, x == WIDTH - 1
        if not last_row and (whole or not last_column):
            down.append(abs(float(image[y + 1, x, colour]) - float(image[y, x, colour])) ** power)
        if not last_column and (whole or not last_row):
            across.append(abs(float(image[y, x + 1, colour]) - float(image[y, x, colour])) ** power)
    return FACTOR * sum(sum(steps) * len(steps) ** count for steps in (down, across))


def term_of(power: float, count: float, whole: bool) -> VariationTerm:
    return VariationTerm(Variation(power, count, FACTOR, last_row_and_column=whole), HEIGHT, WIDTH)


def rows_of(image: tf.Tensor, first: int, stop: int) -> Pixels:
    return Pixels(image[:, first:stop], image[:, stop : stop + 1])


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("power, count", [(2, 0), (2, -1), (1, 0), (1, -0.5)])
def test_value(power, count, whole):
    term, image = term_of(power, count, whole), tf.constant(IMAGE[None])
    loss = term.loss(term.statistic(rows_of(image, 0, HEIGHT), Target()), Target())
    assert float(loss) == pytest.approx(by_loops(IMAGE, power, count, whole), rel=1e-5)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("cuts", [(0, 4, 7), (0, 2, 6, 7)])
def test_parts_add_up_to_the_whole(cuts, whole):
    """The last row belongs to the image and not to each part of it."""
    term, image = term_of(2, 0, whole), tf.constant(IMAGE[None])
    parts = [term.statistic(rows_of(image, *part), Target()) for part in pairwise(cuts)]
    sums = tuple(tf.add_n(steps) for steps in zip(*parts, strict=True))
    assert float(term.loss(sums, Target())) == pytest.approx(by_loops(IMAGE, 2, 0, whole), rel=1e-5)


def test_gradient_without_the_last_row_and_column():
    """½ Σ d²: a pixel's gradient is the sum of the steps that end in it minus the sum of those that start in it."""
    term = VariationTerm(Variation(2, 0, 0.5, last_row_and_column=False), HEIGHT, WIDTH)
    image = tf.constant(IMAGE[None])
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = term.loss(term.statistic(rows_of(image, 0, HEIGHT), Target()), Target())
    expected = np.zeros((HEIGHT, WIDTH, 3))
    for y, x in product(range(HEIGHT - 1), range(WIDTH - 1)):
        for below, right in ((1, 0), (0, 1)):
            step = IMAGE[y + below, x + right].astype(np.float64) - IMAGE[y, x]
            expected[y + below, x + right] += step
            expected[y, x] -= step
    np.testing.assert_allclose(tape.gradient(loss, image)[0], expected, rtol=1e-4, atol=1e-3)
    assert not np.any(expected[-1, -1]), "nothing moves the last corner"
