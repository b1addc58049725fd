"""The network that is trained, from its first kernels to a plain VGG-19: half the channels and batch normalisation.

Batch normalisation (Ioffe & Szegedy 2015) follows each convolution: every channel is brought to mean 0 and variance 1
over the batch, then multiplied by a learned gain and shifted by a learned offset. Without it a network of sixteen
convolutions hardly trains. Afterwards it is folded into kernels and biases (`fold`).

Parameters are plain tensors in a dict, in float32. The maps are bfloat16 where that can be computed:
convolutions take half the time in it.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import scipy.sparse
import tensorflow as tf

from vgg.layers import CONVOLUTIONS, LAYERS, deepest
from vgg.matfile.read import Conv, Weights
from vgg.network import Pooling, conv2d, pool, relu
from vgg.normalize import mean_activations, rescale
from weights.published import MEAN_RGB

Parameters = dict[str, tf.Tensor]

#: The network sees (picture - MEAN_RGB) / CONTRAST: pictures have a standard deviation of about 58 levels.
CONTRAST = 58.0
#: Added to the variance.
EPSILON = 1e-5


def channels(full: int) -> int:
    """Return half of the `full` number of channels of VGG-19; the image keeps its 3."""
    return full if full == 3 else full // 2


def initial_parameters(pictures: Sequence[np.ndarray], seed: int) -> Parameters:
    """Return kernels clustered from `pictures` (H, W, 3) RGB, gains 1 and offsets 0 of all sixteen convolutions."""
    widths = {layer.name: channels(layer.channels) for layer in CONVOLUTIONS}
    parameters: Parameters = {}
    for name, kernel in initial_kernels([centred(picture) for picture in pictures], widths, seed).items():
        parameters[f"{name}/kernel"] = tf.constant(kernel)
        parameters[f"{name}/gain"] = tf.ones(widths[name])
        parameters[f"{name}/offset"] = tf.zeros(widths[name])
    return parameters


def feature_maps(
    parameters: Parameters,
    pictures: tf.Tensor,
    names: Iterable[str],
    pooling: Pooling = "avg",
    dtype: tf.DType = tf.bfloat16,
) -> dict[str, tf.Tensor]:
    """Return the maps of the layers `names` as in training, that is with the statistics of this batch.

    Args:
        parameters: as `initial_parameters` returns them.
        pictures: (B, H, W, 3) as `centred` returns them.
        names: layers such as `relu2_1`.
        pooling: "avg" or "max".
        dtype: of the maps and of the computation.

    Returns:
        {name: (B, H', W', C)}, where H' and W' are H and W halved at each pool on the way.
    """
    names = tuple(names)
    x = tf.cast(pictures, dtype)
    maps: dict[str, tf.Tensor] = {}
    for layer in LAYERS[: deepest(names).index + 1]:
        if layer.kind == "conv":
            x = tf.nn.conv2d(x, tf.cast(parameters[f"{layer.name}/kernel"], dtype), strides=1, padding="SAME")
            x = batch_normalised(x, parameters[f"{layer.name}/gain"], parameters[f"{layer.name}/offset"])
        elif layer.kind == "relu":
            x = relu(x)
        else:
            x = pool(x, pooling)
        if layer.name in names:
            maps[layer.name] = x
    return maps


def centred(pictures: tf.Tensor) -> tf.Tensor:
    """Return what the network sees of `pictures` (B, H, W, 3), RGB in [0, 255]."""
    return (pictures - MEAN_RGB) / CONTRAST


def batch_normalised(x: tf.Tensor, gain: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """Return gain · (x - mean) / √(variance + EPSILON) + offset of `x` (B, H, W, C), for each channel.

    Mean and variance are those of the batch, in float32. This one operation is many times faster than the formula in
    separate steps, each of which would read and write the whole map.
    """
    none = tf.zeros(0)  # no statistics of earlier batches
    return tf.raw_ops.FusedBatchNormV3(
        x=x, scale=gain, offset=offset, mean=none, variance=none, epsilon=EPSILON, is_training=True
    ).y


# The kernels that training begins with: learned layer by layer without labels, by k-means.
#
# From the image up: cut 3×3 patches out of the maps below, whiten them, cluster them, and take the cluster centres as
# filters (Coates & Ng 2012, "Learning feature representations with k-means"). Whitening makes filters for edges,
# colours and fine grain alike. Kernels that begin as random numbers stay blind to grain for thousands of steps, and
# where the network is blind, the pictures made with it are noisy.

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


# Folds batch normalisation into kernels and biases: the trained network becomes a plain VGG-19.
#
# In training each batch brings its own means and variances. The finished network has fixed ones, which are measured
# here on whole drawings. These are much larger than the crops of training, as the pictures are that the network will be
# used on, so that the zero padding along the border counts for little.


def fold(parameters: Parameters, pictures: Sequence[np.ndarray], pooling: Pooling = "avg") -> dict[str, Conv]:
    """Return the convolutions of the finished network, {name: kernel (3, 3, in, out), bias (out,)}.

    They take RGB in [0, 255] minus the mean colour. The layers are folded one after the other; each measures its
    statistics on what the folded layers below it give.

    Args:
        parameters: of the trained network.
        pictures: arrays (H, W, 3), RGB in [0, 255], of any sizes.
        pooling: the one of training.
    """
    maps = [centred(tf.constant(picture[None], tf.float32)) for picture in pictures]
    convolutions: dict[str, Conv] = {}
    for layer in LAYERS:
        if layer.kind == "conv":
            kernel, gain, offset = (parameters[f"{layer.name}/{part}"] for part in ("kernel", "gain", "offset"))
            maps = [tf.nn.conv2d(x, kernel, strides=1, padding="SAME") for x in maps]
            mean, variance = statistics(maps)
            factor = gain.numpy() / np.sqrt(variance + EPSILON)
            bias = offset.numpy() - mean * factor
            maps = [x * factor.astype(np.float32) + bias.astype(np.float32) for x in maps]
            scale = 1 / CONTRAST if layer.name == "conv1_1" else 1.0
            convolutions[layer.name] = Conv((kernel * factor * scale).numpy(), bias.astype(np.float32))
        elif layer.kind == "relu":
            maps = [relu(x) for x in maps]
        else:
            maps = [pool(x, pooling) for x in maps]
    return convolutions


def statistics(maps: Sequence[tf.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance (C,) float64 of each channel over all positions of maps (1, H, W, C)."""
    moments = [[moment.numpy().astype(np.float64) for moment in tf.nn.moments(x, axes=(0, 1, 2))] for x in maps]
    positions = np.array([x.shape[1] * x.shape[2] for x in maps], np.float64)
    shares = positions / positions.sum()
    means, variances = np.array([m for m, _ in moments]), np.array([v for _, v in moments])
    mean = shares @ means
    return mean, shares @ (variances + (means - mean) ** 2)


