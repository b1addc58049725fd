"""The network that is trained: VGG-19 with half the channels and batch normalisation.

Batch normalisation (Ioffe & Szegedy 2015) follows each convolution: every channel is brought to mean 0 and variance 1
over the batch, then multiplied by a learned gain and shifted by a learned offset. Without it a network of sixteen
convolutions hardly trains. Afterwards it is folded into kernels and biases (`fold`).

Parameters are plain tensors in a dict, in float32. The maps are bfloat16 where that can be computed:
convolutions take half the time in it.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf

from vgg.layers import CONVOLUTIONS, LAYERS, deepest
from vgg.network import Pooling, pool, relu
from weights.published import MEAN_RGB
from weights.train.initial import initial_kernels

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
