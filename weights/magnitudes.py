"""Gives any VGG-19 the magnitudes of the genuine one, so that recipes made for the genuine one keep their balance.

A network's ReLUs allow each layer to have any scale: divide its kernel and bias by a factor and multiply the next
kernel by the same, and all that is above stays as it was. Content, style and total variation, however, are weighed
against each other in units of the genuine network's maps.
"""

from collections.abc import Sequence

import numpy as np

from vgg.matfile.read import Weights
from vgg.network import Pooling
from vgg.normalize import mean_activations, rescale

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