# Gives any VGG-19 the magnitudes of the genuine one, so that recipes made for the genuine one keep their balance.
#
# A network's ReLUs allow each layer to have any scale: divide its kernel and bias by a factor and multiply the next
# kernel by the same, and all that is above stays as it was. Content, style and total variation, however, are weighed
# against each other in units of the genuine network's maps.

#: Mean activation of each layer after its ReLU. conv1_1 … conv3_4: measured with the genuine kernels on four
#: photographs of 320 pixels, average pooling. conv4_1, conv4_2 and conv5_1: from losses that neural-style prints for
#: the genuine network. The rest lie between these or go on in the same way.
GENUINE = {
    "conv1_1": 20.0,
    "conv1_2": 91.0,
    "conv2_1": 89.0,
    "conv2_2": 85.0,
    "conv3_1": 69.0,
    "conv3_2": 82.0,
    "conv3_3": 178.0,
    "conv3_4": 252.0,
    "conv4_1": 173.0,
    "conv4_2": 168.0,
    "conv4_3": 120.0,
    "conv4_4": 60.0,
    "conv5_1": 12.2,
    "conv5_2": 10.0,
    "conv5_3": 8.0,
    "conv5_4": 6.0,
}


def with_magnitudes(weights: Weights, images: Sequence[np.ndarray], pooling: Pooling = "avg") -> Weights:
    """Return the network with each layer scaled as a whole, so that its mean activation on `images` is the genuine one.

    A layer that is 0 everywhere on these images keeps its scale.

    Args:
        weights: the network; it is not changed.
        images: arrays (H, W, 3), RGB in [0, 255], of any sizes.
        pooling: the one that the network will be used with.
    """
    means = mean_activations(weights, images, pooling)
    factors = {name: mean.mean() / GENUINE[name] or 1.0 for name, mean in means.items()}
    return rescale(weights, {name: np.full(len(mean), factors[name]) for name, mean in means.items()})
