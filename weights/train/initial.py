"""The kernels that training begins with: learned layer by layer without labels, by k-means.

From the image up: cut 3×3 patches out of the maps below, whiten them, cluster them, and take the cluster centres as
filters (Coates & Ng 2012, "Learning feature representations with k-means"). Whitening makes filters for edges,
colours and fine grain alike. Kernels that begin as random numbers stay blind to grain for thousands of steps, and
where the network is blind, the pictures made with it are noisy.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse
import tensorflow as tf

from vgg.layers import LAYERS
from vgg.network import conv2d, pool, relu

PATCHES = 20_000  # clustered for each layer
COMPONENTS = 96  # channels that PCA leaves before patches are cut; with 9·256 numbers a patch it would take minutes
ROUNDS = 8  # of k-means
SPARSITY = 45  # percentile of a filter's responses that its bias switches off
#: Added to every variance before whitening, relative to the mean variance. A small value gives filters for fine grain,
#: a large one filters for broad areas.
WHITENING_FLOOR = 1.0


def initial_kernels(pictures: Sequence[np.ndarray], widths: dict[str, int], seed: int) -> dict[str, np.ndarray]:
    """Return {conv name: kernel (3, 3, in, out)} learned from `pictures` as the network sees them, each (H, W, 3).

    `widths` has the number of filters of each convolution. Each filter has the norm √2, as He et al.'s on average.
    """
    rng = np.random.default_rng([seed, 2])
    maps = [tf.constant(picture[None], tf.float32) for picture in pictures]
    kernels: dict[str, np.ndarray] = {}
    for layer in LAYERS:
        if layer.kind == "conv":
            kernel = _clustered([x.numpy() for x in maps], widths[layer.name], rng)
            maps = [conv2d(x, *_sparse(kernel, maps)) for x in maps]
            kernels[layer.name] = kernel * np.float32(np.sqrt(2)) / np.sqrt(np.sum(kernel**2, axis=(0, 1, 2)))
        else:
            maps = [relu(x) if layer.kind == "relu" else pool(x, "avg") for x in maps]
    return kernels


def _clustered(maps: Sequence[np.ndarray], filters: int, rng: np.random.Generator) -> np.ndarray:
    """Return cluster centres of whitened 3×3 patches of `maps` (1, H, W, in) as a kernel (3, 3, in, filters)."""
    mean, axes = _principal_axes(maps, rng)  # (in,), (in, c)
    patches = np.concatenate([_patches((x[0] - mean) @ axes, PATCHES // len(maps), rng) for x in maps])  # (n, 9·c)
    patches -= patches.mean(axis=0)
    contrast = patches.std(axis=1, keepdims=True)
    patches /= np.maximum(contrast, np.percentile(contrast, 20))  # flat patches are not stretched to full contrast
    variances, directions = np.linalg.eigh(patches.T @ patches / len(patches))
    seen = variances > variances.max() * 1e-5
    floor = WHITENING_FLOOR * variances[seen].mean()
    whitening = (directions[:, seen] / np.sqrt(variances[seen] + floor)).astype(np.float32)  # (9·c, d)
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


def _sparse(kernel: np.ndarray, maps: Sequence[tf.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Return the kernel, scaled to a mean activation of 1 on `maps`, and a bias that keeps the strongest responses."""
    no_bias = np.zeros(kernel.shape[-1], np.float32)
    responses = np.concatenate([conv2d(x, kernel, no_bias).numpy().reshape(-1, len(no_bias)) for x in maps])
    bias = -np.percentile(responses[::7], SPARSITY, axis=0).astype(np.float32)  # every 7th position is enough
    mean = np.maximum(responses + bias, 0).mean(axis=0) + 1e-6
    return (kernel / mean).astype(np.float32), (bias / mean).astype(np.float32)
