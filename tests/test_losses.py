"""The losses against the paper's own closed-form gradients (Eq. 2 and 6), explicit loops, and sums done by hand.

Here matrices stand as in the paper, N × M (channels × positions), and in float64; maps are (1, H, W, N).
"""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from transfer.losses import content_loss, gram_matrix, style_layer_loss, total_loss, total_variation
from transfer.recipe import MEAN_OVER_GRAM, MEAN_OVER_MAPS, RELATIVE, Normalization, Variation
from transfer.recipes import DEFAULT

# The paper's factors. Its 1/(4N²M²) is 1/(4N²) here, because G and A are divided by their M already.
EQUATION_1 = Normalization(factor=1 / 2)
EQUATION_4 = Normalization(factor=1 / 4, channels=-2)

# Neither square, nor as many channels as positions in any direction, so that no mix-up of N, M, H and W passes.
HEIGHT, WIDTH, CHANNELS = 4, 6, 5


def random_maps(seed: int, height: int = HEIGHT, width: int = WIDTH, channels: int = CHANNELS) -> np.ndarray:
    """Maps before the ReLU: about half are negative."""
    return np.random.default_rng(seed).normal(0, 2, (1, height, width, channels)).astype(np.float32)


def paper_matrix(maps: np.ndarray) -> np.ndarray:
    """The N × M matrix F of the paper, after the ReLU."""
    return np.stack([np.maximum(maps[0, :, :, i], 0).ravel() for i in range(maps.shape[-1])]).astype(np.float64)


def gradient_before_relu(loss, maps: np.ndarray) -> tuple[float, np.ndarray]:
    """The loss of relu(maps) and its gradient with respect to `maps`, as the paper's N × M matrix."""
    x = tf.constant(maps)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(tf.nn.relu(x))
    return float(value), tape.gradient(value, x)[0].numpy().reshape(-1, maps.shape[-1]).T


def test_content_loss_and_its_gradient_are_equations_1_and_2():
    generated, content = random_maps(0), random_maps(1)
    target = tf.nn.relu(tf.constant(content))
    value, gradient = gradient_before_relu(lambda maps: content_loss(maps, target, EQUATION_1), generated)
    f, p = paper_matrix(generated), paper_matrix(content)
    np.testing.assert_allclose(value, 0.5 * np.sum((f - p) ** 2), rtol=1e-5)
    np.testing.assert_allclose(gradient, np.where(f > 0, f - p, 0), rtol=1e-5, atol=1e-6)
    assert np.any((f == 0) & (p > 0)), "or the mask would not show"


def test_style_loss_and_its_gradient_are_equations_4_and_6():
    generated, style = random_maps(0), random_maps(1)
    target = gram_matrix(tf.nn.relu(tf.constant(style)))

    def loss(maps):
        return style_layer_loss(gram_matrix(maps), target, HEIGHT * WIDTH, EQUATION_4)

    value, gradient = gradient_before_relu(loss, generated)
    f, s = paper_matrix(generated), paper_matrix(style)
    n, m = f.shape
    g, a = f @ f.T, s @ s.T
    np.testing.assert_allclose(value, np.sum((g - a) ** 2) / (4 * n**2 * m**2), rtol=1e-5)
    equation_6 = (f.T @ (g - a)).T / (n**2 * m**2)
    np.testing.assert_allclose(gradient, np.where(f > 0, equation_6, 0), rtol=1e-4, atol=1e-6)
    assert np.abs(equation_6[f > 0]).min() > 0


def test_style_gradient_for_a_style_image_of_another_size():
    generated, style = random_maps(0), random_maps(1, height=7, width=3)
    target = gram_matrix(tf.nn.relu(tf.constant(style)))

    def loss(maps):
        return style_layer_loss(gram_matrix(maps), target, HEIGHT * WIDTH, EQUATION_4)

    _, gradient = gradient_before_relu(loss, generated)
    f, s = paper_matrix(generated), paper_matrix(style)
    difference = f @ f.T / f.shape[1] - s @ s.T / s.shape[1]
    expected = (f.T @ difference).T / (CHANNELS**2 * HEIGHT * WIDTH)
    np.testing.assert_allclose(gradient, np.where(f > 0, expected, 0), rtol=1e-4, atol=1e-6)


def test_gradient_of_the_total_is_alpha_and_beta_times_those_of_its_parts():
    """One layer is content and style layer at once, so that both gradients meet in the same maps."""
    generated, content, style = random_maps(0), random_maps(1), random_maps(2, height=7)
    alpha, beta, layer_weight = 3.0, 70.0, 0.4
    recipe = dataclasses.replace(
        DEFAULT,
        content_layers=(("relu4_2", 1.0),),
        style_layers=(("relu4_2", layer_weight),),
        gram_channels=0.0,
        content_weight=alpha,
        style_weight=beta,
        tv_weight=0.0,
        content_loss=EQUATION_1,
        style_loss=EQUATION_4,
    )
    relu_content, relu_style = tf.nn.relu(tf.constant(content)), tf.nn.relu(tf.constant(style))
    targets = {("content", "relu4_2"): relu_content, ("style", "relu4_2"): gram_matrix(relu_style)}
    image = tf.zeros((1, 16, 16, 3))
    _, gradient = gradient_before_relu(
        lambda maps: total_loss({"relu4_2": maps}, targets, image, recipe).total, generated
    )
    f, p, s = paper_matrix(generated), paper_matrix(content), paper_matrix(style)
    n, m = f.shape
    equation_6 = (f.T @ (f @ f.T / m - s @ s.T / s.shape[1])).T / (n**2 * m)
    expected = alpha * (f - p) + beta * layer_weight * equation_6
    np.testing.assert_allclose(gradient, np.where(f > 0, expected, 0), rtol=1e-4, atol=1e-5)


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


def test_total_variation_by_hand():
    image = np.zeros((1, 2, 3, 3), np.float32)
    image[0, :, :, 1] = [[0, 1, 3], [2, 2, 2]]  # the other two colours are flat but count in the mean
    down, across = (2**2 + 1**2 + 1**2) / (1 * 3 * 3), (1**2 + 2**2 + 0 + 0) / (2 * 2 * 3)
    np.testing.assert_allclose(total_variation(tf.constant(image), Variation()), down + across, rtol=1e-6)
