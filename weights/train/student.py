"""The student: a VGG-19 with fewer channels, with batch normalisation while it is trained, and a plain one after.

Batch normalisation (Ioffe & Szegedy 2015) follows each convolution: every channel is brought to mean 0 and variance 1
over the batch, then multiplied by a learned gain and shifted by a learned offset. Without it a network of sixteen
convolutions hardly trains. Afterwards it is folded into kernels and biases (`fold`).

Parameters are plain tensors in a dict, in float32.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from vgg.layers import CONVOLUTIONS, LAYERS
from vgg.matfile.read import Conv
from vgg.network import conv2d, pool, relu
from weights.published import MEAN_RGB

Parameters = dict[str, tf.Tensor]

#: The student sees (image - MEAN_RGB) / CONTRAST: images have a standard deviation of about 58 levels.
CONTRAST = 58.0
#: Added to the variance.
EPSILON = 1e-5
#: The pooling of teacher and student, that of the paper.
POOLING = "avg"


def initial_parameters(widths: Sequence[int], seed: int) -> Parameters:
    """Return kernels N(0, 2 / (9·in)) as in He et al. 2015, gains 1 and offsets 0 of all sixteen convolutions.

    `widths` has the number of channels of each.
    """
    rng, channels_in = np.random.default_rng([seed, 2]), 3
    parameters: Parameters = {}
    for layer, channels in zip(CONVOLUTIONS, widths, strict=True):
        kernel = rng.standard_normal((3, 3, channels_in, channels), np.float32) * np.sqrt(2 / (9 * channels_in))
        parameters[f"{layer.name}/kernel"] = tf.constant(kernel, tf.float32)
        parameters[f"{layer.name}/gain"] = tf.ones(channels)
        parameters[f"{layer.name}/offset"] = tf.zeros(channels)
        channels_in = channels
    return parameters


def feature_maps(parameters: Parameters, images: tf.Tensor) -> dict[str, tf.Tensor]:
    """Return the maps of all ReLUs as in training, that is with the statistics of this batch.

    Args:
        parameters: as `initial_parameters` returns them.
        images: (B, H, W, 3) RGB in [0, 255].

    Returns:
        {relu name: (B, H', W', C)}, where H' and W' are H and W halved at each pool on the way.
    """
    x = (images - MEAN_RGB) / CONTRAST
    maps: dict[str, tf.Tensor] = {}
    for layer in LAYERS:
        if layer.kind == "conv":
            x = tf.nn.conv2d(x, parameters[f"{layer.name}/kernel"], strides=1, padding="SAME")
            x = batch_normalised(x, parameters[f"{layer.name}/gain"], parameters[f"{layer.name}/offset"])
        elif layer.kind == "relu":
            maps[layer.name] = x = relu(x)
        elif layer.name != "pool5":
            x = pool(x, POOLING)
    return maps


def batch_normalised(x: tf.Tensor, gain: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """Return gain · (x - mean) / √(variance + EPSILON) + offset of `x` (B, H, W, C), for each channel.

    Mean and variance are those of the batch. This one operation is many times faster than the formula in separate
    steps, each of which would read and write the whole map.
    """
    none = tf.zeros(0)  # no statistics of earlier batches
    return tf.raw_ops.FusedBatchNormV3(
        x=x, scale=gain, offset=offset, mean=none, variance=none, epsilon=EPSILON, is_training=True
    ).y


def fold(parameters: Parameters, images: Sequence[np.ndarray]) -> dict[str, Conv]:
    """Return the convolutions of the finished network, {name: kernel (3, 3, in, out), bias (out,)}.

    In training each batch brings its own means and variances. The finished network has fixed ones, which are measured
    here on whole images. These are larger than the crops of training, as the pictures are that the network will be
    used on, so that the zero padding along the border counts for little. The layers are folded one after the other;
    each measures its statistics on what the folded layers below it give.

    Args:
        parameters: of the trained network.
        images: arrays (H, W, 3), RGB in [0, 255], of any sizes.
    """
    maps = [tf.constant((image[None] - MEAN_RGB) / CONTRAST, tf.float32) for image in images]
    convolutions: dict[str, Conv] = {}
    for layer in LAYERS:
        if layer.kind == "conv":
            kernel, gain, offset = (parameters[f"{layer.name}/{part}"].numpy() for part in ("kernel", "gain", "offset"))
            mean, variance = statistics([conv2d(x, kernel, np.zeros_like(gain)) for x in maps])
            factor = gain / np.sqrt(variance + EPSILON)
            convolution = Conv((kernel * factor).astype(np.float32), (offset - mean * factor).astype(np.float32))
            maps = [conv2d(x, *convolution) for x in maps]
            # The finished network sees images that are not divided by CONTRAST.
            scale = np.float32(1 / CONTRAST if layer.name == "conv1_1" else 1)
            convolutions[layer.name] = Conv(convolution.kernel * scale, convolution.bias)
        else:
            maps = [relu(x) if layer.kind == "relu" else pool(x, POOLING) for x in maps]
    return convolutions


def statistics(maps: Sequence[tf.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance (C,) float64 of each channel over all positions of maps (1, H, W, C)."""
    moments = [[moment.numpy().astype(np.float64) for moment in tf.nn.moments(x, axes=(0, 1, 2))] for x in maps]
    positions = np.array([x.shape[1] * x.shape[2] for x in maps], np.float64)
    shares = positions / positions.sum()
    means, variances = np.array([m for m, _ in moments]), np.array([v for _, v in moments])
    mean = shares @ means
    return mean, shares @ (variances + (means - mean) ** 2)
