"""VGG-19 without its fully connected layers: convolutions, ReLUs and pools written out.

A pool takes the maximum, with which VGG was trained, or, if the caller asks for it, the average, as Gatys et al. do.

The forward pass goes through the table in `vgg.layers` from top to bottom. It returns the feature maps of the layers
that the caller names: `conv4_2` is the output of a convolution, `relu4_2` the output of the ReLU after it, and `pool4`
the output of the pool that ends block 4.
"""

from collections.abc import Iterable
from functools import cache
from typing import Literal

import tensorflow as tf

from vgg.errors import InputError
from vgg.layers import LAYERS, SMALLEST_SIDE, Layer, OddSides, deepest, layer_named, smallest_side
from vgg.matfile.read import Weights

Pooling = Literal["avg", "max"]
Precision = Literal["float32", "bfloat16"]


def conv2d(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """Convolve with stride 1 and one pixel of zero padding: (B, H, W, in) → (B, H, W, out).

    As in all such networks, the kernel (3, 3, in, out) is not flipped: kernel[i, j] is multiplied by the value at
    (y + i − 1, x + j − 1). `bias` is (out,).
    """
    return tf.nn.bias_add(tf.nn.conv2d(x, kernel, strides=1, padding="SAME"), bias)


def relu(x: tf.Tensor) -> tf.Tensor:
    """Return max(0, x)."""
    return tf.nn.relu(x)


def pool(x: tf.Tensor, pooling: Pooling, odd_sides: OddSides = "up") -> tf.Tensor:
    """2×2 pooling, stride 2: (B, H, W, C) → (B, ⌈H/2⌉, ⌈W/2⌉, C), or (B, ⌊H/2⌋, ⌊W/2⌋, C) with odd sides "down".

    VGG was trained with the maximum; Gatys et al. (2016, section 2) take the average and prefer how it looks.

    The last window of an odd side reaches over the border. With "up" it counts the positions that exist, as in Caffe,
    where VGG was trained. With "down" there is no such window, and the last row or column is lost, as in PyTorch and
    Keras.
    """
    padding = "SAME" if odd_sides == "up" else "VALID"
    if pooling == "max":
        return tf.nn.max_pool2d(x, ksize=2, strides=2, padding=padding)
    return tf.nn.avg_pool2d(x, ksize=2, strides=2, padding=padding)


@cache
def computable(precision: Precision) -> bool:
    """Return whether this machine convolves in `precision`; it tries, with one pixel.

    What TensorFlow knows of the processor is not enough. oneDNN, by which it convolves, may refuse what the processor
    could compute, if the environment variable ONEDNN_MAX_CPU_ISA tells it so.
    """
    try:
        with tf.init_scope():  # at once, also from inside a function that is being compiled
            one = tf.ones((1, 1, 1, 1), precision)
            conv2d(one, one, one[0, 0, 0]).numpy()
    except tf.errors.OpError:
        return False
    return True


class VGG19:
    """The network as a function from images to named feature maps."""

    def __init__(
        self,
        weights: Weights,
        pooling: Pooling = "max",
        precision: Precision = "float32",
        odd_sides: OddSides = "up",
    ) -> None:
        """Copy the weights that `vgg.matfile.read.read` returned into tensors.

        Args:
            weights: kernels, biases and mean colour.
            pooling: "max" as VGG was trained, or "avg" as the paper uses it.
            precision: the dtype of the computation and of the maps. Some processors compute twice as fast in
                "bfloat16", which keeps 8 significant bits.
            odd_sides: how `pool` rounds half of an odd side: "up" (Caffe) or "down" (PyTorch, Keras).

        Raises:
            InputError: there is no such pooling or rounding.
        """
        if pooling not in ("avg", "max"):
            raise InputError(f"pooling is {pooling!r}, expected 'avg' or 'max'")
        if odd_sides not in ("up", "down"):
            raise InputError(f"odd_sides is {odd_sides!r}, expected 'up' or 'down'")
        self.pooling, self.odd_sides = pooling, odd_sides
        self.precision = tf.as_dtype(precision)
        self.mean_rgb = tf.constant(weights.mean_rgb)
        self.convolutions = {
            name: (tf.cast(kernel, precision), tf.cast(bias, precision))
            for name, (kernel, bias) in weights.convolutions.items()
        }

    def __call__(self, images: tf.Tensor, names: str | Iterable[str]) -> dict[str, tf.Tensor]:
        """Return the feature maps of the layers `names`. Layers after the deepest of them are not computed.

        Args:
            images: (B, H, W, 3) float32 RGB in [0, 255]; H and W at least 16, or 32 for `pool5` if odd sides are
                rounded down. The mean colour is subtracted here.
            names: layers such as `relu4_2`, or one of them; see `vgg.layers.NAMES`.

        Returns:
            {name: (B, H', W', C)}, where H' and W' are H and W halved and rounded at each pool on the way.

        Raises:
            InputError: a name is unknown, or the images have another shape.
        """
        names = (names,) if isinstance(names, str) else tuple(names)
        last = deepest(names)
        _require_images(images, max(SMALLEST_SIDE, smallest_side(last.name, self.odd_sides)))
        return self.run(self.centred(images), LAYERS[: last.index + 1], names)

    def channels(self, name: str) -> int:
        """Return how many feature maps the layer `name` has; raises InputError if there is no such layer."""
        convolutions = [layer.name for layer in LAYERS[: layer_named(name).index + 1] if layer.kind == "conv"]
        return self.convolutions[convolutions[-1]][1].shape[0]  # a ReLU and a pool have as many as the one before

    def centred(self, images: tf.Tensor) -> tf.Tensor:
        """Subtract the mean colour and cast to the network's precision: the input of conv1_1, (B, H, W, 3)."""
        return tf.cast(images - self.mean_rgb, self.precision)

    def run(self, x: tf.Tensor, layers: Iterable[Layer], names: Iterable[str]) -> dict[str, tf.Tensor]:
        """Apply `layers`, consecutive rows of the table, to `x` and return the maps of those in `names`.

        `x` is the input of the first of them, (B, H, W, channels_in).
        """
        names, maps = tuple(names), dict[str, tf.Tensor]()
        for layer in layers:
            if layer.kind == "conv":
                x = conv2d(x, *self.convolutions[layer.name])
            elif layer.kind == "relu":
                x = relu(x)
            else:
                x = pool(x, self.pooling, self.odd_sides)  # (B, H/2, W/2, C), rounded
            if layer.name in names:
                maps[layer.name] = x
        return maps


def _require_images(images: tf.Tensor, smallest: int) -> None:
    shape = tuple(images.shape)
    if len(shape) != 4 or shape[3] != 3:
        raise InputError(f"images have the shape {shape}, expected (batch, height, width, 3)")
    if any(side is not None and side < smallest for side in shape[1:3]):
        raise InputError(f"images are {shape[1]}×{shape[2]} pixels, expected at least {smallest}×{smallest}")
