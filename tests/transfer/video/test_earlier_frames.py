"""Several earlier results as one: a pixel counts for the nearest frame that sees it; the gradient is the sum's."""

import numpy as np

from transfer.apps.video.flow import combined, long_term

RNG = np.random.default_rng(2)


def test_long_term_by_hand():
    """Six pixels, three frames: seen by all, by the last two, by one each, by none."""
    weights = np.float32([[[1, 0, 1, 0, 0, 0]], [[1, 1, 0, 1, 0, 0]], [[1, 1, 0, 0, 1, 0]]])
    expected = [[[1, 0, 1, 0, 0, 0]], [[0, 1, 0, 1, 0, 0]], [[0, 0, 0, 0, 1, 0]]]
    np.testing.assert_array_equal(long_term(weights), expected)


def test_long_term_of_shares_by_hand():
    """Eq. 10 subtracts the weights of all nearer frames as they were: 0.6 − 0.5, and 0.9 − (0.5 + 0.6) is none."""
    found = long_term([np.full((1, 1), c) for c in (0.5, 0.6, 0.9)])
    np.testing.assert_allclose(np.ravel(found), [0.5, 0.1, 0.0], atol=1e-12)


def test_one_frame_alone():
    result, weight = RNG.integers(0, 256, (4, 5, 3), dtype=np.uint8), np.float32(RNG.random((4, 5)) > 0.5)
    earlier = combined([result], [weight])
    assert earlier.dtype == np.float32 and earlier.shape == (4, 5, 4)
    np.testing.assert_array_equal(earlier, np.dstack([result, weight]))


def test_each_pixel_is_that_of_the_nearest_frame_that_sees_it():
    results = RNG.uniform(0, 255, (3, 6, 7, 3)).astype(np.float32)
    weights = (RNG.random((3, 6, 7)) > 0.6).astype(np.float32)
    earlier = combined(results, weights)
    for y, x in np.ndindex(6, 7):
        seeing = np.nonzero(weights[:, y, x])[0]
        nearest = seeing[0] if len(seeing) else 0
        np.testing.assert_array_equal(earlier[y, x], [*results[nearest, y, x], float(len(seeing) > 0)])


def test_its_loss_has_the_gradient_of_the_sum():
    """d/dx Σ_j c_long_j (x − w_j)² = 2 Σ_j c_long_j (x − w_j), also where weights are shares."""
    results, weights = RNG.uniform(0, 255, (3, 6, 7, 3)), RNG.uniform(0, 0.7, (3, 6, 7))
    image = RNG.uniform(0, 255, (6, 7, 3))
    expected, nearer = np.zeros_like(image), np.zeros((6, 7))
    for result, weight in zip(results, weights, strict=True):
        expected += 2 * np.maximum(weight - nearer, 0)[..., None] * (image - result)
        nearer += weight
    earlier = combined(results, weights).astype(np.float64)
    np.testing.assert_allclose(2 * earlier[..., 3:] * (image - earlier[..., :3]), expected, rtol=1e-4, atol=1e-3)
