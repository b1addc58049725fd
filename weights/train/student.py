"""The student: a VGG-19 with fewer channels, at first with batch normalisation.

Batch normalisation (Ioffe & Szegedy 2015) follows each convolution: every channel is brought to mean 0 and variance 1
over the batch, then multiplied by a learned gain and shifted by a learned offset. Without it sixteen new convolutions
hardly begin to learn. But it also hides from the student how strong its batch is, and style distances depend on that.
So after the first steps it is folded into kernels and biases (`fold`), and the student goes on as a plain network.

Parameters are plain tensors in a dict, in float32: kernel, gain and offset of each convolution, and kernel and bias
later.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from vgg.layers import CONVOLUTIONS, LAYERS
from vgg.matfile.read import Conv
from vgg.network import conv2d, pool, relu
from weights.load import he_kernels
from weights.published import MEAN_RGB

Parameters = dict[str, tf.Tensor]

#: The layers whose maps are imitated: all ReLUs.
IMITATED = tuple(layer.name.replace("conv", "relu") for layer in CONVOLUTIONS)
#: Where style distances are compared: the paper's style layers.
COMPARED = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")

#: Added to the variance.
EPSILON = 1e-5
#: The pooling of teacher and student, that of the paper.
POOLING = "avg"


def initial_parameters(widths: Sequence[int], seed: int) -> Parameters:
    """Return random kernels, see `he_kernels`, gains 1 and offsets 0 of all sixteen convolutions."""
    parameters: Parameters = {}
    for name, kernel, factor in he_kernels([seed, 2], widths):
        parameters[f"{name}/kernel"] = tf.constant(kernel * factor, tf.float32)
        parameters[f"{name}/gain"] = tf.ones(kernel.shape[3])
        parameters[f"{name}/offset"] = tf.zeros(kernel.shape[3])
    return parameters


def feature_maps(parameters: Parameters, images: tf.Tensor) -> dict[str, tf.Tensor]:
    """Return the maps of all ReLUs, with the statistics of this batch if there is batch normalisation.

    Args:
        parameters: as `initial_parameters` or `plain_parameters` return them.
        images: (B, H, W, 3) RGB in [0, 255].

    Returns:
        {relu name: (B, H', W', C)}, where H' and W' are H and W halved at each pool on the way.
    """
    x = images - MEAN_RGB
    maps: dict[str, tf.Tensor] = {}
    for layer in LAYERS:
        if layer.kind == "conv":
            x = tf.nn.conv2d(x, parameters[f"{layer.name}/kernel"], strides=1, padding="SAME")
            if is_normalised(parameters):
                x = batch_normalised(x, parameters[f"{layer.name}/gain"], parameters[f"{layer.name}/offset"])
            else:
                x += parameters[f"{layer.name}/bias"]
        elif layer.kind == "relu":
            maps[layer.name] = x = relu(x)
        elif layer.name != "pool5":
            x = pool(x, POOLING)
    return maps


def is_normalised(parameters: Parameters) -> bool:
    """Return whether they are those of a student with batch normalisation."""
    return "conv1_1/gain" in parameters


def plain_parameters(convolutions: dict[str, Conv]) -> Parameters:
    """Return the parameters of a student that computes these convolutions."""
    parameters: Parameters = {}
    for name, convolution in convolutions.items():
        parameters[f"{name}/kernel"] = tf.constant(convolution.kernel)
        parameters[f"{name}/bias"] = tf.constant(convolution.bias)
    return parameters


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
    """Return the convolutions of the student without batch normalisation, {name: kernel (3, 3, in, out), bias (out,)}.

    With it each batch brings its own means and variances. Without it they are fixed, and measured here on whole images.
    These are larger than the crops of training, as the pictures are that the network will be used on, so that the zero
    padding along the border counts for little. The layers are folded one after the other; each measures its statistics
    on what the folded layers below it give.

    Args:
        parameters: of a student with batch normalisation.
        images: arrays (H, W, 3), RGB in [0, 255], of any sizes.
    """
    maps = [tf.constant(image[None] - MEAN_RGB, tf.float32) for image in images]
    convolutions: dict[str, Conv] = {}
    for layer in LAYERS:
        if layer.kind == "conv":
            kernel, gain, offset = (parameters[f"{layer.name}/{part}"].numpy() for part in ("kernel", "gain", "offset"))
            mean, variance = statistics([conv2d(x, kernel, np.zeros_like(gain)) for x in maps])
            factor = gain / np.sqrt(variance + EPSILON)
            convolution = Conv((kernel * factor).astype(np.float32), (offset - mean * factor).astype(np.float32))
            maps = [conv2d(x, *convolution) for x in maps]
            convolutions[layer.name] = convolution
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
