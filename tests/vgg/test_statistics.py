"""Gram matrices and differences between neighbours against explicit loops, and the gradient of Fᵀ F.

Maps are (1, H, W, N).
"""

import numpy as np
import pytest
import tensorflow as tf

from vgg.statistics import as_matrix, gram_matrix, gram_of_sums, gram_sums, step_sums, total_variation

# Neither square, nor as many channels as positions in any direction, so that no mix-up of N, M, H and W passes.
HEIGHT, WIDTH, CHANNELS = 4, 6, 5


def random_maps(seed: int, height: int = HEIGHT) -> np.ndarray:
    """Maps before the ReLU: about half are negative."""
    return np.random.default_rng(seed).normal(0, 2, (1, height, WIDTH, CHANNELS)).astype(np.float32)


def test_a_matrix_has_a_row_for_each_position():
    for dtype in (tf.float32, tf.bfloat16):
        maps = tf.cast(random_maps(1), dtype)
        matrix = as_matrix(maps)
        assert matrix.shape == (HEIGHT * WIDTH, CHANNELS) and matrix.dtype == tf.float32
        np.testing.assert_array_equal(matrix[2 * WIDTH + 3], tf.cast(maps, tf.float32)[0, 2, 3])


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


def test_the_sums_of_parts_add_up():
    maps = random_maps(6, 7)
    parts = sum(gram_sums(maps[:, rows]) for rows in (slice(0, 2), slice(2, 3), slice(3, 7)))
    np.testing.assert_allclose(gram_of_sums(parts, 7 * WIDTH, -0.5), gram_matrix(maps, -0.5), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("bfloat16", 1e-2)])
def test_gradient_of_the_sums_for_any_slope(precision, tolerance):
    """A slope D without symmetry; <D, Fᵀ F> is quadratic in F, so a central difference has no error but rounding."""
    maps, along, slope = random_maps(3), random_maps(4), np.random.default_rng(5).normal(size=(CHANNELS, CHANNELS))

    def total(f: np.ndarray) -> float:
        f = f.reshape(-1, CHANNELS).astype(float)
        return float(np.sum(slope * (f.T @ f)))

    values = tf.cast(maps, precision)
    with tf.GradientTape() as tape:
        tape.watch(values)
        sums = gram_sums(values)
    gradient = tape.gradient(sums, values, output_gradients=tf.constant(slope, tf.float32))
    assert gradient.dtype == values.dtype and sums.dtype == tf.float32
    expected = (total(maps + along) - total(maps - along)) / 2
    assert np.sum(tf.cast(gradient, tf.float32) * along) == pytest.approx(expected, rel=tolerance)


def steps_by_loops(image: np.ndarray, power: float, last_row_and_column: bool) -> tuple[float, float]:
    """(H, W, C): pixel by pixel, Σ |step|^power to the one below and to the one on the right."""
    down = across = 0.0
    height, width, _ = image.shape
    for y in range(height):
        for x in range(width):
            if y + 1 < height and (last_row_and_column or x + 1 < width):
                down += np.sum(np.abs(image[y + 1, x] - image[y, x]) ** power)
            if x + 1 < width and (last_row_and_column or y + 1 < height):
                across += np.sum(np.abs(image[y, x + 1] - image[y, x]) ** power)
    return down, across


@pytest.mark.parametrize("last_row_and_column", [True, False])
@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("cuts", [(), (3,), (1, 2, 6)], ids=["whole", "two parts", "parts of one row"])
def test_steps_against_loops(power, last_row_and_column, cuts):
    """Also in parts: the steps from the last row of a part to the next one are that part's."""
    image = np.random.default_rng(7).uniform(0, 255, (7, 6, 3))
    rows = tf.constant(image[None], tf.float32)
    found = np.zeros(2)
    for start, stop in zip((0, *cuts), (*cuts, 7), strict=True):
        found += step_sums(rows[:, start:stop], rows[:, stop : stop + 1], power, last_row_and_column)
    np.testing.assert_allclose(found, steps_by_loops(image, power, last_row_and_column), rtol=1e-5)


def test_steps_in_a_function_compiled_for_any_height():
    """Whether the image goes on below is then known only when it is called."""
    anything = tf.TensorSpec((1, None, None, 3))
    compiled = tf.function(lambda rows, below: step_sums(rows, below, 1.5, False), input_signature=[anything] * 2)
    image = np.random.default_rng(8).uniform(0, 255, (5, 4, 3))
    rows = tf.constant(image[None], tf.float32)
    found = np.add(compiled(rows[:, :2], rows[:, 2:3]), compiled(rows[:, 2:], rows[:, :0]))
    np.testing.assert_allclose(found, steps_by_loops(image, 1.5, False), rtol=1e-5)


def test_total_variation_is_two_means():
    image = np.random.default_rng(9).uniform(0, 255, (5, 4, 3))
    down, across = steps_by_loops(image, 2, True)
    expected = down / (4 * 4 * 3) + across / (5 * 3 * 3)
    np.testing.assert_allclose(total_variation(tf.constant(image[None], tf.float32)), expected, rtol=1e-5)
