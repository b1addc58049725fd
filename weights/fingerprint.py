"""Recognises the published VGG-19 by its numbers, layer by layer, whatever file they are in.

A digest changes when a program saves the file again; these figures do not. Of conv1_1 … conv3_4 the figures cover every
number. Of the kernels of conv4_1 … conv5_4 they cover one of the nine positions, the only one that is known to us, so
only the digest can vouch for the other eight.
"""

from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np

from vgg.layers import CONVOLUTIONS, Layer
from vgg.matfile.read import Conv, Weights
from weights.published import BIASES, CORNERS, MEAN_RGB, WHOLE_KERNELS

#: What is printed with five decimals differs from the number itself by up to 5e-6.
ABSOLUTE_TOLERANCE = 1e-5

#: One rounding to float32 changes a number by up to 6e-8 of its size.
RELATIVE_TOLERANCE = 1e-7


class KernelAxes(NamedTuple):
    """What the axes of a kernel of conv1_1 are; both are true of the published files."""

    height_first: bool  # axis 0 is height and axis 1 width
    red_first: bool  # the input channels are red, green, blue


def is_genuine(weights: Weights) -> bool:
    """Return whether every convolution carries the published numbers, with height and width in their places."""
    return len(published_layers(weights)) == len(CONVOLUTIONS)


def published_layers(weights: Weights) -> list[str]:
    """Return the names of the convolutions that carry the published numbers, in the order of the network."""
    return [layer.name for layer in CONVOLUTIONS if _is_published(layer, weights.convolutions[layer.name])]


def axes_of_conv1_1(weights: Weights) -> KernelAxes | None:
    """Return how the kernel of conv1_1 is ordered; None if it has other numbers than the published ones."""
    kernel, bias = weights.convolutions["conv1_1"]
    for axes in (KernelAxes(*choices) for choices in product((True, False), repeat=2)):
        ordered = kernel if axes.height_first else kernel.transpose(1, 0, 2, 3)
        ordered = ordered if axes.red_first else ordered[:, :, ::-1]
        if _is_published(CONVOLUTIONS[0], Conv(ordered, bias)):
            return axes
    return None


def has_published_mean(weights: Weights) -> bool:
    """Return whether the mean colour is the published one, red first; some files have it rounded to whole levels."""
    return np.allclose(weights.mean_rgb, MEAN_RGB, rtol=0, atol=0.5)


def transposed(weights: Weights) -> Weights:
    """Return `weights` with height and width of every kernel swapped, which undoes what some programs do to them."""
    swapped = {name: Conv(kernel.transpose(1, 0, 2, 3), bias) for name, (kernel, bias) in weights.convolutions.items()}
    return replace(weights, convolutions=swapped)


def _is_published(layer: Layer, conv: Conv) -> bool:
    kernel, bias = conv
    if kernel.shape != (3, 3, layer.channels_in, layer.channels):
        return False
    pairs = [
        ((*bias[:3], _sum(bias)), BIASES[layer.name]),
        ((*kernel[2, 2, 0, :3], _sum(kernel[2, 2])), CORNERS[layer.name]),
    ]
    if layer.name in WHOLE_KERNELS:
        found = (*kernel[0, 2, 0, :3], _sum(kernel), _sum(np.abs(kernel)))
        pairs.append((found, WHOLE_KERNELS[layer.name]))
    return all(np.allclose(*pair, rtol=RELATIVE_TOLERANCE, atol=ABSOLUTE_TOLERANCE) for pair in pairs)


def _sum(numbers: np.ndarray) -> float:
    """Return the sum in float64: in float32 it would depend on the order of the numbers."""
    return float(numbers.sum(dtype=np.float64))
