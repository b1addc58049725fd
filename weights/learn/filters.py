"""Filters for VGG-19's layers, learned without labels, downloads or photographs.

Layer by layer, from the image up: cut 3×3 patches out of the maps below, whiten them, cluster them, and take the
cluster centres as filters (Coates & Ng 2012, "Learning feature representations with k-means"). A bias switches off the
weaker responses, and each filter is scaled to a mean activation of 1, as in the paper's normalised network.
`weights.learn.dead_leaves` draws the pictures.
"""

from collections.abc import Callable, Sequence

import numpy as np
import scipy.sparse
import tensorflow as tf

from vgg.layers import CONVOLUTIONS, LAYERS
from vgg.matfile.read import Conv
from vgg.network import conv2d, pool, relu

#: ImageNet's, so that a learned file can stand in for the genuine one.
MEAN_RGB = np.array([123.68, 116.779, 103.939], np.float32)

PATCHES = 20_000  # clustered for each layer
COMPONENTS = 96  # channels that PCA leaves before patches are cut; with 9·512 numbers a patch it would take minutes
ROUNDS = 8  # of k-means
SPARSITY = 45  # percentile of a filter's responses that its bias switches off
#: Added to every variance before whitening, relative to the mean variance. A small value gives filters for fine grain
#: (0.1: short strokes and noise in flat areas), a large one filters for broad areas (20: strokes become blobs).
WHITENING_FLOOR = 1.0


def learn(
    pictures: Sequence[np.ndarray], seed: int = 0, report: Callable[[str], None] | None = None
) -> dict[str, Conv]:
    """Learn conv1_1 … conv5_4 from `pictures`, each (H, W, 3) RGB in [0, 255]; the same seed gives the same filters.

    `report` is called with a layer's name when its filters are known.
    """
    rng = np.random.default_rng(seed)
    maps = [tf.constant(picture[None] - MEAN_RGB, tf.float32) for picture in pictures]
    convolutions: dict[str, Conv] = {}
    for layer in LAYERS:
        if layer.kind == "conv":
            kernel = learn_kernel([x.numpy() for x in maps], layer.channels, rng)
            conv = _sparse_and_scaled(kernel, maps)
            maps = [conv2d(x, *conv) for x in maps]
            convolutions[layer.name] = conv
            if report:
                report(layer.name)
        elif layer.kind == "relu":
            maps = [relu(x) for x in maps]
        else:
            maps = [pool(x, "avg") for x in maps]
    return convolutions


def untrained(seed: int = 0) -> dict[str, Conv]:
    """Return random kernels of VGG-19's shape, N(0, 2 / (9·in)) as in He et al. 2015; learning must beat them."""
    rng = np.random.default_rng(seed)
    convolutions: dict[str, Conv] = {}
    for layer in CONVOLUTIONS:
        kernel = rng.standard_normal((3, 3, layer.channels_in, layer.channels), np.float32)
        kernel *= np.float32(np.sqrt(2 / (9 * layer.channels_in)))
        convolutions[layer.name] = Conv(kernel, np.zeros(layer.channels, np.float32))
    return convolutions


def learn_kernel(maps: Sequence[np.ndarray], filters: int, rng: np.random.Generator) -> np.ndarray:
    """Return cluster centres of whitened 3×3 patches of `maps` (1, H, W, in) as a kernel (3, 3, in, filters)."""
    mean, axes = _principal_axes(maps, rng)  # (in,), (in, c)
    patches = np.concatenate([_patches((x[0] - mean) @ axes, PATCHES // len(maps), rng) for x in maps])  # (n, 9·c)
    patches -= patches.mean(axis=0)
    contrast = patches.std(axis=1, keepdims=True)
    patches /= np.maximum(contrast, np.percentile(contrast, 20))  # flat patches are not stretched to full contrast
    variances, directions = np.linalg.eigh(patches.T @ patches / len(patches))
    kept = variances > variances.max() * 1e-5
    floor = WHITENING_FLOOR * variances[kept].mean()
    whitening = (directions[:, kept] / np.sqrt(variances[kept] + floor)).astype(np.float32)  # (9·c, d)
    centres = spherical_kmeans(_unit_rows(patches @ whitening), filters, rng)  # (filters, d)
    kernel = (whitening @ centres.T).reshape(3, 3, -1, filters)  # (3, 3, c, filters)
    return np.einsum("hwco,ic->hwio", kernel, axes)  # back from c components to the channels of the maps


def _principal_axes(maps: Sequence[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (in,) and the directions of largest variance (in, c) of the maps' channels."""
    channels = maps[0].shape[-1]
    pixels = np.concatenate([x.reshape(-1, channels) for x in maps])
    sample = pixels[rng.choice(len(pixels), min(len(pixels), PATCHES), replace=False)]
    mean = sample.mean(axis=0)
    if channels <= COMPONENTS:
        return mean, np.eye(channels, dtype=np.float32)
    _, directions = np.linalg.eigh(np.cov((sample - mean).T))
    return mean, directions[:, -COMPONENTS:].astype(np.float32)


def _patches(channels: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return `count` random 3×3 windows of (H, W, c) as rows (count, 9·c) in the order height, width, channel."""
    height, width, _ = channels.shape
    padded = np.pad(channels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))  # (H, W, c, 3, 3)
    chosen = rng.choice(height * width, min(count, height * width), replace=False)
    rows, columns = np.divmod(chosen, width)
    return windows[rows, columns].transpose(0, 2, 3, 1).reshape(len(chosen), -1).astype(np.float32)


def spherical_kmeans(points: np.ndarray, clusters: int, rng: np.random.Generator) -> np.ndarray:
    """Return unit vectors (clusters, d), each the mean direction of those `points` (n, d) that are nearest to it."""
    centres = points[rng.choice(len(points), clusters, replace=len(points) < clusters)]
    for _ in range(ROUNDS):
        nearest = np.argmax(points @ centres.T, axis=1)
        members = scipy.sparse.csr_array(
            (np.ones(len(points), np.float32), (nearest, np.arange(len(points)))), (clusters, len(points))
        )
        sums = members @ points
        empty = np.bincount(nearest, minlength=clusters) == 0
        sums[empty] = points[rng.choice(len(points), empty.sum())]
        centres = _unit_rows(sums)
    return centres


def _unit_rows(vectors: np.ndarray) -> np.ndarray:
    return vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-8)


def _sparse_and_scaled(kernel: np.ndarray, maps: Sequence[tf.Tensor]) -> Conv:
    """Add a bias that keeps the strongest responses on `maps`, and scale each filter to a mean activation of 1."""
    no_bias = np.zeros(kernel.shape[-1], np.float32)
    responses = np.concatenate([conv2d(x, kernel, no_bias).numpy().reshape(-1, len(no_bias)) for x in maps])
    bias = -np.percentile(responses[::7], SPARSITY, axis=0).astype(np.float32)  # every 7th position is enough
    mean = np.maximum(responses + bias, 0).mean(axis=0) + 1e-6
    return Conv((kernel / mean).astype(np.float32), (bias / mean).astype(np.float32))
