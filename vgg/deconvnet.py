"""The deconvnet: from one activation of a layer back to the pixels that caused it.

Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 2.1. A deconvnet is the
network run backwards, layer by layer, each operation answered by its inverse as well as it has one:

    forward     (B, H, W, in) → conv → relu → pool → …        on the way every pool writes down where its maxima were
    backward    … → unpool → rectify → transposed conv → (B, H, W, in)

To ask what made one activation large, set all others of its layer to zero and go backwards to the pixels. The result
is no photograph but the pattern, lighter and darker than the mean colour, that this activation picked out.

There is no training and no bias here: it is the network's own kernels, used a second time.
"""

from collections.abc import Mapping

import tensorflow as tf

from vgg.layers import LAYERS, layer_named
from vgg.matfile.read import Weights
from vgg.network import conv2d, relu


def pool_with_switches(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """2×2 maximum pooling, as in `vgg.network.pool`, and its switches: where each maximum was.

    Section 2.1, "Unpooling": a maximum forgets all values but one, so there is no inverse; to know at least where that
    one stood, the place is written down.

    Args:
        x: (1, H, W, C).

    Returns:
        The maxima (1, ⌈H/2⌉, ⌈W/2⌉, C), and for each of them its index in `x` laid out flat, int64. Of equal values the
        first counts.
    """
    return tf.nn.max_pool_with_argmax(x, ksize=2, strides=2, padding="SAME")


def unpool(x: tf.Tensor, switches: tf.Tensor, shape: tf.TensorShape) -> tf.Tensor:
    """Section 2.1, "Unpooling": put each value where the maximum of its window was, and zero everywhere else.

    Args:
        x: (1, ⌈H/2⌉, ⌈W/2⌉, C), one value for each window.
        switches: as `pool_with_switches` gave them, of the same shape.
        shape: (1, H, W, C), what the pool was given.
    """
    size = tf.constant([shape.num_elements()], tf.int64)
    flat = tf.scatter_nd(tf.reshape(switches, (-1, 1)), tf.reshape(x, (-1,)), size)  # (H·W·C,)
    return tf.reshape(flat, shape)  # (1, H, W, C)


def rectify(x: tf.Tensor) -> tf.Tensor:
    """Section 2.1, "Rectification": max(0, x), the same ReLU once more.

    The maps of the network are never negative, so their reconstructions should not be either. It acts on what comes
    back and takes no heed of what was negative on the way forward; that is what sets a deconvnet apart from a gradient.
    """
    return relu(x)


def transposed_conv2d(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Section 2.1, "Filtering": convolve with the transposed kernels: (1, H, W, out) → (1, H, W, in).

    Forward, kernel[i, j] carries pixel (y + i − 1, x + j − 1) to position (y, x). Backward, each position sends its
    value along the same nine paths to where they came from: the kernel is turned by 180°, and in and out change places.

    Args:
        x: one value for each output of the convolution.
        kernel: (3, 3, in, out), as the convolution has it.
    """
    turned = tf.reverse(kernel, axis=[0, 1])
    return tf.nn.conv2d(x, tf.transpose(turned, (0, 1, 3, 2)), strides=1, padding="SAME")  # by (3, 3, out, in)


class Deconvnet:
    """One picture's way up to a layer, and back from any of that layer's activations."""

    def __init__(self, weights: Weights, image: tf.Tensor, name: str) -> None:
        """Run the network forward, with maximum pooling, and keep the switches.

        Args:
            weights: as `vgg.matfile.read.read` returns them.
            image: (1, H, W, 3) float32 RGB in [0, 255].
            name: the layer to stop at, such as `relu4_2`; every layer will do.

        Raises:
            InputError: there is no such layer.
        """
        self.layers = LAYERS[: layer_named(name).index + 1]
        self.kernels: Mapping[str, tf.Tensor] = {}
        self.switches: dict[str, tf.Tensor] = {}
        self.shapes: dict[str, tf.TensorShape] = {}  # of what each pool was given
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
        """The layer's maps (1, H', W', C) with every activation set to zero but this one."""
        place = tf.constant([[0, row, column, channel]])
        return tf.scatter_nd(place, self.maps[0, row, column, channel][None], self.maps.shape)

    def back_to_pixels(self, maps: tf.Tensor) -> tf.Tensor:
        """Maps of the layer, (1, H', W', C) → the pattern (1, H, W, 3) they came from, in RGB around zero."""
        x = maps
        for layer in reversed(self.layers):
            if layer.kind == "conv":
                x = transposed_conv2d(x, self.kernels[layer.name])
            elif layer.kind == "relu":
                x = rectify(x)
            else:
                x = unpool(x, self.switches[layer.name], self.shapes[layer.name])
        return x
