"""The losses' values against sums done by hand; their gradients are in `test_gradients.py`.

Maps are (1, H, W, N).
"""

import numpy as np
import pytest
import tensorflow as tf

from transfer.losses import ContentTerm, StyleTerm, Target, total_loss
from transfer.recipes import MEAN_OVER_GRAM, MEAN_OVER_MAPS, LossScale

#: The loss of a layer relative to the sum of squares of its own target.
RELATIVE = LossScale(target=-1)

# The paper's factors. Its 1/(4N²M²) is 1/(4N²) here, because G and A are divided by their M already.
EQUATION_1 = LossScale(factor=1 / 2)
EQUATION_4 = LossScale(factor=1 / 4, channels=-2)


def constant_maps(value: float, height: int, width: int, channels: int) -> tf.Tensor:
    return tf.fill((1, height, width, channels), np.float32(value))


def content_loss(maps: tf.Tensor, content: tf.Tensor, scale: LossScale) -> float:
    _, height, width, channels = maps.shape
    term = ContentTerm("relu4_2", scale, channels, height * width)
    target = Target(content, tf.reduce_sum(content**2))
    return float(term.loss(term.statistic(maps, target), target))


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (LossScale(), 216),
        (EQUATION_1, 108),
        (MEAN_OVER_MAPS, 9),  # (5 − 2)²
        (RELATIVE, 2.25),  # (3 / 2)²
        (LossScale(channels=2), 216 * 16),
        (LossScale(positions=1), 216 * 6),
        (LossScale(target=0.5), 216 * 96**0.5),
        (LossScale(0.25, -1, 0.5, -0.5), 3.375),  # ¼ · 216 / 4 · √(6 / 96)
    ],
)
def test_normalization_of_a_sum_done_by_hand(scale, expected):
    """2 × 3 positions of 4 channels, 5 against 2 everywhere: the sum is 24 · 3² = 216, the target's 24 · 2² = 96."""
    fives, twos = constant_maps(5, 2, 3, 4), constant_maps(2, 2, 3, 4)
    np.testing.assert_allclose(content_loss(fives, twos, scale), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("scale", "expected"),
    [(MEAN_OVER_GRAM, 9), (RELATIVE, 2.25), (LossScale(positions=2), 144 * 49), (EQUATION_4, 9 / 4)],
)
@pytest.mark.parametrize("gram_power", [0, -1])
def test_normalization_of_gram_matrices(scale, expected, gram_power):
    """4 × 4 entries, 5 against 2: the sum is 144, the target's 64; the layer has 7 positions.

    With `gram_power` the sums Fᵀ F have to be so many times larger for the same Gram matrix.
    """
    term = StyleTerm("relu4_1", scale, 4, 7, gram_power)
    sums = tf.fill((4, 4), np.float32(5 * 7 / 4**gram_power))
    loss = term.loss(sums, Target(summary=tf.fill((4, 4), 2.0)))
    np.testing.assert_allclose(loss, expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_statistics_are_sums_over_positions(dtype):
    """Of small whole numbers, which bfloat16 has too; Σ (F − P)² and Fᵀ F are float32 all the same."""
    f = np.array([[1, 2], [3, 4], [5, 7]], float)  # three positions of two channels
    p = np.array([[0, 2], [1, 1], [1, 2]], float)
    maps, target = (tf.cast(matrix.reshape(1, 3, 1, 2), dtype) for matrix in (f, p))
    content = ContentTerm("relu4_2", EQUATION_1, 2, 3).statistic(maps, Target(target))
    style = StyleTerm("relu4_1", EQUATION_4, 2, 3).statistic(maps, Target())
    assert content.dtype == style.dtype == tf.float32
    assert float(content) == 1 + 0 + 4 + 9 + 16 + 25
    np.testing.assert_array_equal(style, [[1 + 9 + 25, 2 + 12 + 35], [2 + 12 + 35, 4 + 16 + 49]])


def test_relative_loss_is_0_at_the_target_1_for_a_blank_and_finite_for_a_blank_target():
    maps = tf.constant(np.random.default_rng(5).normal(0, 2, (1, 4, 6, 5)).astype(np.float32))
    blank = tf.zeros_like(maps)
    losses = [content_loss(*pair, RELATIVE) for pair in ((maps, maps), (blank, maps), (blank, blank))]
    np.testing.assert_allclose(losses, [0, 1, 0], atol=1e-6)
    assert np.isfinite(content_loss(maps, blank, RELATIVE))


def test_names_say_what_and_where():
    content, style = ContentTerm("relu4_2", EQUATION_1, 4, 6), StyleTerm("relu1_1", EQUATION_4, 4, 7)
    assert (content.name, content.group) == ("content relu4_2", "content")
    assert (style.name, style.group) == ("style relu1_1", "style")


def test_losses_by_term_by_group_and_in_total():
    """Two layers of content and one of style, with losses 3 · 10, 4 · 5 and 0.5 · (7 − 1)²."""
    plain = LossScale()
    terms = [
        ContentTerm("relu3_1", plain, 4, 6),
        StyleTerm("relu1_1", plain, 1, 2),
        ContentTerm("relu4_2", plain, 4, 6),
    ]
    weights = {"content relu3_1": 3.0, "style relu1_1": 0.5, "content relu4_2": 4.0}
    statistics = {"content relu3_1": 10.0, "content relu4_2": 5.0, "style relu1_1": [[14.0]]}
    statistics = {name: tf.constant(value) for name, value in statistics.items()}
    targets = {term.name: Target(summary=tf.constant(1.0)) for term in terms}
    losses = total_loss(terms, statistics, targets, weights)
    assert {name: float(loss) for name, loss in losses.terms.items()} == {
        "content relu3_1": 30.0,
        "style relu1_1": 18.0,
        "content relu4_2": 20.0,
    }
    assert {name: float(loss) for name, loss in losses.groups.items()} == {"content": 50.0, "style": 18.0}
    assert float(losses.total) == 68.0
