"""The losses' values against explicit loops and sums done by hand; their gradients are in `test_gradients.py`.

Maps are (1, H, W, N).
"""

import numpy as np
import pytest
import tensorflow as tf

from transfer.losses import content_loss, gram_matrix, style_layer_loss, total_variation
from transfer.recipe.choices import MEAN_OVER_GRAM, MEAN_OVER_MAPS, RELATIVE, Normalization, Variation
from vgg.statistics import gram_sums

# The paper's factors. Its 1/(4N²M²) is 1/(4N²) here, because G and A are divided by their M already.
EQUATION_1 = Normalization(factor=1 / 2)
EQUATION_4 = Normalization(factor=1 / 4, channels=-2)

# Neither square, nor as many channels as positions in any direction, so that no mix-up of N, M, H and W passes.
HEIGHT, WIDTH, CHANNELS = 4, 6, 5


def random_maps(seed: int, height: int = HEIGHT, width: int = WIDTH, channels: int = CHANNELS) -> np.ndarray:
    """Maps before the ReLU: about half are negative."""
    return np.random.default_rng(seed).normal(0, 2, (1, height, width, channels)).astype(np.float32)


@pytest.mark.parametrize(("exponent", "factor"), [(0, 1), (-1, 1 / 5), (0.5, 5**0.5)])
def test_gram_matrix_against_loops(exponent, factor):
    maps = random_maps(3)
    expected = np.zeros((CHANNELS, CHANNELS))
    for i in range(CHANNELS):
        for j in range(CHANNELS):
            for y in range(HEIGHT):
                for x in range(WIDTH):
                    expected[i, j] += float(maps[0, y, x, i]) * float(maps[0, y, x, j]) / (HEIGHT * WIDTH)
    np.testing.assert_allclose(gram_matrix(maps, exponent), factor * expected, rtol=1e-5, atol=1e-6)


def test_gram_matrix_forgets_places_and_size():
    maps = random_maps(3)
    scattered = maps.reshape(1, -1, CHANNELS)[:, np.random.default_rng(0).permutation(HEIGHT * WIDTH)]
    for other in (scattered.reshape(1, WIDTH, HEIGHT, CHANNELS), np.tile(maps, (1, 3, 2, 1))):
        np.testing.assert_allclose(gram_matrix(other), gram_matrix(maps), rtol=1e-4, atol=1e-5)
    assert np.abs(gram_matrix(maps) - gram_matrix(random_maps(4))).max() > 0.1


@pytest.mark.parametrize(
    ("normalization", "expected"),
    [
        (Normalization(), 216),
        (EQUATION_1, 108),
        (MEAN_OVER_MAPS, 9),  # (5 − 2)²
        (RELATIVE, 2.25),  # (3 / 2)²
        (Normalization(channels=2), 216 * 16),
        (Normalization(positions=1), 216 * 6),
        (Normalization(target=0.5), 216 * 96**0.5),
        (Normalization(0.25, -1, 0.5, -0.5), 3.375),  # ¼ · 216 / 4 · √(6 / 96)
    ],
)
def test_normalization_of_a_sum_done_by_hand(normalization, expected):
    """2 × 3 positions of 4 channels, 5 against 2 everywhere: the sum is 24 · 3² = 216, the target's 24 · 2² = 96."""
    fives, twos = np.full((1, 2, 3, 4), 5, np.float32), np.full((1, 2, 3, 4), 2, np.float32)
    np.testing.assert_allclose(content_loss(fives, twos, normalization), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("normalization", "expected"),
    [(MEAN_OVER_GRAM, 9), (RELATIVE, 2.25), (Normalization(positions=2), 144 * 49), (EQUATION_4, 9 / 4)],
)
def test_normalization_of_gram_matrices(normalization, expected):
    """4 × 4 entries, 5 against 2: the sum is 144, the target's 64; the layer has 7 positions."""
    fives, twos = np.full((4, 4), 5, np.float32), np.full((4, 4), 2, np.float32)
    np.testing.assert_allclose(style_layer_loss(tf.constant(fives), twos, 7, normalization), expected, rtol=1e-6)


def test_relative_loss_is_0_at_the_target_1_for_a_blank_and_finite_for_a_blank_target():
    maps, blank = random_maps(5), np.zeros((1, HEIGHT, WIDTH, CHANNELS), np.float32)
    losses = [float(content_loss(*pair, RELATIVE)) for pair in ((maps, maps), (blank, maps), (blank, blank))]
    np.testing.assert_allclose(losses, [0, 1, 0], atol=1e-6)
    assert np.isfinite(content_loss(maps, blank, RELATIVE))


@pytest.mark.parametrize(
    ("variation", "expected"),
    [
        (Variation(), 6 / 9 + 5 / 12),
        (Variation(power=2, count=0, factor=1 / 2), (6 + 5) / 2),
        (Variation(power=1, count=0), 4 + 3),
        (Variation(power=1, count=-1, factor=10), 10 * (4 / 9 + 3 / 12)),
        (Variation(power=3, count=1 / 2), 10 * 9**0.5 + 9 * 12**0.5),
    ],
)
def test_total_variation_by_hand(variation, expected):
    """Steps down 2, 1, −1 and across 1, 2, 0, 0: nine and twelve of them with the two other colours, which are flat."""
    image = np.zeros((1, 2, 3, 3), np.float32)
    image[0, :, :, 1] = [[0, 1, 3], [2, 2, 2]]
    np.testing.assert_allclose(total_variation(tf.constant(image), variation), expected, rtol=1e-6)


def test_gradient_of_the_sums_for_any_slope():
    """A slope D without symmetry; <D, Fᵀ F> is quadratic in F, so a central difference has no error but rounding."""
    maps, along, slope = random_maps(3), random_maps(4), np.random.default_rng(5).normal(size=(CHANNELS, CHANNELS))

    def total(f: np.ndarray) -> float:
        f = f.reshape(-1, CHANNELS).astype(float)
        return float(np.sum(slope * (f.T @ f)))

    for precision, tolerance in (("float32", 1e-5), ("bfloat16", 1e-2)):
        values = tf.cast(maps, precision)
        with tf.GradientTape() as tape:
            tape.watch(values)
            sums = gram_sums(values)
        gradient = tape.gradient(sums, values, output_gradients=tf.constant(slope, tf.float32))
        assert gradient.dtype == values.dtype
        expected = (total(maps + along) - total(maps - along)) / 2
        assert np.sum(tf.cast(gradient, tf.float32) * along) == pytest.approx(expected, rel=tolerance)
