"""The deconvnet: from one activation of a layer back to the pixels that caused it.

Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 2.1. A deconvnet runs the
network backwards, layer by layer. Each operation has a counterpart that comes as close to an inverse as possible:

    forward     (1, H, W, in) → conv → relu → pool → …        every pool records where its maxima were
    backward    … → unpool → rectify → transposed conv → (1, H, W, in)

To see what caused one activation, set all others of its layer to zero and go backwards to the pixels. The result is
not a photograph. It is the pattern that this activation found, with values above and below zero: lighter and darker
than the mean colour.

A deconvnet has no parameters of its own and is not trained. It uses the kernels of the network, without the biases.
"""

import tensorflow as tf

from vgg.layers import LAYERS, layer_named
from vgg.matfile.read import Weights
from vgg.network import conv2d, relu


def pool_with_switches(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Apply 2×2 maximum pooling, as `vgg.network.pool` does, and record the switches: where each maximum was.

    Section 2.1, "Unpooling": maximum pooling has no inverse, because three of four values are lost. The switches keep
    the position of the fourth.

    From `x` (1, H, W, C) come the maxima (1, ⌈H/2⌉, ⌈W/2⌉, C), and the index of each in the flattened `x`, int64. Of
    equal values the first one counts.
    """
    return tf.nn.max_pool_with_argmax(x, ksize=2, strides=2, padding="SAME")


def unpool(x: tf.Tensor, switches: tf.Tensor, shape: tf.TensorShape) -> tf.Tensor:
    """Put each value where the maximum of its window was, and zero everywhere else (section 2.1, "Unpooling").

    `x` and the switches, which `pool_with_switches` returned, are (1, ⌈H/2⌉, ⌈W/2⌉, C); `shape` is (1, H, W, C), that
    of the pool's input and of the result.
    """
    size = tf.constant([shape.num_elements()], tf.int64)
    flat = tf.scatter_nd(tf.reshape(switches, (-1, 1)), tf.reshape(x, (-1,)), size)  # (H·W·C,)
    return tf.reshape(flat, shape)  # (1, H, W, C)


def rectify(x: tf.Tensor) -> tf.Tensor:
    """Return max(0, x), as the ReLU does (section 2.1, "Rectification").

    The network's maps after a ReLU are never negative, so their reconstructions should not be negative either. A
    gradient would be set to zero where the input of the ReLU was negative on the way forward. A deconvnet ignores that
    input and sets the negative values of the signal on its way back to zero.
    """
    return relu(x)


def transposed_conv2d(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Apply the transposed convolution (section 2.1, "Filtering"): (1, H, W, out) → (1, H, W, in).

    In the convolution, kernel[i, j] takes the value at (y + i − 1, x + j − 1) to position (y, x). The transposed
    convolution takes the value at (y, x) back along the same nine paths. It is a convolution with the kernel rotated
    by 180° and its input and output channels exchanged.

    The kernel is that of the convolution, (3, 3, in, out).
    """
    rotated = tf.reverse(kernel, axis=[0, 1])
    return tf.nn.conv2d(x, tf.transpose(rotated, (0, 1, 3, 2)), strides=1, padding="SAME")  # with (3, 3, out, in)


class Deconvnet:
    """The forward pass of one image up to a layer, and the way back from any activation of that layer."""

    def __init__(self, weights: Weights, image: tf.Tensor, name: str) -> None:
        """Run the network forward as far as the layer `name`, with maximum pooling, and keep the switches.

        The image is (1, H, W, 3) float32 RGB in [0, 255]. Raise InputError if there is no such layer.
        """
        self.layers = LAYERS[: layer_named(name).index + 1]
        self.kernels: dict[str, tf.Tensor] = {}
        self.switches: dict[str, tf.Tensor] = {}
        self.shapes: dict[str, tf.TensorShape] = {}  # of each pool's input
        x = image - weights.mean_rgb
        for layer in self.layers:
            if layer.kind == "conv":
                kernel, bias = weights.convolutions[layer.name]
                self.kernels[layer.name] = tf.constant(kernel)
                x = conv2d(x, kernel, bias)
            elif layer.kind == "relu":
                x = relu(x)
            else:
                self.shapes[layer.name] = x.shape
                x, self.switches[layer.name] = pool_with_switches(x)
        self.maps = x  # (1, H', W', C)

    def only(self, row: int, column: int, channel: int) -> tf.Tensor:
        """Return the layer's maps (1, H', W', C) with every activation set to zero except this one."""
        position = tf.constant([[0, row, column, channel]])
        return tf.scatter_nd(position, self.maps[0, row, column, channel][None], self.maps.shape)

    def back_to_pixels(self, maps: tf.Tensor) -> tf.Tensor:
        """Return the pattern (1, H, W, 3), RGB around zero, that caused the layer's `maps` (1, H', W', C)."""
        x = maps
        for layer in reversed(self.layers):
            if layer.kind == "conv":
                x = transposed_conv2d(x, self.kernels[layer.name])
            elif layer.kind == "relu":
                x = rectify(x)
            else:
                x = unpool(x, self.switches[layer.name], self.shapes[layer.name])
        return x
