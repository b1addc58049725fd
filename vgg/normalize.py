"""The paper's normalised network: VGG-19 rescaled so that the mean activation of every filter is 1.

Gatys et al. 2016, section 2. The mean is taken over images and positions, after the ReLU. The authors published a file
of rescaled weights; this module computes them from the original weights.

Filter i has the mean activation aᵢ > 0. Its kernel and bias are divided by aᵢ, and the next convolution's weights for
input channel i are multiplied by aᵢ. Only the scale of each map changes: relu(x / a) = relu(x) / a, both kinds of
pooling keep the factor 1 / a, and only convolutions mix channels. The next convolution therefore gives the same output
as before, until its own filters are divided in turn.

The means depend on the images. For most of the genuine network's filters they agree within a factor of 2 from one set
of photographs to another. For filters that hardly ever fire, however, a few bright positions more or fewer change the
mean many times: on pictures of another kind one filter's mean was 170 times too small (genuine conv1_1 … conv3_4). Such
a filter would be blown up 170 times and outweigh its layer. Therefore no filter is divided by less than a share of its
layer's median.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf

from vgg.layers import CONVOLUTIONS
from vgg.matfile.read import Conv, Weights
from vgg.network import VGG19, Pooling

#: No filter is divided by less than this share of the median of its layer's means.
FLOOR = 1 / 20


def mean_activations(weights: Weights, images: Sequence[np.ndarray], pooling: Pooling) -> dict[str, np.ndarray]:
    """Return the mean of each filter after its ReLU, over all positions of all images: {conv name: (out,) float64}.

    Args:
        weights: the network.
        images: arrays (H, W, 3) RGB in [0, 255]. Their sizes may differ; every position has the same weight.
        pooling: "avg" or "max", the one that the network will be used with.
    """
    network = VGG19(weights, pooling)
    names = {layer.name: layer.name.replace("conv", "relu") for layer in CONVOLUTIONS}

    def of_one(pixels: tf.Tensor) -> dict[str, tuple[tf.Tensor, tf.Tensor]]:
        """Return the sum over positions, (out,) float64, and the number of positions."""
        maps = network(pixels, names.values())
        # Sum each map's columns in float32 and the results in float64; a whole map in float64 takes twice the memory.
        rows = {name: tf.cast(tf.reduce_sum(maps[relu], axis=(0, 2)), tf.float64) for name, relu in names.items()}
        positions = {name: tf.size(maps[relu][0, :, :, 0]) for name, relu in names.items()}
        return {name: (tf.reduce_sum(rows[name], axis=0), positions[name]) for name in names}

    # The compiled function frees each map as soon as its sum and the next layer are computed.
    compiled = tf.function(of_one, input_signature=[tf.TensorSpec((1, None, None, 3))], autograph=False)
    of_images = [compiled(tf.constant(image[None], tf.float32)) for image in images]
    totals = {name: [sum(sums[name][i].numpy() for sums in of_images) for i in (0, 1)] for name in names}
    return {name: total / positions for name, (total, positions) in totals.items()}


def rescale(weights: Weights, scales: dict[str, np.ndarray]) -> Weights:
    """Divide each filter by its scale and multiply the next convolution's weights for that channel by the same.

    Args:
        weights: the network; it is not changed.
        scales: {conv name: (out,)}, all positive.
    """
    convolutions: dict[str, Conv] = {}
    incoming = np.ones(3)  # the image itself keeps its scale
    for name, (kernel, bias) in weights.convolutions.items():
        outgoing = scales[name]
        kernel = kernel * incoming[:, None] / outgoing  # (3, 3, in, out) · (in, 1) / (out,)
        convolutions[name] = Conv(kernel.astype(np.float32), (bias / outgoing).astype(np.float32))
        incoming = outgoing
    return replace(weights, convolutions=convolutions)


def normalize(weights: Weights, images: Sequence[np.ndarray], pooling: Pooling = "avg") -> Weights:
    """Return the network whose filters have a mean activation of 1 on `images`.

    Filters that fire less than `FLOOR` times the median of their layer keep a lower mean. A layer that is 0 everywhere
    keeps its scale. The arguments are those of `mean_activations`.
    """
    means = mean_activations(weights, images, pooling)
    return rescale(weights, {name: floored(mean) for name, mean in means.items()})


def floored(means: np.ndarray) -> np.ndarray:
    """Return what each filter of a layer is divided by: its mean, but not less than `FLOOR` times their median."""
    scales = np.maximum(means, FLOOR * np.median(means))
    return np.where(scales > 0, scales, 1.0)
