"""Folds batch normalisation into kernels and biases: the trained network becomes a plain VGG-19.

In training each batch brings its own means and variances. The finished network has fixed ones, which are measured here
on whole drawings. These are much larger than the crops of training, as the pictures are that the network will be used
on, so that the zero padding along the border counts for little.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from vgg.layers import LAYERS
from vgg.matfile.read import Conv
from vgg.network import Pooling, pool, relu
from weights.train.network import CONTRAST, EPSILON, Parameters, centred


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
