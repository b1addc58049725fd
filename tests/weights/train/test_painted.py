"""Painted pairs: near their style for the student that painted them, and in the batch where they should be."""

import numpy as np
import tensorflow as tf

from vgg.matfile.read import Conv
from weights.train.painted import gram_matrices, paint, with_painted
from weights.train.settings import Settings
from weights.train.student import feature_maps, initial_parameters, plain_parameters

SETTINGS = Settings(crops=((16, 6), (32, 3)), painted=3, painted_size=32)


def random_student():
    normalised = initial_parameters([16] * 16, 0)
    kernels = {name.removesuffix("/kernel"): value for name, value in normalised.items() if name.endswith("kernel")}
    return plain_parameters({name: Conv(kernel.numpy(), np.zeros(16, np.float32)) for name, kernel in kernels.items()})


def test_painted_images_are_near_their_style_for_this_student():
    """Much nearer than images that had another style as target, at the layer that sees colours and edges."""
    rng = np.random.default_rng(0)
    blocks = [rng.integers(0, 256, (64 // side, 64 // side, 3)) // (1 + 2 * (side < 8)) for side in (2, 4, 8, 16, 32)]
    images = [np.kron(block, np.ones((64 // len(block),) * 2 + (1,))).astype(np.uint8) for block in blocks * 2]
    student = random_student()
    pairs = paint(student, images, SETTINGS, 80)
    assert pairs.shape == (3, 2, 32, 32, 3) and pairs.dtype == np.uint8
    np.testing.assert_array_equal(pairs, paint(student, images, SETTINGS, 80))
    assert not np.array_equal(pairs, paint(student, images, SETTINGS, 160))
    maps = [feature_maps(student, tf.constant(pairs[:, i], tf.float32))["relu1_1"] for i in range(2)]
    painted, style = (gram_matrices(of).numpy() for of in maps)
    distances = np.linalg.norm(painted[:, None] - style[None], axis=(2, 3))
    assert (distances.argmin(axis=1) == np.arange(3)).all()


def test_gram_matrices_by_hand():
    maps = np.random.default_rng(1).normal(size=(2, 3, 4, 5)).astype(np.float32)
    expected = np.einsum("bhwi,bhwj->bij", maps, maps) / 12
    np.testing.assert_allclose(gram_matrices(tf.constant(maps)), expected, rtol=1e-4, atol=1e-6)


def test_pairs_take_the_place_of_the_first_crops():
    pool = np.zeros((5, 2, 32, 32, 3), np.uint8)
    pool[:, 1] = 100
    pool += np.arange(5, dtype=np.uint8)[:, None, None, None, None]  # pair i: painted is i, its style image 100 + i
    for size, count, expected in ((16, 17, 2), (32, 9, 1), (32, 7, 0), (48, 16, 0)):
        batch, pairs = with_painted(np.full((count, size, size, 3), 200, np.float32), pool, SETTINGS, 7)
        assert pairs == expected and (batch[2 * pairs :] == 200).all()
        for pair in range(pairs):
            assert (batch[2 * pair + 1] == batch[2 * pair] + 100).all() and batch[2 * pair].max() < 5
    crops = np.full((6, 16, 16, 3), 200, np.float32)
    assert with_painted(crops, pool[:0], SETTINGS, 7) == (crops, 0)
