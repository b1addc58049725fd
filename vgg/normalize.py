"""The paper's normalised network: the same VGG-19, rescaled so that every filter's mean activation is 1.

Gatys et al. 2016, section 2. The mean is over images and positions, after the ReLU. The authors shipped a file of
rescaled weights; here they are computed from the plain ones.

Why nothing else changes: relu(x / a) = relu(x) / a for a > 0, and both kinds of pooling pass such a factor on, because
nothing in the network mixes channels but the convolutions. So divide filter i's kernel and bias by its mean activation
aᵢ, multiply what the next convolution expects of channel i by aᵢ, and every later map is what it was.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf

from vgg.layers import CONVOLUTIONS
from vgg.matfile.read import Conv, Weights
from vgg.network import VGG19, Pooling


def mean_activations(weights: Weights, images: Sequence[np.ndarray], pooling: Pooling) -> dict[str, np.ndarray]:
    """Each filter's mean after its ReLU, over all positions of all images: {conv name: (out,) float64}.

    Args:
        weights: the network.
        images: arrays (H, W, 3) RGB in [0, 255], of any sizes; every position counts the same.
        pooling: "avg" or "max", whichever the network will be used with.
    """
    network = VGG19(weights, pooling)
    names = {layer.name: layer.name.replace("conv", "relu") for layer in CONVOLUTIONS}

    def of_one(pixels: tf.Tensor) -> dict[str, tuple[tf.Tensor, tf.Tensor]]:
        """Σ over positions, (out,) float64, and their number."""
        maps = network(pixels, names.values())
        # In float32 along a row only, and the rows in float64: a map in float64 would take twice its memory.
        rows = {name: tf.cast(tf.reduce_sum(maps[relu], axis=(0, 2)), tf.float64) for name, relu in names.items()}
        positions = {name: tf.size(maps[relu][0, :, :, 0]) for name, relu in names.items()}
        return {name: (tf.reduce_sum(rows[name], axis=0), positions[name]) for name in names}

    # Compiled, so that each map is gone when the next layer and its sum are computed.
    compiled = tf.function(of_one, input_signature=[tf.TensorSpec((1, None, None, 3))], autograph=False)
    found = [compiled(tf.constant(image[None], tf.float32)) for image in images]
    totals = {name: [sum(part[name][i].numpy() for part in found) for i in (0, 1)] for name in names}
    return {name: total / positions for name, (total, positions) in totals.items()}


def rescale(weights: Weights, scales: dict[str, np.ndarray]) -> Weights:
    """Divide each filter by its entry of `scales` {conv name: (out,)} and undo that at the next convolution's input."""
    convolutions: dict[str, Conv] = {}
    incoming = np.ones(3)  # the image itself keeps its scale
    for name, (kernel, bias) in weights.convolutions.items():
        outgoing = scales[name]
        kernel = kernel * incoming[:, None] / outgoing  # (3, 3, in, out) · (in, 1) / (out,)
        convolutions[name] = Conv(kernel.astype(np.float32), (bias / outgoing).astype(np.float32))
        incoming = outgoing
    return replace(weights, convolutions=convolutions)


def normalize(weights: Weights, images: Sequence[np.ndarray], pooling: Pooling = "avg") -> Weights:
    """The network whose filters have a mean activation of 1 on `images`; arguments as in `mean_activations`.

    A filter that never fires on these images has no scale to take out and is left as it is.
    """
    means = mean_activations(weights, images, pooling)
    return rescale(weights, {name: np.where(mean > 0, mean, 1.0) for name, mean in means.items()})
